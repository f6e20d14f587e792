"""The list of batches that wait."""

from __future__ import annotations

from automation_service.profile.listing import Listing


class Pending(Listing):
    """The list of batches that wait, oldest first."""
