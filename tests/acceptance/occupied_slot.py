"""A worker's slot that is taken, so that what is given meanwhile waits or goes to another worker.

Cheaper than to stop the worker and to start it again.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from launcher.system import PracticeSystem
from tests.acceptance.conftest import Deployment, wait_for

LONG_SECONDS = 3600.0


@contextmanager
def seen_from_outside(system: PracticeSystem) -> Iterator[Deployment]:
    """A system that others started, seen through its public API until the block is left."""
    here = Deployment(system)
    try:
        yield here
    finally:
        here.api.__exit__()
        here.record.close()


class OccupiedSlot:
    """A slot with a task in hand that takes for ever, until it is freed."""

    def __init__(self, here: Deployment) -> None:
        """Give the task and wait until an idle slot, whichever it is, has it in hand."""
        self._here = here
        self.task_id = here.practise(steps=1, seconds=LONG_SECONDS)
        wait_for(lambda: bool(here.at_work(self.task_id)))
        (slot,) = here.at_work(self.task_id)
        assert slot.pid is not None
        self.pid = slot.pid
        self._occupied = True

    def free(self) -> None:
        """Cancel the task and kill the process at work on it. May be called twice."""
        if not self._occupied:
            return
        self._occupied = False
        self._here.cancel(self.task_id)
        os.kill(self.pid, signal.SIGKILL)
        self._here.finish(self.task_id)
