"""Looks after evidence beside the requests: seals it, removes it when it is old, sweeps leftovers.

A thread of its own in every orchestrator, so that neither requests nor doorbells wait for a disk.
It also gives way while tasks come in: nobody reads a manifest that soon, and whoever does has it
sealed at once (evidence_archive.py).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from orchestrator_service.retention import Retention
from orchestrator_service.sealing import Sealer

log = structlog.get_logger()

LOOK_SECONDS = 1.0
GIVING_WAY_SECONDS = 0.1
LONGEST_WAY_SECONDS = 10.0
"""How long one round gives way in all, so that it comes to its end however many tasks come in."""
AFTER_TROUBLE_SECONDS = 15.0
RETENTION_SECONDS = 600.0
SWEEP_SECONDS = 3600.0


class Janitor:
    """Does its rounds until it is stopped."""

    def __init__(
        self, sealer: Sealer, retention: Retention, is_busy: Callable[[], bool] = lambda: False
    ) -> None:
        """Nothing is done before `start`; while `is_busy`, evidence waits a little."""
        self._is_busy = is_busy
        self._gives_way_until = 0.0
        self._sealer = sealer
        self._retention = retention
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="janitor", daemon=True)
        self._next_retention = self._next_sweep = 0.0

    def start(self) -> None:
        """Begin the rounds."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the round in hand and stop."""
        self._stopping.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                well = self._round()
            except (SQLAlchemyError, OSError) as error:
                log.warning("evidence not looked after", reason=str(error).split("\n")[0])
                well = False
            except Exception:
                log.exception("a round through the evidence failed")
                well = False
            self._stopping.wait(LOOK_SECONDS if well else AFTER_TROUBLE_SECONDS)

    def _round(self) -> bool:
        self._gives_way_until = time.monotonic() + LONGEST_WAY_SECONDS
        well = self._sealer.seal_due(self._give_way)
        now = time.monotonic()
        if now >= self._next_retention:
            self._next_retention = now + RETENTION_SECONDS
            self._retention.remove_old()
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_SECONDS
            self._retention.sweep()
        return well

    def _give_way(self) -> bool:
        """Wait while tasks come in, though not for ever; True if we are told to stop."""
        while self._is_busy() and time.monotonic() < self._gives_way_until:
            if self._stopping.wait(GIVING_WAY_SECONDS):
                break
        return self._stopping.is_set()
