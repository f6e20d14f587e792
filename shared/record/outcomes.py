"""Outcomes: how an item ended, written once, with everything it rests on in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select, update

from shared.contracts import ItemOutcome, Reading, Review
from shared.record import claims, intents
from shared.record.claims import HeldClaim
from shared.record.tables import intents as intents_table
from shared.record.tables import items, outcomes, reads
from shared.task_state import ItemStatus
from shared.utils import utc_now


def record(connection: Connection, claim: HeldClaim, outcome: ItemOutcome) -> None:
    """Write the outcome of a claimed item, close its intents and free the claim.

    Compare-and-set on the fence, and `outcomes` holds one row an item at most. Raises ClaimLost.
    """
    claims.require(connection, claim)
    if outcome.verdict is not None:
        intents.close(connection, claim, outcome.verdict)
    read_id = None if outcome.reading is None else insert_read(connection, claim, outcome.reading)
    _insert(connection, [_Ending(claim.item.id, claim.fence, outcome, read_id)])
    claims.free(connection, claim)


def record_review(connection: Connection, claim: HeldClaim, outcome: ItemOutcome) -> None:
    """Write what a review showed and free the claim; the item waits for a decision. ClaimLost."""
    claims.require(connection, claim)
    if outcome.reading is not None:
        insert_read(connection, claim, outcome.reading)
    review = None if outcome.reading is None else asdict(Review.of(outcome.reading))
    connection.execute(
        update(items)
        .where(items.c.id == claim.item.id)
        .values(
            status=outcome.status.value,
            detail=outcome.detail,
            details=outcome.details,
            review=review or {},
            review_attempts=claim.item.attempts,
            error=None,
            slot_id=None,
        )
    )
    claims.free(connection, claim)


def choose(connection: Connection, task_id: str, keys: Iterable[str]) -> None:
    """Let these reviewed items of a locked task be worked on."""
    connection.execute(
        update(items)
        .where(
            items.c.task_id == task_id,
            items.c.status == ItemStatus.REVIEWED.value,
            items.c.key.in_(list(keys)),
        )
        .values(status=ItemStatus.NEW.value)
    )


def end_reviewed(connection: Connection, task_id: str, outcome: ItemOutcome) -> list[int]:
    """Give every item of a locked task that still waits for a decision `outcome`."""
    rows = connection.execute(
        select(items.c.id, items.c.fence, items.c.details)
        .where(items.c.task_id == task_id, items.c.status == ItemStatus.REVIEWED.value)
        .order_by(items.c.position)
    ).all()
    _insert(
        connection,
        [_Ending(row.id, row.fence or 0, replace(outcome, details=row.details)) for row in rows],
    )
    return [row.id for row in rows]


def is_recorded(connection: Connection, claim: HeldClaim) -> bool:
    """True if this very claim's outcome is in the record: a commit whose answer was lost."""
    query = select(outcomes.c.item_id).where(
        outcomes.c.item_id == claim.item.id, outcomes.c.fence == claim.fence
    )
    return connection.execute(query).first() is not None


def end_unbegun(connection: Connection, task_id: str, outcome: ItemOutcome) -> list[int]:
    """Give every item of a locked task that nobody works on `outcome`; the items' numbers.

    An item whose batch has an intent of this task without verdict is left alone: only reading
    the portal can end it, and a slot will.
    """
    unbegun = connection.execute(
        select(items.c.id, items.c.fence)
        .where(items.c.task_id == task_id, items.c.status == ItemStatus.NEW.value)
        .order_by(items.c.position)
        # A slot may be claiming one of them right now: wait, and leave out what it took.
        .with_for_update(key_share=True)
    ).all()
    in_doubt = _with_open_intent(connection, task_id)
    ending = [_Ending(row.id, row.fence or 0, outcome) for row in unbegun if row.id not in in_doubt]
    _insert(connection, ending)
    return [each.item_id for each in ending]


def _with_open_intent(connection: Connection, task_id: str) -> set[int]:
    own = and_(
        intents_table.c.portal == items.c.portal,
        intents_table.c.action == items.c.action,
        intents_table.c.key == items.c.key,
        intents_table.c.item_id == items.c.id,
    )
    query = select(items.c.id).join(intents_table, own)
    open_ones = query.where(items.c.task_id == task_id, intents_table.c.verdict.is_(None))
    return set(connection.execute(open_ones).scalars())


@dataclass(frozen=True)
class _Ending:
    item_id: int
    fence: int
    outcome: ItemOutcome
    read_id: int | None = None


def _insert(connection: Connection, endings: Sequence[_Ending]) -> None:
    if not endings:
        return
    now = utc_now()
    connection.execute(outcomes.insert(), [_outcome_row(ending, now) for ending in endings])
    connection.execute(
        update(items).where(items.c.id == bindparam("item_id")),
        [
            {
                "item_id": ending.item_id,
                "status": ending.outcome.status.value,
                "detail": ending.outcome.detail,
                "details": ending.outcome.details,
                "error": ending.outcome.error,
                "finished_at": now,
            }
            for ending in endings
        ],
    )


def _outcome_row(ending: _Ending, now: datetime) -> dict[str, Any]:
    outcome = ending.outcome
    return {
        "item_id": ending.item_id,
        "status": outcome.status.value,
        "detail": outcome.detail,
        "read_id": ending.read_id,
        "attribution": None if outcome.attribution is None else outcome.attribution.value,
        "clicks": outcome.clicks,
        "fence": ending.fence,
        "recorded_at": now,
    }


def insert_read(connection: Connection, claim: HeldClaim, reading: Reading) -> int:
    """Keep one look at the portal; the number of its row."""
    history = None if reading.history is None else [asdict(line) for line in reading.history]
    inserted = connection.execute(
        reads.insert()
        .values(
            item_id=claim.item.id,
            fence=claim.fence,
            began_at=reading.began_at,
            ended_at=reading.ended_at,
            logged_in=reading.logged_in,
            printed_key=reading.printed_key,
            words=reading.words,
            condition=reading.condition.value,
            history=history,
        )
        .returning(reads.c.id)
    )
    return int(inserted.scalar_one())


def insert_reads(connection: Connection, claim: HeldClaim, readings: Sequence[Reading]) -> None:
    """Keep several looks, in order."""
    for reading in readings:
        insert_read(connection, claim, reading)
