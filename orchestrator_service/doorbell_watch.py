"""Which doorbells were lost on their way: those that the queue has passed by.

The broker hands doorbells out in the order in which they were rung, so a long line is no sign of
loss. One is lost if others that rang well after it were answered, or if none is answered at all.
Times are on this process's own monotonic clock, from when it first saw each doorbell wait.
"""

from __future__ import annotations

import math
from collections.abc import Collection

OVERTAKEN_SECONDS = 3.0


class DoorbellWatch:
    """Sees every now and then which doorbells wait, and tells which of them to give up."""

    def __init__(self) -> None:
        """Nothing has been seen yet."""
        self._waiting: dict[str, float] = {}
        self._newest_answered = -math.inf
        self._answered_at = -math.inf

    def lost(self, waiting: Collection[str], now: float, patience: float) -> list[str]:
        """Those of `waiting` that nobody will answer any more; they are forgotten here.

        `patience`: seconds without any answer after which all that waited so long are lost.
        """
        answered = [since for bell, since in self._waiting.items() if bell not in waiting]
        if answered:
            self._answered_at = now
            self._newest_answered = max(self._newest_answered, *answered)
        self._waiting = {bell: self._waiting.get(bell, now) for bell in waiting}
        lost = [
            bell
            for bell, since in self._waiting.items()
            if self._newest_answered - since >= OVERTAKEN_SECONDS
            or now - max(since, self._answered_at) >= patience
        ]
        for bell in lost:
            del self._waiting[bell]
        return lost
