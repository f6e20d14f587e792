"""Ctrl-C, a plain kill and a closed terminal, all as a KeyboardInterrupt that gets through."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
IMPATIENCE_SECONDS = 1.0


class Interruption:
    """While it is entered, these signals raise KeyboardInterrupt until `ending` is set.

    An impatient second signal right after the first raises nothing, so whoever catches the first
    one can set `ending` and clean up undisturbed.
    """

    def __init__(self) -> None:
        """Nothing was interrupted yet."""
        self.ending = False
        self._raised_at = -math.inf

    def __enter__(self) -> Interruption:
        """Take the signals over."""
        self._before = {number: signal.signal(number, self._raise) for number in SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _raise(self, number: int, frame: FrameType | None) -> None:
        if self.ending or time.monotonic() - self._raised_at < IMPATIENCE_SECONDS:
            return
        self._raised_at = time.monotonic()
        raise KeyboardInterrupt


@contextmanager
def signals_held_back() -> Iterator[None]:
    """Let these signals wait while the block runs.

    An exception that a signal raises during a fork is swallowed by Python's own fork hooks, and
    right after it would lose the child's id. A child inherits this and calls `release_signals`.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def release_signals() -> None:
    """Let signals through again in a child that was forked while they were held back."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
