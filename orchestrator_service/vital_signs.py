"""Looks at everything the edge rests on: record, Redis, workers, disk."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path
from typing import Literal

from orchestrator_service.dispatcher import Dispatcher
from orchestrator_service.schemas import Health
from shared import notifications
from shared.record import Record
from shared.utils import utc_now

CACHED_SECONDS = 1.0
LOW_DISK_BYTES = 500_000_000


class VitalSigns:
    """Asks at most once a second, however often it is asked."""

    def __init__(
        self, record: Record, redis_url: str, dispatcher: Dispatcher, results_dir: Path
    ) -> None:
        """`results_dir` is where disk space matters most."""
        self._record = record
        self._redis_url = redis_url
        self._dispatcher = dispatcher
        self._results_dir = results_dir
        self._looking = asyncio.Lock()
        self._last: Health | None = None
        self._good_until = 0.0

    async def now(self) -> Health:
        """How things are, or were a moment ago."""
        async with self._looking:
            if self._last is None or time.monotonic() >= self._good_until:
                self._last = await self._look()
                self._good_until = time.monotonic() + CACHED_SECONDS
            return self._last

    async def _look(self) -> Health:
        database, redis, free = await asyncio.gather(
            asyncio.to_thread(self._record.is_reachable),
            asyncio.to_thread(notifications.is_reachable, self._redis_url),
            asyncio.to_thread(self._free_bytes),
        )
        serving = self._dispatcher.serving()
        enough_disk = free >= LOW_DISK_BYTES
        status: Literal["ok", "degraded", "down"] = "ok"
        if not (redis and serving and enough_disk):
            status = "degraded"
        if not database:
            status = "down"
        return Health(
            status=status,
            database="ok" if database else "unreachable",
            redis="ok" if redis else "unreachable; tasks are accepted and wait",
            redis_status="connected" if redis else "disconnected",
            workers=_crew(len(serving), sum(worker.slots for worker in serving)),
            disk=f"{free / 1e9:.1f} GB free" + ("" if enough_disk else "; low"),
            timestamp=utc_now(),
        )

    def _free_bytes(self) -> int:
        place = self._results_dir
        while not place.exists():
            place = place.parent
        return shutil.disk_usage(place).free


def _crew(workers: int, slots: int) -> str:
    if not workers:
        return "none; tasks are accepted and wait"
    return f"{workers} worker{'s' * (workers > 1)}, {slots} slot{'s' * (slots > 1)}"
