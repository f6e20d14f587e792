"""Outcomes: how an item ended, written once, with everything it rests on in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, select, update

from shared.contracts import ItemOutcome, Reading
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
    _insert(connection, claim.item.id, claim.fence, outcome, read_id)
    claims.free(connection, claim)


def is_recorded(connection: Connection, claim: HeldClaim) -> bool:
    """True if this very claim's outcome is in the record: a commit whose answer was lost."""
    query = select(outcomes.c.item_id).where(
        outcomes.c.item_id == claim.item.id, outcomes.c.fence == claim.fence
    )
    return connection.execute(query).first() is not None


def end_unbegun(
    connection: Connection, task_id: str, outcome: ItemOutcome, unverified: ItemOutcome
) -> list[int]:
    """Give every item that nobody works on `outcome`; the items' numbers.

    An item whose batch has an intent of this task without verdict gets `unverified` instead.
    """
    rows = connection.execute(
        select(items.c.id, items.c.fence).where(
            items.c.task_id == task_id, items.c.status == ItemStatus.NEW.value
        )
    ).all()
    announced = select(intents_table.c.item_id).where(intents_table.c.verdict.is_(None))
    in_doubt = {
        row.item_id
        for row in connection.execute(
            announced.where(intents_table.c.item_id.in_([row.id for row in rows]))
        )
    }
    for row in rows:
        ending = unverified if row.id in in_doubt else outcome
        _insert(connection, row.id, row.fence or 0, ending, None)
    return [row.id for row in rows]


def _insert(
    connection: Connection, item_id: int, fence: int, outcome: ItemOutcome, read_id: int | None
) -> None:
    now = utc_now()
    connection.execute(
        outcomes.insert().values(
            item_id=item_id,
            status=outcome.status.value,
            detail=outcome.detail,
            read_id=read_id,
            attribution=None if outcome.attribution is None else outcome.attribution.value,
            clicks=outcome.clicks,
            fence=fence,
            recorded_at=now,
        )
    )
    connection.execute(
        update(items)
        .where(items.c.id == item_id)
        .values(
            status=outcome.status.value,
            detail=outcome.detail,
            details=outcome.details,
            error=outcome.error,
            finished_at=now,
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
