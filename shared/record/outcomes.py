"""Outcomes: how an item ended, written once, with everything it rests on in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, update

from shared.contracts import ItemOutcome, Reading
from shared.record import claims, intents
from shared.record.claims import HeldClaim
from shared.record.tables import items, outcomes, reads
from shared.utils import utc_now


def record(connection: Connection, claim: HeldClaim, outcome: ItemOutcome) -> None:
    """Write the outcome of a claimed item, close its intents and free the claim.

    Compare-and-set on the fence, and `outcomes` holds one row an item at most. Raises ClaimLost.
    """
    claims.require(connection, claim)
    if outcome.verdict is not None:
        intents.close(connection, claim, outcome.verdict)
    read_id = None if outcome.reading is None else insert_read(connection, claim, outcome.reading)
    now = utc_now()
    connection.execute(
        outcomes.insert().values(
            item_id=claim.item.id,
            status=outcome.status.value,
            detail=outcome.detail,
            read_id=read_id,
            attribution=None if outcome.attribution is None else outcome.attribution.value,
            clicks=outcome.clicks,
            fence=claim.fence,
            recorded_at=now,
        )
    )
    connection.execute(
        update(items)
        .where(items.c.id == claim.item.id)
        .values(
            status=outcome.status.value,
            detail=outcome.detail,
            details=outcome.details,
            error=outcome.error,
            finished_at=now,
        )
    )
    claims.free(connection, claim)


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
