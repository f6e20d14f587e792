"""Claims: at most one holder at a time for one (portal, action, key), for ever.

The row is permanent, its fence only grows, and every step that matters compares both holder and
fence. Leases are measured by whoever watches, on its own monotonic clock, never by wall clocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select, update

from shared.errors import ClaimLost
from shared.record import tasks
from shared.record.database import insert_if_absent
from shared.record.items import Item
from shared.record.items import get as get_item
from shared.record.tables import claims, items
from shared.task_state import ItemStatus
from shared.utils import utc_now

BUSY_RETRY = timedelta(seconds=2)
"""How soon an item is tried again whose batch another slot holds right now."""


@dataclass(frozen=True)
class HeldClaim:
    """A claim as its holder knows it: the item, and the fence that proves it is still ours."""

    item: Item
    slot_id: str
    fence: int

    @property
    def tries(self) -> int:
        """Which attempt this is, since the item was chosen if it was reviewed; from 1."""
        return self.item.attempts - self.item.review_attempts


@dataclass(frozen=True)
class ClaimSign:
    """What a watcher sees of a held claim; unchanged for a whole lease means the holder is dead."""

    portal: str
    action: str
    key: str
    fence: int
    renewal: int


def take_next(connection: Connection, task_id: str, slot_id: str) -> HeldClaim | None:
    """Claim the next free item of a task, or None if none can be had now.

    An item whose batch somebody else holds is put off for a moment.
    """
    for item in _claimable(connection, task_id):
        fence = take(connection, item, slot_id)
        if fence is not None:
            _begin(connection, item, slot_id, fence)
            return HeldClaim(get_item(connection, item.id), slot_id, fence)
        put_off = update(items).where(items.c.id == item.id)
        connection.execute(put_off.values(delay=BUSY_RETRY.total_seconds()))
    return None


def renew(connection: Connection, claim: HeldClaim) -> bool:
    """Show a sign of life; False if the claim is no longer ours."""
    result = connection.execute(
        update(claims).where(_held_by(claim)).values(renewal=claims.c.renewal + 1)
    )
    return result.rowcount == 1


def require(connection: Connection, claim: HeldClaim) -> None:
    """Prove inside this transaction that the claim is ours. Raises ClaimLost.

    The task's row is locked first, as everyone does who writes about both.
    """
    tasks.lock_all(connection, [claim.item.task_id])
    if not renew(connection, claim):
        raise ClaimLost(f"The claim on {claim.item.key} is no longer ours.")


def free(connection: Connection, claim: HeldClaim) -> None:
    """Give the claim up; the item's own status is the caller's business. Raises ClaimLost."""
    result = connection.execute(
        update(claims).where(_held_by(claim)).values(holder=None, item_id=None)
    )
    if result.rowcount != 1:
        raise ClaimLost(f"The claim on {claim.item.key} is no longer ours.")


def give_back(
    connection: Connection, claim: HeldClaim, delay: timedelta | None, error: str | None
) -> None:
    """Give the claim up and let the item be tried again, after a while. Raises ClaimLost."""
    free(connection, claim)
    seconds = None if delay is None else delay.total_seconds()
    connection.execute(
        update(items)
        .where(items.c.id == claim.item.id)
        .values(status=ItemStatus.NEW.value, slot_id=None, delay=seconds, error=error)
    )


def give_back_untried(connection: Connection, claim: HeldClaim) -> None:
    """Give the claim up as if it had never been taken. Raises ClaimLost."""
    give_back(connection, claim, None, claim.item.error)
    connection.execute(
        update(items).where(items.c.id == claim.item.id).values(attempts=items.c.attempts - 1)
    )


def held(connection: Connection) -> list[ClaimSign]:
    """Every claim that somebody holds."""
    rows = connection.execute(
        select(
            claims.c.portal, claims.c.action, claims.c.key, claims.c.fence, claims.c.renewal
        ).where(claims.c.holder.is_not(None))
    )
    return [ClaimSign(*row) for row in rows]


def holder_of(connection: Connection, sign: ClaimSign) -> str | None:
    """The slot whose claim showed no sign of life since `sign`; None if it did, or has none."""
    query = select(claims.c.holder).where(_unchanged(sign))
    return connection.execute(query).scalar_one_or_none()


def release_silent(connection: Connection, sign: ClaimSign) -> str | None:
    """Release a claim that showed no sign of life since `sign`; the task's id if it was one."""
    return next(iter(_release(connection, _unchanged(sign))), None)


def release_slot(connection: Connection, slot_id: str) -> list[str]:
    """Release whatever a dead slot held; the ids of the tasks concerned."""
    return _release(connection, claims.c.holder == slot_id)


def _unchanged(sign: ClaimSign) -> ColumnElement[bool]:
    return and_(
        claims.c.portal == sign.portal,
        claims.c.action == sign.action,
        claims.c.key == sign.key,
        claims.c.fence == sign.fence,
        claims.c.renewal == sign.renewal,
    )


def _release(connection: Connection, which: ColumnElement[bool]) -> list[str]:
    held_now = and_(which, claims.c.holder.is_not(None))
    concerned = select(items.c.task_id).join(claims, claims.c.item_id == items.c.id)
    tasks.lock_all(connection, connection.execute(concerned.where(held_now)).scalars())
    found = connection.execute(
        select(claims.c.item_id, claims.c.portal, claims.c.action, claims.c.key)
        .where(held_now)
        .with_for_update(key_share=True)
    ).all()
    released = []
    for row in found:
        connection.execute(
            update(claims)
            .where(
                claims.c.portal == row.portal,
                claims.c.action == row.action,
                claims.c.key == row.key,
            )
            .values(holder=None, item_id=None)
        )
        task_id = connection.execute(
            update(items)
            .where(items.c.id == row.item_id, items.c.status == ItemStatus.IN_PROGRESS.value)
            .values(status=ItemStatus.NEW.value, slot_id=None)
            .returning(items.c.task_id)
        ).scalar_one_or_none()
        if task_id is not None:
            tasks.ring_now(connection, task_id)
            released.append(task_id)
    return released


def _claimable(connection: Connection, task_id: str) -> Iterator[Item]:
    while True:
        row = connection.execute(
            select(items)
            .where(
                items.c.task_id == task_id,
                items.c.status == ItemStatus.NEW.value,
                items.c.delay.is_(None),
            )
            .order_by(items.c.position)
            .limit(1)
            .with_for_update(skip_locked=True, key_share=True)
        ).one_or_none()
        if row is None:
            return
        yield Item(**{**row._mapping, "status": ItemStatus(row.status)})


def take(connection: Connection, item: Item, slot_id: str) -> int | None:
    """Claim an item's batch; the fence, or None if somebody holds it."""
    identity: dict[str, Any] = {"portal": item.portal, "action": item.action, "key": item.key}
    insert_if_absent(connection, claims, {**identity, "fence": 0, "renewal": 0})
    return connection.execute(
        update(claims)
        .where(*(claims.c[name] == value for name, value in identity.items()))
        .where(claims.c.holder.is_(None))
        .values(
            holder=slot_id,
            item_id=item.id,
            fence=claims.c.fence + 1,
            renewal=claims.c.renewal + 1,
        )
        .returning(claims.c.fence)
    ).scalar_one_or_none()


def _begin(connection: Connection, item: Item, slot_id: str, fence: int) -> None:
    connection.execute(
        update(items)
        .where(items.c.id == item.id)
        .values(
            status=ItemStatus.IN_PROGRESS.value,
            slot_id=slot_id,
            fence=fence,
            attempts=items.c.attempts + 1,
            delay=None,
            started_at=item.started_at or utc_now(),
        )
    )


def _held_by(claim: HeldClaim) -> ColumnElement[bool]:
    return and_(
        claims.c.portal == claim.item.portal,
        claims.c.action == claim.item.action,
        claims.c.key == claim.item.key,
        claims.c.holder == claim.slot_id,
        claims.c.fence == claim.fence,
    )
