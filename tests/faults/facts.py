"""What the oracle is told: the record and the portal's truth, side by side, as plain values."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from orchestrator_service.sealing import OURS as SEALING
from shared.record import tables
from tests.faults.system_under_fault import SystemUnderFault


@dataclass(frozen=True)
class Approval:
    """One approval as the portal keeps it."""

    by: str
    at: datetime
    remark: str


@dataclass(frozen=True)
class PortalBatch:
    """The truth about one batch. `posts`: requests to approve it that arrived."""

    status: str
    refusal: str | None
    posts: int
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True)
class StatedIntent:
    """A click that was announced, and when the last look before it began (None: no look)."""

    item_id: int
    marker: str
    stated_at: datetime
    looked_at: datetime | None
    verdict: str | None = None


@dataclass(frozen=True)
class Proof:
    """A row of evidence, and the hash of the file it speaks of (None: there is no such file)."""

    kind: str
    path: str
    sha256: str
    found_sha256: str | None


@dataclass(frozen=True)
class RecordedItem:
    """One item; `outcome` is None without a row of its own in `outcomes`."""

    id: int
    key: str
    status: str
    detail: str = ""
    outcome: str | None = None
    attribution: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    proofs: tuple[Proof, ...] = ()
    excused: tuple[str, ...] = ()
    """Kinds of pictures that a row says are missing, and why."""


@dataclass(frozen=True)
class ToldEvent:
    """One line of a task's history."""

    id: int
    type: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordedTask:
    """One accepted task. `told` is what the API's stream replays; None: it could not be had."""

    id: str
    state: str
    total: int | None
    items: tuple[RecordedItem, ...] = ()
    events: tuple[ToldEvent, ...] = ()
    last_event: int = 0
    told: tuple[ToldEvent, ...] | None = None
    shown: dict[str, str] | None = None
    """What /result says of each item, by key."""


@dataclass(frozen=True)
class Facts:
    """Everything the oracle needs to judge some tasks and the batches they named."""

    officer: str
    """The account we approve as."""
    tasks: tuple[RecordedTask, ...] = ()
    batches: dict[str, PortalBatch] = field(default_factory=dict)
    intents: dict[str, tuple[StatedIntent, ...]] = field(default_factory=dict)
    held_claims: dict[str, str] = field(default_factory=dict)
    """Who still holds the claim on a batch."""
    unasked: tuple[str, ...] = ()
    """Batches we approved in the portal though no task ever named them."""
    unreferenced_files: tuple[str, ...] = ()
    dead_browsers: tuple[str, ...] = ()
    """Browsers, and their folders, whose slots are dead."""
    visible_after: float = 0.0
    """Seconds the portal was told to take until it shows an approval."""

    def items_of(self, key: str) -> list[RecordedItem]:
        """Every item of these tasks that names this batch."""
        return [item for task in self.tasks for item in task.items if item.key == key]


def collect(
    here: SystemUnderFault,
    task_ids: Sequence[str],
    *,
    visible_after: float = 0.0,
    at_the_end: bool = False,
) -> Facts:
    """Read the record straight from its database and over the API, and the portal's truth.

    `at_the_end`: the services have ended, so nobody can be asked any more, and what no row refers
    to has been swept.
    """
    final = not at_the_end and here.are_final(task_ids)
    shown = {task_id: _shown(here, task_id) for task_id in task_ids} if final else {}
    told = {task_id: _told(here, task_id) for task_id in task_ids} if final else {}
    with here.record.read() as connection:
        tasks = [
            _task(connection, task_id, here.system.results, told.get(task_id), shown.get(task_id))
            for task_id in task_ids
        ]
        keys = sorted({item.key for task in tasks for item in task.items})
        intents = _intents(connection, keys)
        held = _rows(connection, tables.claims, tables.claims.c.key.in_(keys))
        named = set(connection.execute(select(tables.items.c.key)).scalars())
    truth = {batch["id"]: _batch(batch) for batch in here.ask_truth("GET", "/truth/batches")}
    officer = here.system.portal.username
    return Facts(
        officer=officer,
        tasks=tuple(tasks),
        batches={key: truth[key] for key in keys if key in truth},
        intents=intents,
        held_claims={row.key: row.holder for row in held if row.holder is not None},
        unasked=tuple(
            key
            for key, batch in truth.items()
            if key not in named and any(each.by == officer for each in batch.approvals)
        ),
        dead_browsers=() if at_the_end else tuple(here.dead_browsers()),
        unreferenced_files=unreferenced(here, task_ids) if at_the_end else (),
        visible_after=visible_after,
    )


def _told(here: SystemUnderFault, task_id: str) -> tuple[ToldEvent, ...]:
    events = here.api.follow(task_id, here.system.check)
    return tuple(ToldEvent(each["id"], each["type"], each["data"]) for each in events)


def _shown(here: SystemUnderFault, task_id: str) -> dict[str, str]:
    items = here.api.result(task_id)["result"]["items"]
    return {item["key"]: item["status"] for item in items}


def _rows(connection: Connection, table: Table, *conditions: Any) -> Sequence[Row[Any]]:
    key = table.primary_key.columns.values()
    return connection.execute(select(table).where(*conditions).order_by(*key)).all()


def _task(
    connection: Connection,
    task_id: str,
    results: Path,
    told: tuple[ToldEvent, ...] | None,
    shown: dict[str, str] | None,
) -> RecordedTask:
    (row,) = _rows(connection, tables.tasks, tables.tasks.c.id == task_id)
    events = _rows(connection, tables.events, tables.events.c.task_id == task_id)
    items = _rows(connection, tables.items, tables.items.c.task_id == task_id)
    return RecordedTask(
        id=task_id,
        state=row.state,
        total=row.total,
        items=tuple(_item(connection, item, results) for item in items),
        events=tuple(ToldEvent(event.id, event.type, event.data) for event in events),
        last_event=row.last_event,
        told=told,
        shown=shown,
    )


def _item(connection: Connection, row: Row[Any], results: Path) -> RecordedItem:
    outcomes = _rows(connection, tables.outcomes, tables.outcomes.c.item_id == row.id)
    outcome = outcomes[0] if outcomes else None
    proofs = _rows(connection, tables.artifacts, tables.artifacts.c.item_id == row.id)
    missing = _rows(
        connection, tables.missing_pictures, tables.missing_pictures.c.item_id == row.id
    )
    return RecordedItem(
        id=row.id,
        key=row.key,
        status=row.status,
        detail=row.detail,
        outcome=outcome.status if outcome else None,
        attribution=outcome.attribution if outcome else None,
        started_at=row.started_at,
        ended_at=outcome.recorded_at if outcome else None,
        proofs=tuple(
            Proof(proof.kind, proof.path, proof.sha256, _sha256(results / proof.path))
            for proof in proofs
        ),
        excused=tuple(picture.kind for picture in missing if picture.reason),
    )


def _intents(connection: Connection, keys: Sequence[str]) -> dict[str, tuple[StatedIntent, ...]]:
    found: dict[str, list[StatedIntent]] = defaultdict(list)
    for row in _rows(connection, tables.intents, tables.intents.c.key.in_(keys)):
        reads = tables.reads.c
        before = (reads.item_id == row.item_id, reads.fence == row.fence)
        looks = [
            look.began_at
            for look in _rows(connection, tables.reads, *before)
            if look.began_at <= row.stated_at
        ]
        stated = StatedIntent(
            row.item_id, row.marker, row.stated_at, max(looks, default=None), row.verdict
        )
        found[row.key].append(stated)
    return {key: tuple(stated) for key, stated in found.items()}


def _batch(told: dict[str, Any]) -> PortalBatch:
    approvals = (
        Approval(each["by"], datetime.fromisoformat(each["at"]), each["remark"])
        for each in told["approvals"]
    )
    return PortalBatch(told["status"], told["refusal"], told["posts"], tuple(approvals))


def unreferenced(here: SystemUnderFault, task_ids: Sequence[str]) -> tuple[str, ...]:
    """Files below these tasks' folders that no row speaks of, and that are no seal."""
    with here.record.read() as connection:
        known = {row.path for row in _rows(connection, tables.artifacts)}
    results = here.system.results
    found = [
        str(path.relative_to(results))
        for task_id in task_ids
        for path in sorted((results / task_id).rglob("*"))
        if path.is_file() and path.name not in SEALING
    ]
    return tuple(path for path in found if path not in known)


def _sha256(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
