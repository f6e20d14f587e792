"""Ends pool children that are busy for longer than they may, with all that they started.

The one who hears nothing: a loop without a check, a call that never returns. Whoever hears ends
by itself, within the grace.
"""

from __future__ import annotations

import os
import time
from collections.abc import Set
from contextlib import suppress

import psutil
import structlog
from sqlalchemy import Connection

from shared.record import late_looks, steering, tasks
from shared.record.slots import Slot
from worker_service.time_board import TimeBoard

log = structlog.get_logger()

GRACE_SECONDS = 5.0
"""For whoever hears that the time is over: to let go of what is waited for, and to say so."""


class OverdueChildren:
    """A worker's pool children that were ended because their time was over."""

    def __init__(self, board: TimeBoard) -> None:
        """On `board` children say how long they may be busy."""
        self._board = board
        self._ended: dict[int, int] = {}

    def end(self) -> None:
        """End those whose time has been over for the grace, and the processes they started."""
        for busy in self._board.overdue(time.monotonic() - GRACE_SECONDS):
            if busy.pid in self._ended:
                continue
            with suppress(psutil.NoSuchProcess):
                child = psutil.Process(busy.pid)
                # Its line stays until there is another child in its place.
                if child.ppid() == os.getpid() and child.status() != psutil.STATUS_ZOMBIE:
                    log.warning("time is over, pool child ended", pid=busy.pid)
                    _kill_with_all_it_started(child)
                    self._ended[busy.pid] = busy.item_id

    def note(self, connection: Connection, slot: Slot) -> None:
        """A child died: if we ended it, its item is not worked on again, and a look is counted."""
        item_id = self._ended.get(slot.pid or 0)
        if not item_id:
            return
        task = tasks.lock(connection, slot.task_id)
        if task is not None and not steering.end_item_time(connection, task, item_id, slot.id):
            late_looks.count_look(connection, item_id)

    def forget_all_but(self, alive: Set[int]) -> None:
        """What the dead held is free: their numbers may be given to others."""
        self._ended = {pid: item for pid, item in self._ended.items() if pid in alive}


def _kill_with_all_it_started(child: psutil.Process) -> None:
    started = child.children(recursive=True)
    for process in (child, *started):
        with suppress(psutil.NoSuchProcess):
            process.kill()
