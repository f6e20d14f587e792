"""What the portal will do by itself in a while."""

import threading
from collections import Counter
from collections.abc import Callable
from enum import Enum


class Deed(Enum):
    """Something the portal does by itself, after the answer was given."""

    LATE_DECISION = "late decision"
    MOVE = "move"


class Later:
    """Deeds that wait for their moment. They live in memory: a portal that ends forgets them."""

    def __init__(self) -> None:
        """Start with nothing to do."""
        self._lock = threading.Lock()
        self._waiting: dict[threading.Timer, tuple[Deed, str]] = {}

    def plan(self, seconds: float, deed: Deed, batch_id: str, do: Callable[[], None]) -> None:
        """Call `do` in so many seconds."""

        def carry_out() -> None:
            try:
                do()
            finally:
                # Only now: who sees nothing waiting must find it done.
                with self._lock:
                    del self._waiting[timer]

        timer = threading.Timer(seconds, carry_out)
        timer.daemon = True
        with self._lock:
            self._waiting[timer] = (deed, batch_id)
        timer.start()

    def waiting(self, deed: Deed) -> Counter[str]:
        """How many such deeds wait, by batch."""
        with self._lock:
            return Counter(of for waiting, of in self._waiting.values() if waiting is deed)

    def close(self) -> None:
        """Forget what waits, and return when nothing is being done any more."""
        with self._lock:
            timers = list(self._waiting)
        for timer in timers:
            timer.cancel()
        for timer in timers:
            timer.join()
