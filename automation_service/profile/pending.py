"""The list of batches that wait."""

from __future__ import annotations

from automation_service.profile.locator import Locator
from automation_service.profile.part import Part
from automation_service.profile.value import Value


class Pending(Part):
    """The list of batches that wait, oldest first, in pages.

    `ready` is there once the rows have arrived; `empty` in its place when there are none. `next`
    is absent, hidden or disabled on the last page.
    """

    path: str
    ready: Locator
    empty: Locator
    row: Locator
    key: Value
    next: Locator
