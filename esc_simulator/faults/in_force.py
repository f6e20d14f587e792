"""The faults in force, and how often each has struck."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from esc_simulator.faults.fault import Fault, Step

Kind = TypeVar("Kind", bound=Fault)


@dataclass
class _Armed:
    fault: Fault
    fired: int = field(default=0)

    @property
    def is_spent(self) -> bool:
        return self.fault.times is not None and self.fired >= self.fault.times


class Faults:
    """The faults in force. They live in memory: a restarted portal behaves well."""

    def __init__(self) -> None:
        """Start with no faults."""
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []

    def __bool__(self) -> bool:
        """Tell whether any fault is in force, spent ones included."""
        return bool(self._armed)

    def replace(self, faults: Sequence[Fault]) -> None:
        """Put these faults in force instead of the present ones; their counts start at 0."""
        with self._lock:
            self._armed = [_Armed(fault) for fault in faults]

    def listing(self) -> list[dict[str, Any]]:
        """Return the faults, spent ones included, with how often each has struck (`fired`)."""
        with self._lock:
            return [{**armed.fault.model_dump(), "fired": armed.fired} for armed in self._armed]

    def fire(self, kind: type[Kind], batch_id: str | None, step: Step | None = None) -> Kind | None:
        """Strike with the first unspent fault of this kind meant for this moment, and count it."""
        with self._lock:
            for armed in self._armed:
                fault = armed.fault
                if not isinstance(fault, kind) or armed.is_spent:
                    continue
                if fault.is_meant_for(batch_id, step):
                    armed.fired += 1
                    return fault
        return None
