"""Late looks: items that ended in doubt, or whose click did not take, are read once more later.

A row stands from the outcome until the look is done or given up; what it showed is a late finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, exists, or_, select, update

from shared.contracts import Reading, Verdict
from shared.record import claims, late_findings, outcomes
from shared.record.claims import HeldClaim
from shared.record.items import get as get_item
from shared.record.tables import intents, items, late_looks, slots, tasks
from shared.task_state import FINAL_STATES, ItemStatus
from shared.utils import utc_now

MOST_LOOKS = 3
"""A portal that cannot be read so often is left to people."""


def want(connection: Connection, item_ids: Sequence[int]) -> None:
    """Have those of these ended items looked at again that are in doubt or were clicked in vain."""
    in_vain = exists().where(
        intents.c.item_id == items.c.id, intents.c.verdict == Verdict.NOT_TAKEN.value
    )
    wanted = select(items.c.id).where(
        items.c.id.in_(item_ids),
        or_(items.c.status == ItemStatus.UNVERIFIED.value, in_vain),
    )
    now = utc_now()
    rows = [
        {"item_id": item_id, "since": now, "looks": 0}
        for item_id in connection.execute(wanted).scalars()
    ]
    if rows:
        connection.execute(late_looks.insert(), rows)


def due(connection: Connection, before: datetime, limit: int) -> list[tuple[str, str]]:
    """Ids and types of ended tasks with items to look at since before `before`, and no slot."""
    at_work = exists().where(slots.c.task_id == tasks.c.id, slots.c.ended_at.is_(None))
    query = (
        select(tasks.c.id, tasks.c.task_type)
        .join(items, items.c.task_id == tasks.c.id)
        .join(late_looks, late_looks.c.item_id == items.c.id)
        .where(
            late_looks.c.since <= before,
            tasks.c.state.in_([state.value for state in FINAL_STATES]),
            ~at_work,
        )
        .distinct()
        .limit(limit)
    )
    return [(row.id, row.task_type) for row in connection.execute(query)]


def take_next(
    connection: Connection, task_id: str, slot_id: str, before: datetime
) -> HeldClaim | None:
    """Claim the next item of a task that is to be looked at; None if there is none.

    One whose batch somebody works on is put off: what it would show is not the end.
    """
    waiting = (
        select(items.c.id)
        .join(late_looks, late_looks.c.item_id == items.c.id)
        .where(items.c.task_id == task_id, late_looks.c.since <= before)
        .order_by(items.c.position)
    )
    for item_id in list(connection.execute(waiting).scalars()):
        item = get_item(connection, item_id)
        fence = claims.take(connection, item, slot_id)
        if fence is not None:
            return HeldClaim(item, slot_id, fence)
        _wait_again(connection, item_id)
    return None


def done(connection: Connection, claim: HeldClaim, reading: Reading, finding: str) -> None:
    """Keep what the look showed, and let the batch go. Raises ClaimLost."""
    claims.require(connection, claim)
    read_id = outcomes.insert_read(connection, claim, reading)
    late_findings.append(connection, claim.item.id, read_id, finding)
    _forget(connection, claim.item.id)
    claims.free(connection, claim)


def failed(connection: Connection, claim: HeldClaim) -> None:
    """Nothing could be read: try later, but not for ever. Raises ClaimLost."""
    claims.require(connection, claim)
    count_look(connection, claim.item.id)
    claims.free(connection, claim)


def count_look(connection: Connection, item_id: int) -> None:
    """A look at an item showed nothing, if it was one: try later, but not for ever."""
    looks = connection.execute(
        update(late_looks)
        .where(late_looks.c.item_id == item_id)
        .values(looks=late_looks.c.looks + 1, since=utc_now())
        .returning(late_looks.c.looks)
    ).scalar_one_or_none()
    if looks is not None and looks >= MOST_LOOKS:
        _forget(connection, item_id)


def put_off(connection: Connection, claim: HeldClaim) -> None:
    """Nobody could look: it is due again later, as if it were new. Raises ClaimLost."""
    claims.require(connection, claim)
    _wait_again(connection, claim.item.id)
    claims.free(connection, claim)


def _wait_again(connection: Connection, item_id: int) -> None:
    connection.execute(
        update(late_looks).where(late_looks.c.item_id == item_id).values(since=utc_now())
    )


def _forget(connection: Connection, item_id: int) -> None:
    connection.execute(delete(late_looks).where(late_looks.c.item_id == item_id))
