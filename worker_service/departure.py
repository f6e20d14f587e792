"""How a worker leaves: told once, it finishes what it has in hand; told again, it ends at once.

The first SIGTERM or SIGINT is Celery's own warm shutdown. Another one, or SIGQUIT, is a crash, and
is survived as one; but a crash we are told of takes its browsers along and lets go of its claims.
Celery's own cold shutdown does neither, and waits for children that may hear nothing any more.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from types import FrameType
from typing import Any

import structlog

log = structlog.get_logger()

CRASH_SECONDS = 8.0
"""How long tidying up may take before the process ends without it."""
CRASHED = 1


class Departure:
    """Hears the signals that tell a worker to leave. Made and used in the worker's main thread."""

    def __init__(self, crash: Callable[[], None]) -> None:
        """`crash` leaves nothing behind as far as it can; the process ends right after it."""
        self._crash = crash
        self._told_already = False
        # A handler may interrupt itself or anything else: only this queue bears that.
        self._told_to_crash: SimpleQueue[None] = SimpleQueue()

    def listen(self) -> None:
        """From now on hear signals before Celery does, whose handlers must be there already."""
        threading.Thread(target=self._wait, name="departure", daemon=True).start()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, partial(self._hear, signal.getsignal(number)))
        signal.signal(signal.SIGQUIT, self._hear_the_last)

    def _hear(self, leave_warmly: Any, number: int, frame: FrameType | None) -> None:
        if self._told_already:
            self._hear_the_last(number, frame)
            return
        self._told_already = True
        leave_warmly(number, frame)
        # Celery has just put its cold shutdown in our place.
        signal.signal(signal.SIGINT, self._hear_the_last)

    def _hear_the_last(self, _: int, __: FrameType | None) -> None:
        self._told_to_crash.put(None)

    def _wait(self) -> None:
        self._told_to_crash.get()
        log.warning("told to end at once")
        limit = threading.Timer(CRASH_SECONDS, os._exit, [CRASHED])
        limit.daemon = True
        limit.start()
        try:
            self._crash()
        finally:
            os._exit(CRASHED)
