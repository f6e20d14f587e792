"""Faults: how the practice portal misbehaves when a test asks it to.

A new fault is a line in `FAULT_KINDS` and one call of `Faults.fire` at the place it strikes.
"""

import threading
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field, model_validator

LATENCY = "latency"
RESPONSE_LOST = "response_lost"
SUCCESS_WITHOUT_EFFECT = "success_without_effect"


@dataclass(frozen=True)
class FaultKind:
    """What a kind of fault does, and whether it has a length in milliseconds (`ms`)."""

    meaning: str
    takes_ms: bool = False


FAULT_KINDS = {
    LATENCY: FaultKind("`ms` are added before each portal page is answered", takes_ms=True),
    RESPONSE_LOST: FaultKind("the approval is stored, then the connection closes without a word"),
    SUCCESS_WITHOUT_EFFECT: FaultKind("approving answers success and stores nothing"),
}


class Fault(BaseModel):
    """A fault as a test asks for it.

    Without `batch_id` it strikes everywhere; without `times` until it is removed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    batch_id: str | None = None
    times: int | None = Field(default=None, ge=1)
    ms: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _is_known_and_complete(self) -> "Fault":
        kind = FAULT_KINDS.get(self.kind)
        if kind is None:
            raise ValueError(f"unknown kind; known are {', '.join(FAULT_KINDS)}")
        if kind.takes_ms != (self.ms is not None):
            raise ValueError(f"{self.kind} {'needs' if kind.takes_ms else 'takes no'} ms")
        return self

    def strikes(self, kind: str, batch_id: str | None) -> bool:
        """Tell whether this fault is meant for what is happening now, to this batch (or none)."""
        return self.kind == kind and self.batch_id in (None, batch_id)


class FiredFault(Fault):
    """A fault and how often it has struck."""

    fired: int


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

    def replace(self, faults: list[Fault]) -> None:
        """Put these faults in force instead of the present ones; their counts start at 0."""
        with self._lock:
            self._armed = [_Armed(fault) for fault in faults]

    def listing(self) -> list[FiredFault]:
        """Return the faults, spent ones included, with how often each has struck."""
        with self._lock:
            return [
                FiredFault(**armed.fault.model_dump(), fired=armed.fired) for armed in self._armed
            ]

    def fire(self, kind: str, batch_id: str | None) -> Fault | None:
        """Strike with the first unspent fault meant for this moment, count it and return it."""
        with self._lock:
            for armed in self._armed:
                if armed.fault.strikes(kind, batch_id) and not armed.is_spent:
                    armed.fired += 1
                    return armed.fault
        return None
