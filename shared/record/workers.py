"""Workers: who serves, with a heartbeat that others watch, and the browsers they opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from shared.record import slots, tasks
from shared.record.tables import browsers, workers
from shared.utils import utc_now

HEARTBEAT_SECONDS = 5.0


@dataclass(frozen=True)
class Refusal:
    """A file of task types that a worker does not offer as it is now, and why.

    `version` is the beginning of the SHA-256 of its content.
    """

    file: str
    version: str
    reason: str


@dataclass(frozen=True)
class Worker:
    """A worker process. `heartbeat` only grows while it lives; `slots` is how many it serves.

    It offers `task_types`, each at the version that `versions` tells. `finishing` tells of other
    versions, by the name of the type, whether it can end what was begun with them; of those not
    there it does not know yet. `refused` are files that it cannot use.
    """

    id: str
    host: str
    pid: int
    slots: int
    task_types: list[str]
    heartbeat: int
    heartbeat_at: datetime
    versions: dict[str, str] = field(default_factory=dict)
    finishing: dict[str, dict[str, bool]] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)

    @property
    def serves(self) -> set[str]:
        """The types it offers, and those of which it can end what was begun."""
        ends = {name for name, versions in self.finishing.items() if any(versions.values())}
        return {*self.task_types, *ends}

    def can_run(self, task_type: str, version: str | None) -> bool:
        """True if it runs this version of the type: it offers it, or can end what it began."""
        if version is None:
            return False
        ends = self.finishing.get(task_type, {})
        return self.versions.get(task_type) == version or ends.get(version, False)


@dataclass(frozen=True)
class BrowserRow:
    """A browser that may still run: whose it is, and what identifies its processes."""

    id: int
    worker_id: str
    pid: int
    process_group: int
    started: float
    user_data_dir: str


def announce(
    connection: Connection,
    worker_id: str,
    host: str,
    pid: int,
    slots: int,
    task_types: Sequence[str],
    code_version: str | None = None,
) -> None:
    """A worker is there from now on; `code_version` says which program it runs."""
    now = utc_now()
    connection.execute(
        workers.insert().values(
            id=worker_id,
            host=host,
            pid=pid,
            slots=slots,
            task_types=list(task_types),
            code_version=code_version,
            heartbeat=0,
            heartbeat_at=now,
            started_at=now,
        )
    )


def offer(
    connection: Connection,
    worker_id: str,
    versions: Mapping[str, str],
    finishing: Mapping[str, Mapping[str, bool]],
    refused: Sequence[Refusal],
) -> None:
    """Note what a worker offers from now on, each type's name with the SHA-256 of its source.

    `finishing` tells of further versions whether it can end what was begun with them.
    """
    connection.execute(
        update(workers)
        .where(workers.c.id == worker_id)
        .values(
            task_types=list(versions),
            versions=dict(versions),
            finishing={name: dict(versions) for name, versions in finishing.items()},
            refused=[asdict(one) for one in refused],
        )
    )


def versions_offered(connection: Connection, worker_id: str) -> dict[str, str]:
    """The task types that a worker offers, each with the SHA-256 of its source."""
    query = select(workers.c.versions).where(workers.c.id == worker_id)
    return connection.execute(query).scalar_one_or_none() or {}


def beat(connection: Connection, worker_id: str) -> None:
    """A sign of life. It also brings back a worker that others took for dead."""
    connection.execute(
        update(workers)
        .where(workers.c.id == worker_id)
        .values(heartbeat=workers.c.heartbeat + 1, heartbeat_at=utc_now(), stopped_at=None)
    )


def bury(connection: Connection, worker_id: str) -> None:
    """The worker is gone, by its own word or a watcher's: what its slots held is free."""
    connection.execute(
        update(workers)
        .where(workers.c.id == worker_id, workers.c.stopped_at.is_(None))
        .values(stopped_at=utc_now())
    )
    left = slots.live(connection, worker_id)
    tasks.lock_all(connection, [slot.task_id for slot in left])
    for slot in left:
        slots.end(connection, slot.id)
        tasks.ring_now(connection, slot.task_id)


def serving(connection: Connection) -> list[Worker]:
    """Workers that did not stop, as far as the record knows."""
    rows = connection.execute(select(workers).where(workers.c.stopped_at.is_(None)))
    return [_worker(row) for row in rows]


def get(connection: Connection, worker_id: str) -> Worker | None:
    """A worker, whether or not others take it for dead; None if there never was one."""
    row = connection.execute(select(workers).where(workers.c.id == worker_id)).one_or_none()
    return None if row is None else _worker(row)


def _worker(row: Row[Any]) -> Worker:
    return Worker(
        id=row.id,
        host=row.host,
        pid=row.pid,
        slots=row.slots,
        task_types=row.task_types,
        heartbeat=row.heartbeat,
        heartbeat_at=row.heartbeat_at,
        versions=row.versions or {},
        # A program before this one told names alone.
        finishing=row.finishing if isinstance(row.finishing, dict) else {},
        refused=[Refusal(**one) for one in row.refused or ()],
    )


def add_browser(
    connection: Connection,
    *,
    worker_id: str,
    host: str,
    pid: int,
    process_group: int,
    started: float,
    user_data_dir: str,
) -> None:
    """Note a browser as soon as its processes exist."""
    connection.execute(
        browsers.insert().values(
            worker_id=worker_id,
            host=host,
            pid=pid,
            process_group=process_group,
            started=started,
            user_data_dir=user_data_dir,
        )
    )


def browsers_on(connection: Connection, host: str) -> list[BrowserRow]:
    """Browsers on this host that nobody reported ended."""
    rows = connection.execute(select(browsers).where(browsers.c.host == host))
    return [
        BrowserRow(
            id=row.id,
            worker_id=row.worker_id,
            pid=row.pid,
            process_group=row.process_group,
            started=row.started,
            user_data_dir=row.user_data_dir,
        )
        for row in rows
    ]


def remove_browser(connection: Connection, user_data_dir: str) -> None:
    """The browser with this folder is gone."""
    connection.execute(delete(browsers).where(browsers.c.user_data_dir == user_data_dir))
