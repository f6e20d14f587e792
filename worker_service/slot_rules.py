"""How a slot behaves, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SlotRules:
    """What a slot goes by. Times in seconds."""

    worker_id: str
    pid: int
    lease_seconds: float
    turn_seconds: float
    item_time_limit: float
    max_attempts: int
