"""Steering a task from outside: cancel it, decide about it, try again what did not succeed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from shared.contracts import ItemOutcome
from shared.errors import StateConflict, TimeIsUp
from shared.record import events, late_looks, outcomes, tables, task_types, tasks
from shared.record.conclusion import conclude, end
from shared.record.decisions import Decision
from shared.record.progress import item_events
from shared.record.task_types import TaskType
from shared.record.tasks import Task
from shared.task_state import ItemStatus, TaskState
from shared.utils import new_id, utc_now

CANCELLED_CODE = "cancelled"
TIME_LIMIT = TimeIsUp.code
TOOK_TOO_LONG = "It took longer than ITEM_TIME_LIMIT allows."
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
    before = "" if task.error is None else f"; before that: {task.error}"
    task = tasks.set_failure(connection, task, CANCELLED_CODE, f"Cancelled by {by}{before}")
    if task.state is not TaskState.PENDING:
        task = tasks.set_state(connection, task, TaskState.CANCELLING)
    task_type = task_types.get(connection, task.task_type)
    skipped = ItemOutcome(ItemStatus.SKIPPED, task.error or "")
    ended = outcomes.end_unbegun(connection, task.id, skipped)
    ended += outcomes.end_reviewed(connection, task.id, skipped)
    late_looks.want(connection, ended)
    task = tasks.count_finished(connection, task, len(ended))
    events.append(connection, task.id, item_events(connection, ended, task_type))
    if task.total is None:
        end(connection, task, TaskState.CANCELLED, task_type)
    elif not conclude(connection, task, task_type):
        tasks.ring_now(connection, task.id)


def decide(connection: Connection, task: Task, wanted: Decision, by: str) -> None:
    """Let a locked task that waits for a decision work on what was chosen, and skip the rest.

    The same decision again changes nothing. Raises StateConflict if the task does not wait for
    one, and InvalidParams if it names what was not shown.
    """
    if task.state is TaskState.AWAITING_DECISION or task.decision is not None:
        wanted = wanted.about(_keys(connection, task.id, ItemStatus))
    if task.decision is not None and task.decision == wanted.stored():
        return
    if task.state is not TaskState.AWAITING_DECISION:
        raise StateConflict(
            f"The task is {task.state.value}; it does not wait for a decision.",
            task_id=task.id,
            state=task.state.value,
        )
    chosen = wanted.chosen_from(_keys(connection, task.id, (ItemStatus.REVIEWED,)))
    task = tasks.set_decision(connection, task, wanted.stored())
    task = tasks.set_state(connection, task, TaskState.RUNNING)
    outcomes.choose(connection, task.id, chosen)
    task_type = task_types.get(connection, task.task_type)
    ended = outcomes.end_reviewed(
        connection, task.id, ItemOutcome(ItemStatus.SKIPPED, f"Not approved by {by}")
    )
    task = tasks.count_finished(connection, task, len(ended))
    events.append(connection, task.id, item_events(connection, ended, task_type))
    if not conclude(connection, task, task_type):
        tasks.be_due(connection, task.id)


def cancel_undecided(connection: Connection, task_id: str, since: datetime) -> bool:
    """Cancel a task that has waited for a decision since before `since`; False if it has not."""
    task = tasks.lock(connection, task_id)
    if task is None or task.state is not TaskState.AWAITING_DECISION:
        return False
    if task.awaiting_since is None or task.awaiting_since >= since:
        return False
    cancel(connection, task, "the system: nobody decided in time")
    return True


def fail(
    connection: Connection, task: Task, code: str, error: str, task_type: TaskType | None
) -> Task:
    """Note why a locked task cannot go on, and end with it what nobody works on.

    Items that slots have in hand, or that may have been clicked, still get outcomes of their own;
    the last one of all makes the task final.
    """
    task = tasks.note_failure(connection, task, code, error)
    rest = ItemOutcome(ItemStatus.FAILED, f"Not tried: {error}", error=error)
    ended = outcomes.end_unbegun(connection, task.id, rest)
    ended += outcomes.end_reviewed(connection, task.id, rest)
    late_looks.want(connection, ended)
    task = tasks.count_finished(connection, task, len(ended))
    events.append(connection, task.id, item_events(connection, ended, task_type))
    return task


def stop_overdue(connection: Connection, task_id: str, limit: float) -> bool:
    """Fail a running task that took longer than `limit` seconds; False if it is not running."""
    task = tasks.lock(connection, task_id)
    if task is None or task.state is not TaskState.RUNNING or task.error is not None:
        return False
    task_type = task_types.get(connection, task.task_type)
    error = f"The task took longer than TASK_TIME_LIMIT allows, {limit:.0f} s."
    task = fail(connection, task, TIME_LIMIT, error, task_type)
    if task.total is None:
        end(connection, task, TaskState.FAILED, task_type)
    elif not conclude(connection, task, task_type):
        tasks.ring_now(connection, task.id)
    return True


def end_item_time(connection: Connection, task: Task, item_id: int, slot_id: str) -> bool:
    """The time of an item is over, and its slot was ended in the middle of it.

    Whoever claims it next does nothing for it but to read what became of a click. False if the
    slot did not have it in hand.
    """
    why = task.error if task.error is not None and task.error_code == TIME_LIMIT else TOOK_TOO_LONG
    result = connection.execute(
        update(tables.items)
        .where(
            tables.items.c.id == item_id,
            tables.items.c.slot_id == slot_id,
            tables.items.c.status == ItemStatus.IN_PROGRESS.value,
        )
        .values(over=why)
    )
    return result.rowcount == 1


def retry(connection: Connection, task: Task, by: str, request_id: str | None) -> Task:
    """Make a new task of what ended failed or unverified in a locked, final task.

    A task that failed before its items could be named is tried whole, as it was asked for.
    Raises StateConflict for a task that is not final, was retried before, or of which nothing is
    left to try.
    """
    successor = successor_of(connection, task.id)
    if successor is not None:
        raise StateConflict(
            f"The task was retried already: task {successor} is its successor.",
            task_id=task.id,
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
    """What may be asked of a task now: "cancel", "decide", "retry"."""
    if task.state.is_final:
        left = _was_never_planned(task) or any(counts.get(status) for status in RETRIED)
        return ["retry"] if left and not retried else []
    if task.state is TaskState.AWAITING_DECISION:
        return ["cancel", "decide"]
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


def _was_never_planned(task: Task) -> bool:
    return task.total is None and task.state is TaskState.FAILED


def _what_is_left(connection: Connection, task: Task) -> dict[str, Any]:
    if _was_never_planned(task):
        return task.params
    keys = _keys(connection, task.id, RETRIED)
    if not keys:
        raise StateConflict(
            f"The task is {task.state.value}, and no item of it ended failed or unverified: "
            "there is nothing to retry.",
            task_id=task.id,
            state=task.state.value,
        )
    task_type = task_types.get(connection, task.task_type)
    if task_type is None or task_type.keys_param is None:
        return task.params
    return {**task.params, task_type.keys_param: keys}


def _keys(connection: Connection, task_id: str, statuses: Iterable[ItemStatus]) -> list[str]:
    rows = connection.execute(
        select(tables.items.c.key)
        .where(
            tables.items.c.task_id == task_id,
            tables.items.c.status.in_([status.value for status in statuses]),
        )
        .order_by(tables.items.c.position)
    )
    return list(rows.scalars())
