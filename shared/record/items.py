"""Items: the lines of a task, each with a key of its own and at most one outcome."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from shared.record.tables import items, tasks
from shared.task_state import OPEN_STATES, ItemStatus


@dataclass(frozen=True)
class Item:
    """One line of a task. `details` are the portal's own columns.

    `review` is what was shown to whoever decided; `review_attempts` is how many of the attempts
    it took to show it. `delay`: seconds to leave it alone, see shared.record.delays. `over`: why
    nothing is done for it any more but to read what became of a click.
    """

    id: int
    task_id: str
    position: int
    key: str
    portal: str
    action: str
    status: ItemStatus
    detail: str
    details: dict[str, Any] | None
    error: str | None
    attempts: int
    review: dict[str, Any] | None
    review_attempts: int
    delay: float | None
    over: str | None
    slot_id: str | None
    fence: int | None
    started_at: datetime | None
    finished_at: datetime | None


def insert(
    connection: Connection, task_id: str, portal: str, action: str, keys: Sequence[str]
) -> None:
    """Make the items of a task, in this order."""
    rows = [
        {
            "task_id": task_id,
            "position": position,
            "key": key,
            "portal": portal,
            "action": action,
            "status": ItemStatus.NEW.value,
            "detail": "",
            "attempts": 0,
        }
        for position, key in enumerate(keys)
    ]
    if rows:
        connection.execute(items.insert(), rows)


def page(connection: Connection, task_id: str, after_position: int, limit: int) -> list[Item]:
    """Up to `limit` items of a task that follow position `after_position`, in order."""
    rows = connection.execute(
        select(items)
        .where(items.c.task_id == task_id, items.c.position > after_position)
        .order_by(items.c.position)
        .limit(limit)
    )
    return [_item(row._mapping) for row in rows]


def get(connection: Connection, item_id: int) -> Item:
    """The item; it must exist."""
    return _item(connection.execute(select(items).where(items.c.id == item_id)).one()._mapping)


def of_ids(connection: Connection, item_ids: Sequence[int]) -> list[Item]:
    """These items, in the order of their tasks."""
    query = (
        select(items).where(items.c.id.in_(item_ids)).order_by(items.c.task_id, items.c.position)
    )
    return [_item(row._mapping) for row in connection.execute(query)]


def counts(connection: Connection, task_ids: Iterable[str]) -> dict[str, dict[ItemStatus, int]]:
    """How many items of each task have each status."""
    rows = connection.execute(
        select(items.c.task_id, items.c.status, func.count().label("n"))
        .where(items.c.task_id.in_(list(task_ids)))
        .group_by(items.c.task_id, items.c.status)
    )
    found: dict[str, dict[ItemStatus, int]] = {}
    for row in rows:
        found.setdefault(row.task_id, {})[ItemStatus(row.status)] = row.n
    return found


def open_elsewhere(connection: Connection, task_id: str, portal: str, action: str) -> set[str]:
    """Keys that another open task is still to work on; planning leaves them out."""
    rows = connection.execute(
        select(items.c.key)
        .join(tasks, tasks.c.id == items.c.task_id)
        .where(
            items.c.portal == portal,
            items.c.action == action,
            items.c.task_id != task_id,
            items.c.status.in_([status.value for status in ItemStatus if not status.is_outcome]),
            tasks.c.state.in_([state.value for state in OPEN_STATES]),
        )
    )
    return {row.key for row in rows}


def _item(row: Any) -> Item:
    return Item(**{**row, "status": ItemStatus(row["status"])})
