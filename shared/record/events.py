"""A task's history: numbered from 1 without gaps, nothing after the final event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text, update

from shared.contracts import EventType
from shared.record.tables import LOG_EVENTS, events, tasks
from shared.utils import utc_now


@dataclass(frozen=True)
class NewEvent:
    """An event about to be written."""

    type: EventType
    data: dict[str, Any]


@dataclass(frozen=True)
class Event:
    """One line of a task's history; file paths in `data` are plain, the edge signs them."""

    id: int
    task_id: str
    type: EventType
    timestamp: datetime
    data: dict[str, Any]


def append(connection: Connection, task_id: str, news: Sequence[NewEvent]) -> bool:
    """Write events with the next numbers; False, and nothing, if the task is already final.

    The update takes the task's row lock, so numbers follow commit order.
    """
    if not news:
        return True
    last = connection.execute(
        update(tasks)
        .where(tasks.c.id == task_id, tasks.c.finished_at.is_(None))
        .values(last_event=tasks.c.last_event + len(news))
        .returning(tasks.c.last_event)
    ).scalar_one_or_none()
    if last is None:
        return False
    now = utc_now()
    first = last - len(news) + 1
    connection.execute(
        events.insert(),
        [
            {
                "task_id": task_id,
                "id": first + offset,
                "type": new.type.value,
                "timestamp": now,
                "data": new.data,
            }
            for offset, new in enumerate(news)
        ],
    )
    return True


def append_first(connection: Connection, news: Mapping[str, NewEvent]) -> None:
    """Write event 1 of tasks that this transaction inserted with 1 as their last event."""
    now = utc_now()
    connection.execute(
        events.insert().returning(events.c.id),
        [
            {
                "task_id": task_id,
                "id": 1,
                "type": new.type.value,
                "timestamp": now,
                "data": new.data,
            }
            for task_id, new in news.items()
        ],
    )


def after(connection: Connection, task_id: str, last_seen: int, limit: int) -> list[Event]:
    """Up to `limit` events that follow number `last_seen`, in order."""
    rows = connection.execute(
        select(events)
        .where(events.c.task_id == task_id, events.c.id > last_seen)
        .order_by(events.c.id)
        .limit(limit)
    )
    return [_event(row._mapping) for row in rows]


def last_numbers(connection: Connection, task_ids: Sequence[str]) -> dict[str, int]:
    """The number of the newest event of each of these tasks."""
    rows = connection.execute(
        select(tasks.c.id, tasks.c.last_event).where(tasks.c.id.in_(task_ids))
    )
    return {row.id: row.last_event for row in rows}


def log_lines(
    connection: Connection, task_id: str, limit: int, *, after_id: int | None = None
) -> list[Event]:
    """Log events in order: the `limit` newest, or those that follow event `after_id`."""
    query = select(events).where(events.c.task_id == task_id, text(LOG_EVENTS))
    if after_id is not None:
        rows = connection.execute(
            query.where(events.c.id > after_id).order_by(events.c.id).limit(limit)
        )
        return [_event(row._mapping) for row in rows]
    newest = connection.execute(query.order_by(events.c.id.desc()).limit(limit))
    return [_event(row._mapping) for row in newest][::-1]


def _event(row: Any) -> Event:
    return Event(
        id=row["id"],
        task_id=row["task_id"],
        type=EventType(row["type"]),
        timestamp=row["timestamp"],
        data=row["data"],
    )
