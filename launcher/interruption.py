"""Ctrl-C, a plain kill and a closed terminal, all as one KeyboardInterrupt."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interrupted_once() -> Iterator[None]:
    """Raise KeyboardInterrupt for the first of these signals and ignore all later ones.

    So clean-up that is begun again after the interruption cannot be interrupted again.
    """
    before = {number: signal.signal(number, _raise_once) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise_once(number: int, frame: FrameType | None) -> None:
    for each in SIGNALS:
        signal.signal(each, lambda number, frame: None)
    raise KeyboardInterrupt
