"""How fast a portal is asked by one process alone; workers share theirs, see shared.contracts."""

from __future__ import annotations

import math
import time


class NoPace:
    """Implements `shared.contracts.Pacer`: as fast as it goes."""

    def turn(self, until: float = math.inf) -> bool:
        """It is always our turn."""
        return True


class OwnPace:
    """Implements `shared.contracts.Pacer` for whoever is alone."""

    def __init__(self, per_second: float | None) -> None:
        """None: as fast as it goes."""
        self._gap = 0.0 if per_second is None else 1 / per_second
        self._next = -math.inf

    def turn(self, until: float = math.inf) -> bool:
        """Wait until one more page may be asked for; False if that is not before `until`."""
        now = time.monotonic()
        if self._next > until:
            return False
        time.sleep(max(0.0, self._next - now))
        self._next = time.monotonic() + self._gap
        return True
