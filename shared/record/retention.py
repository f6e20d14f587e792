"""Retention: what is left of an old task once its files and its history are removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, select, tuple_, update

from shared.record import tasks
from shared.record.tables import artifacts, events, intents, items, seals
from shared.record.tables import tasks as tasks_table
from shared.record.tasks import Task
from shared.utils import utc_now

Position = tuple[datetime, str]
"""Where a task stands among those that ended: when, and its id."""


def ended_before(
    connection: Connection, moment: datetime, after: Position | None, limit: int
) -> list[Position]:
    """Tasks with their files that ended before `moment`, oldest first, after position `after`."""
    query = select(seals.c.finished_at, seals.c.task_id).where(
        seals.c.removed_at.is_(None), seals.c.finished_at < moment
    )
    if after is not None:
        query = query.where(tuple_(seals.c.finished_at, seals.c.task_id) > after)
    query = query.order_by(seals.c.finished_at, seals.c.task_id).limit(limit)
    return [(row.finished_at, row.task_id) for row in connection.execute(query)]


def forget(connection: Connection, task_id: str, moment: datetime) -> bool:
    """Remove the history of a task that ended before `moment`, and the rows of its files.

    Its final event, items, outcomes, intents, readings and claims stay. False, and nothing, for a
    task that is not final, was forgotten before, or of whose batches one has an intent without
    verdict: that may still have to be looked into.
    """
    task = tasks.lock(connection, task_id)
    if task is None or not task.state.is_final or _in_doubt(connection, task_id):
        return False
    forgotten = connection.execute(
        update(seals)
        .where(
            seals.c.task_id == task_id,
            seals.c.removed_at.is_(None),
            seals.c.finished_at < moment,
        )
        .values(removed_at=utc_now(), made=seals.c.wanted)
    )
    if forgotten.rowcount != 1:
        return False
    connection.execute(
        delete(events).where(events.c.task_id == task_id, events.c.id < task.last_event)
    )
    _forget_files(connection, task)
    return True


def _in_doubt(connection: Connection, task_id: str) -> bool:
    on_its_batches = and_(
        intents.c.portal == items.c.portal,
        intents.c.action == items.c.action,
        intents.c.key == items.c.key,
    )
    query = (
        select(intents.c.id)
        .select_from(items)
        .join(intents, on_its_batches)
        .where(items.c.task_id == task_id, intents.c.verdict.is_(None))
    )
    return connection.execute(query.limit(1)).first() is not None


def _forget_files(connection: Connection, task: Task) -> None:
    """Nothing speaks of a file any more: no row, no result, no final event."""
    connection.execute(delete(artifacts).where(artifacts.c.task_id == task.id))
    if task.result is not None:
        connection.execute(
            update(tasks_table)
            .where(tasks_table.c.id == task.id)
            .values(result=_without_files(task.result))
        )
    last = and_(events.c.task_id == task.id, events.c.id == task.last_event)
    data = connection.execute(select(events.c.data).where(last)).scalar_one_or_none()
    if data is not None:
        connection.execute(update(events).where(last).values(data=_without_files(data)))


def _without_files(told: dict[str, Any]) -> dict[str, Any]:
    """A task's result, or the data of its final event, without paths."""
    plain = {**told}
    if "screenshot" in plain:
        plain["screenshot"] = None
    if "files" in plain:
        plain["files"] = []
    if isinstance(plain.get("result"), dict):
        plain["result"] = _without_files(plain["result"])
    return plain
