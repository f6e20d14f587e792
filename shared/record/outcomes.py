"""Outcomes: how an item ended, written once, with everything it rests on in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, and_, func, literal, select, update

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
    intents.close(connection, claim, outcome.verdict, outcome.taken)
    read_id = None if outcome.reading is None else insert_read(connection, claim, outcome.reading)
    _end(connection, [claim.item.id], outcome, read_id)
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
    waiting = select(items.c.id).where(
        items.c.task_id == task_id, items.c.status == ItemStatus.REVIEWED.value
    )
    item_ids = list(connection.execute(waiting.order_by(items.c.position)).scalars())
    _end(connection, item_ids, outcome)
    return item_ids


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
        select(items.c.id)
        .where(items.c.task_id == task_id, items.c.status == ItemStatus.NEW.value)
        .order_by(items.c.position)
        # A slot may be claiming one of them right now: wait, and leave out what it took.
        .with_for_update(key_share=True)
    )
    in_doubt = _with_open_intent(connection, task_id)
    item_ids = [item_id for item_id in unbegun.scalars() if item_id not in in_doubt]
    _end(connection, item_ids, outcome)
    return item_ids


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


def _end(
    connection: Connection,
    item_ids: Sequence[int],
    outcome: ItemOutcome,
    read_id: int | None = None,
) -> None:
    """Write one outcome for all these items, under the fence each was last claimed with."""
    now = utc_now()
    row: dict[str, Any] = {
        "status": outcome.status.value,
        "detail": outcome.detail,
        "read_id": read_id,
        "attribution": None if outcome.attribution is None else outcome.attribution.value,
        "clicks": outcome.clicks,
        "recorded_at": now,
    }
    same = [literal(value, outcomes.c[name].type) for name, value in row.items()]
    ended = items.c.id.in_(item_ids)
    connection.execute(
        outcomes.insert().from_select(
            ["item_id", "fence", *row],
            select(items.c.id, func.coalesce(items.c.fence, 0), *same).where(ended),
        )
    )
    told = {"details": outcome.details} if outcome.details else {}
    connection.execute(
        update(items)
        .where(ended)
        .values(
            status=outcome.status.value,
            detail=outcome.detail,
            error=outcome.error,
            finished_at=now,
            **told,
        )
    )


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
