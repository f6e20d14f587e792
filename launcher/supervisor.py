"""Keeps processes alive: starts what died again, later and later while it keeps dying."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from launcher.lock import tell
from launcher.process import Process, stop_all

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
STEADY_SECONDS = 60.0
"""Who has lived this long is forgiven its earlier deaths."""


@dataclass
class _Charge:
    process: Process
    pause: float = FIRST_PAUSE
    launched_at: float = 0.0
    launch_at: float | None = None
    """When to start it again; None while it lives."""


class Supervisor:
    """Signals each process alone, never its group, so that every one can end in its own way."""

    def __init__(self, processes: Iterable[Process]) -> None:
        """`processes` were started already."""
        now = time.monotonic()
        self._charges = [_Charge(process, launched_at=now) for process in processes]

    def look_after_all(self) -> None:
        """Notice who died and start again whose pause is over. Call it several times a second."""
        for charge in self._charges:
            self._look_after(charge, time.monotonic())

    def stop(self, timeout: float) -> None:
        """Ask all to end, in their own way, and kill those that have not after `timeout` s."""
        stop_all([charge.process for charge in self._charges], timeout)

    def _look_after(self, charge: _Charge, now: float) -> None:
        process = charge.process
        if process.running:
            if now - charge.launched_at > STEADY_SECONDS:
                charge.pause = FIRST_PAUSE
        elif charge.launch_at is None:
            charge.launch_at = now + charge.pause
            ended = f"{process.name} ended with status {process.exit_status}"
            tell(f"{ended}: starting it again in {charge.pause:.0f} s")
            charge.pause = min(charge.pause * 2, LONGEST_PAUSE)
        elif now >= charge.launch_at:
            charge.launch_at, charge.launched_at = None, now
            process.launch()
