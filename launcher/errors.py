"""What the launcher says when it cannot go on."""

from __future__ import annotations


class LauncherError(Exception):
    """One line that tells a person what went wrong and, where there is one, what to type."""
