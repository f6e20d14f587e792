"""A task's case file: how each of its items came to its outcome, and what that rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, and_, select

from shared.contracts import Evidence, MissingPicture
from shared.record import artifacts
from shared.record import items as items_room
from shared.record.items import Item
from shared.record.tables import (
    intents,
    items,
    late_findings,
    outcomes,
    reads,
    slots,
    workers,
)

PAGE = 500


@dataclass(frozen=True)
class StoredReading:
    """One look at a batch as the record keeps it."""

    began_at: datetime
    ended_at: datetime
    logged_in: bool
    printed_key: str | None
    words: str
    condition: str
    history: list[dict[str, Any]] | None


@dataclass(frozen=True)
class StoredOutcome:
    """How an item ended; `clicks` is how many were made in the attempt that ended it."""

    status: str
    detail: str
    attribution: str | None
    clicks: int
    recorded_at: datetime


@dataclass(frozen=True)
class StoredIntent:
    """A click that was announced, and what became of it."""

    marker: str
    attempt: int
    click_budget: float
    settle: float
    stated_at: datetime
    verdict: str | None
    verdict_at: datetime | None


@dataclass(frozen=True)
class LateFinding:
    """What a later look showed."""

    finding: str
    recorded_at: datetime
    reading: StoredReading


@dataclass(frozen=True)
class Hand:
    """Who worked on an item last: the worker, its program, and what it went by.

    That is the portal profile, where there is one, and the SHA-256 of the task type's source.
    """

    worker: str | None
    code_version: str | None
    profile: str | None
    profile_hash: str | None
    task_version: str | None


@dataclass(frozen=True)
class ItemFile:
    """Everything about one item."""

    item: Item
    outcome: StoredOutcome | None
    rests_on: StoredReading | None
    intents: list[StoredIntent]
    late_findings: list[LateFinding]
    evidence: list[Evidence]
    missing_pictures: list[MissingPicture]
    worked_by: Hand | None


T = TypeVar("T")


def of_task(connection: Connection, task_id: str) -> Iterator[ItemFile]:
    """The files of a task's items, in their order, read in pages."""
    after = -1
    while page := items_room.page(connection, task_id, after, PAGE):
        yield from _files(connection, page)
        after = page[-1].position


def _files(connection: Connection, page: Sequence[Item]) -> Iterator[ItemFile]:
    ids = [item.id for item in page]
    ended = _outcomes(connection, ids)
    announced = _intents(connection, ids)
    later = _late_findings(connection, ids)
    evidence = artifacts.of_items(connection, ids)
    missing = artifacts.missing_of_items(connection, ids)
    hands = _hands(connection, {item.slot_id for item in page if item.slot_id})
    for item in page:
        outcome, rests_on = ended.get(item.id, (None, None))
        yield ItemFile(
            item=item,
            outcome=outcome,
            rests_on=rests_on,
            intents=announced.get(item.id, []),
            late_findings=later.get(item.id, []),
            evidence=evidence.get(item.id, []),
            missing_pictures=missing.get(item.id, []),
            worked_by=hands.get(item.slot_id or ""),
        )


def _outcomes(
    connection: Connection, item_ids: Sequence[int]
) -> dict[int, tuple[StoredOutcome, StoredReading | None]]:
    rows = connection.execute(
        select(outcomes.c.item_id, outcomes.c.read_id, *_columns(StoredOutcome, outcomes))
        .where(outcomes.c.item_id.in_(item_ids))
        .order_by(outcomes.c.item_id)
    ).all()
    readings = _readings(connection, [row.read_id for row in rows if row.read_id is not None])
    return {row.item_id: (_made(StoredOutcome, row), readings.get(row.read_id)) for row in rows}


def _readings(connection: Connection, read_ids: Sequence[int]) -> dict[int, StoredReading]:
    query = select(reads.c.id, *_columns(StoredReading, reads)).where(reads.c.id.in_(read_ids))
    return {row.id: _made(StoredReading, row) for row in connection.execute(query)}


def _intents(connection: Connection, item_ids: Sequence[int]) -> dict[int, list[StoredIntent]]:
    own = and_(
        intents.c.portal == items.c.portal,
        intents.c.action == items.c.action,
        intents.c.key == items.c.key,
        intents.c.item_id == items.c.id,
    )
    rows = connection.execute(
        select(intents.c.item_id, *_columns(StoredIntent, intents))
        .select_from(items)
        .join(intents, own)
        .where(items.c.id.in_(item_ids))
        .order_by(intents.c.id)
    )
    found: dict[int, list[StoredIntent]] = {}
    for row in rows:
        found.setdefault(row.item_id, []).append(_made(StoredIntent, row))
    return found


def _late_findings(connection: Connection, item_ids: Sequence[int]) -> dict[int, list[LateFinding]]:
    rows = connection.execute(
        select(late_findings)
        .where(late_findings.c.item_id.in_(item_ids))
        .order_by(late_findings.c.id)
    ).all()
    readings = _readings(connection, [row.read_id for row in rows])
    found: dict[int, list[LateFinding]] = {}
    for row in rows:
        finding = LateFinding(row.finding, row.recorded_at, readings[row.read_id])
        found.setdefault(row.item_id, []).append(finding)
    return found


def _hands(connection: Connection, slot_ids: set[str]) -> dict[str, Hand]:
    rows = connection.execute(
        select(
            slots.c.id,
            slots.c.worker_id.label("worker"),
            workers.c.code_version,
            slots.c.profile,
            slots.c.profile_hash,
            slots.c.task_version,
        )
        .select_from(slots)
        .outerjoin(workers, workers.c.id == slots.c.worker_id)
        .where(slots.c.id.in_(sorted(slot_ids)))
    )
    return {row.id: _made(Hand, row) for row in rows}


def _columns(kind: type[Any], table: Any) -> list[Any]:
    return [table.c[name] for name in kind.__dataclass_fields__]


def _made(kind: type[T], row: Row[Any]) -> T:
    names = kind.__dataclass_fields__  # type: ignore[attr-defined]
    return kind(**{name: row._mapping[name] for name in names})
