"""Where each pool child says how long it may be busy with what, for its parent to read.

A child in a loop, or in a call that never returns, can neither be asked nor ask itself. So its
parent has to know its deadline beforehand.
"""

from __future__ import annotations

import math
import mmap
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_LINE = struct.Struct("=qqd")


@dataclass(frozen=True)
class Busy:
    """What process `pid` is busy with: an item's number, 0 if it is none.

    `until` is the moment of `time.monotonic()`, which all processes of a machine share, at which
    it should be over.
    """

    pid: int
    item_id: int
    until: float


class TimeBoard:
    """One line a pool child, in memory that children inherit.

    No lock: a process that is killed while it writes holds up nobody.
    """

    def __init__(self, children: int) -> None:
        """Nobody is busy."""
        self._lines = children
        self._memory = mmap.mmap(-1, children * _LINE.size)

    def place(self, index: int) -> Place:
        """The line of the pool child with this index, from 0; for that child alone."""
        return Place(self._memory, index * _LINE.size)

    def overdue(self, now: float) -> list[Busy]:
        """Who should have been over with something before `now`."""
        busy = [Busy(*_LINE.unpack_from(self._memory, n * _LINE.size)) for n in range(self._lines)]
        return [one for one in busy if one.pid and one.until < now]


class Place:
    """A pool child's own line on the board. Any thread may write there."""

    def __init__(self, memory: mmap.mmap, offset: int) -> None:
        """Whatever a child before this one was busy with is over."""
        self._memory = memory
        self._offset = offset
        self._lock = threading.Lock()
        self._item_id: int | None = None
        self._write(0, math.inf)

    @contextmanager
    def busy(self, item_id: int, until: float) -> Iterator[None]:
        """What is done inside should be over by then."""
        with self._lock:
            self._item_id = item_id
            self._write(item_id, until)
        try:
            yield
        finally:
            with self._lock:
                self._item_id = None
                self._write(0, math.inf)

    def move(self, until: float) -> None:
        """What we are busy with, if we are, may take until another moment."""
        with self._lock:
            if self._item_id is not None:
                self._write(self._item_id, until)

    def _write(self, item_id: int, until: float) -> None:
        # Never overdue in between, whenever somebody reads.
        _LINE.pack_into(self._memory, self._offset, os.getpid(), item_id, math.inf)
        _LINE.pack_into(self._memory, self._offset, os.getpid(), item_id, until)
