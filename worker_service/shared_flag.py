"""A flag that a worker raises for all its pool children."""

from __future__ import annotations

import mmap


class SharedFlag:
    """Raised once, and seen by every process forked since it was made.

    One byte of shared memory and no lock: a process that is killed while it looks holds up nobody.
    """

    def __init__(self) -> None:
        """It is not raised."""
        self._byte = mmap.mmap(-1, 1)

    def set(self) -> None:
        """Raise it."""
        self._byte[0] = 1

    def is_set(self) -> bool:
        """True once raised."""
        return self._byte[0] != 0
