"""Spaces what all workers together ask a portal for."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from shared.errors import PortalClosed
from shared.record import Record, paces
from shared.record.persistence import persist

Turns = dict[str, tuple[int, float]]
"""For each portal the count of turns that was seen last, and since when: `time.monotonic()`."""

BEGINNERS_WAIT = 1.25
"""How much longer somebody waits who has begun nothing yet; so who is between a look and its click
goes first."""
LONGEST_BEGINNING = 30.0
"""Seconds after which somebody who has begun nothing lets go."""
AGAIN_SECONDS = 2.0
LONGEST_NAP, SHORTEST_NAP = 0.05, 0.002


class RecordPacer:
    """Implements `shared.contracts.Pacer` with the portal's row in `paces`."""

    def __init__(
        self,
        record: Record,
        portal: str,
        per_second: float | None,
        seen: Turns,
        still_wanted: Callable[[], None] = lambda: None,
    ) -> None:
        """`seen` is what this process knows of portals; `still_wanted` ends a wait by raising."""
        self._record = record
        self._portal = portal
        self._gap = 0.0 if per_second is None else 1 / per_second
        self._seen = seen
        self._still_wanted = still_wanted
        self._has_begun = False

    def turn(self, until: float = math.inf) -> bool:
        """Wait until one more page may be asked for; see the contract."""
        if not self._gap:
            return True
        gap = self._gap if self._has_begun else self._gap * BEGINNERS_WAIT
        patience = math.inf if self._has_begun else LONGEST_BEGINNING + gap
        gives_up = time.monotonic() + patience
        while not self._try(gap):
            now = time.monotonic()
            if now >= until:
                return False
            if now >= gives_up:
                raise PortalClosed(
                    "Other tasks ask the portal for as much as its profile allows; this one goes "
                    "on when there is a turn.",
                    AGAIN_SECONDS,
                )
            self._still_wanted()
            time.sleep(max(SHORTEST_NAP, min(LONGEST_NAP, self._gap / 4, until - now)))
        self._has_begun = True
        return True

    def _try(self, gap: float) -> bool:
        with self._record.read() as connection:
            turns = paces.turns(connection, self._portal)
        known, since = self._seen.get(self._portal, (-1, 0.0))
        now = time.monotonic()
        if turns != known:
            # Nobody has asked yet if there was no turn; else somebody may have asked just now.
            since = now if turns else -math.inf
            self._seen[self._portal] = (turns, since)
        if now - since < gap or not self._take(turns):
            return False
        self._seen[self._portal] = (turns + 1, time.monotonic())
        return True

    def _take(self, seen: int) -> bool:
        return persist(self._record, lambda connection: paces.take(connection, self._portal, seen))
