"""Steering a task from outside: cancel it, or try again what did not succeed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from shared.contracts import ItemOutcome
from shared.errors import StateConflict
from shared.record import events, outcomes, tables, task_types, tasks
from shared.record.conclusion import conclude, end
from shared.record.progress import item_events
from shared.record.tasks import Task
from shared.task_state import ItemStatus, TaskState
from shared.utils import new_id, utc_now

CANCELLED_CODE = "cancelled"
RETRIED = (ItemStatus.FAILED, ItemStatus.UNVERIFIED)


def cancel(connection: Connection, task: Task, by: str) -> None:
    """Stop a locked task before its next item; again, it changes nothing.

    Items nobody works on are skipped. What is in hand is finished, and what may have been clicked
    is read first; the last such item makes the task final, as does this call if there is none.
    Raises StateConflict for a task that is completed or failed.
    """
    if task.state in (TaskState.CANCELLING, TaskState.CANCELLED):
        return
    if task.state.is_final:
        raise StateConflict(
            f"The task is {task.state.value}; only an unfinished task can be cancelled.",
            task_id=task.id,
            state=task.state.value,
        )
    task = tasks.note_failure(connection, task, CANCELLED_CODE, f"Cancelled by {by}")
    if task.state is TaskState.RUNNING:
        task = tasks.set_state(connection, task, TaskState.CANCELLING)
    task_type = task_types.get(connection, task.task_type)
    skipped = ItemOutcome(ItemStatus.SKIPPED, task.error or "")
    ended = outcomes.end_unbegun(connection, task.id, skipped)
    task = tasks.count_finished(connection, task, len(ended))
    events.append(connection, task.id, item_events(connection, ended, task_type))
    if task.total is None:
        end(connection, task, TaskState.CANCELLED, task_type)
    elif not conclude(connection, task, task_type):
        tasks.ring_now(connection, task.id)


def retry(connection: Connection, task: Task, by: str, request_id: str | None) -> Task:
    """Make a new task of what ended failed or unverified in a locked, final task.

    Raises StateConflict for a task that is not final, was retried before, or of which nothing is
    left to try.
    """
    successor = successor_of(connection, task.id)
    if successor is not None:
        raise StateConflict(
            f"The task was retried already, as task {successor}.",
            task_id=successor,
            state=task.state.value,
        )
    if not task.state.is_final:
        raise StateConflict(
            f"The task is {task.state.value}; only a finished task can be retried.",
            task_id=task.id,
            state=task.state.value,
        )
    params = _what_is_left(connection, task)
    new = Task(
        id=new_id(),
        task_type=task.task_type,
        params=params,
        state=TaskState.PENDING,
        caller=by,
        created_at=utc_now(),
        request_id=request_id,
        retry_of=task.id,
    )
    tasks.insert(connection, new)
    return new


def abilities(task: Task, counts: Mapping[ItemStatus, int], *, retried: bool) -> list[str]:
    """What may be asked of a task now: "cancel", "retry"."""
    if task.state.is_final:
        left = task.total is None or any(counts.get(status) for status in RETRIED)
        return ["retry"] if left and not retried else []
    return [] if task.state is TaskState.CANCELLING else ["cancel"]


def retried(connection: Connection, task_ids: Sequence[str]) -> set[str]:
    """Those of these tasks that have a successor."""
    query = select(tables.tasks.c.retry_of).where(tables.tasks.c.retry_of.in_(task_ids))
    return set(connection.execute(query).scalars())


def successor_of(connection: Connection, task_id: str) -> str | None:
    """The id of the task that retries this one, or None."""
    query = select(tables.tasks.c.id).where(tables.tasks.c.retry_of == task_id)
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found


def _what_is_left(connection: Connection, task: Task) -> dict[str, Any]:
    if task.total is None:
        return task.params
    keys = _keys_to_retry(connection, task.id)
    if not keys:
        raise StateConflict(
            "No item of the task ended failed or unverified: there is nothing to retry.",
            task_id=task.id,
            state=task.state.value,
        )
    task_type = task_types.get(connection, task.task_type)
    if task_type is None or task_type.keys_param is None:
        return task.params
    return {**task.params, task_type.keys_param: keys}


def _keys_to_retry(connection: Connection, task_id: str) -> list[str]:
    rows = connection.execute(
        select(tables.items.c.key)
        .where(
            tables.items.c.task_id == task_id,
            tables.items.c.status.in_([status.value for status in RETRIED]),
        )
        .order_by(tables.items.c.position)
    )
    return list(rows.scalars())
