"""Tasks: one request each, from accepted to final."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, text, tuple_, update

from shared.contracts import EventType
from shared.record import events, seals
from shared.record.events import NewEvent
from shared.record.tables import tasks
from shared.task_state import TaskState, transition
from shared.utils import utc_now

_SOME_WAITING = (
    select(tasks.c.state).where(tasks.c.state == TaskState.PENDING.value).limit(bindparam("most"))
)
_WAITING = select(func.count()).select_from(_SOME_WAITING.subquery("some_waiting"))
"""Reads the state alone, so that an index is enough, and is made once: every commit asks."""

_ROOM_LOCK = 0x41414223
"""Arbitrary, and no other lock's; see shared.record.mutual_exclusion."""


@dataclass(frozen=True)
class Task:
    """A task as the record holds it. `total` is None until it is planned; `error` is a sentence.

    `task_version` is the SHA-256 of the task type's source that planned it, and that its items are
    worked on by, wherever it is still kept.
    """

    id: str
    task_type: str
    params: dict[str, Any]
    state: TaskState
    caller: str
    created_at: datetime
    request_id: str | None = None
    idempotency_key: str | None = None
    idempotency_hash: str | None = None
    total: int | None = None
    task_version: str | None = None
    decision: dict[str, Any] | None = None
    awaiting_since: datetime | None = None
    plan_attempts: int = 0
    finished: int = 0
    progress: int = 0
    error: str | None = None
    error_code: str | None = None
    result: dict[str, Any] | None = None
    last_event: int = 0
    next_ring_at: datetime | None = None
    delay: float | None = None
    waits_for: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    retry_of: str | None = None


@dataclass(frozen=True)
class TaskEnding:
    """How a task ends: `result` as clients see it, `error` and `code` for a failed one."""

    result: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    code: str | None = None


def insert(connection: Connection, task: Task) -> None:
    """Accept a pending task, due to be rung at once, with its first `status` event.

    Raises sqlalchemy.exc.IntegrityError if the caller used the idempotency key before.
    """
    insert_all(connection, [task])


def insert_all(connection: Connection, accepted: Sequence[Task]) -> None:
    """Accept pending tasks as `insert` does, in two statements however many they are.

    Raises sqlalchemy.exc.IntegrityError if an idempotency key was used before; then none is in.
    """
    rows = [{f.name: getattr(task, f.name) for f in fields(Task)} for task in accepted]
    for row, task in zip(rows, accepted, strict=True):
        row |= {"state": task.state.value, "next_ring_at": task.created_at, "last_event": 1}
    # RETURNING makes it one statement with many rows, where a driver would send one for each.
    connection.execute(tasks.insert().returning(tasks.c.id), rows)
    first = {task.id: _status_event(task.state, 0) for task in accepted}
    events.append_first(connection, first)


def get(connection: Connection, task_id: str) -> Task | None:
    """The task, or None."""
    return _one(connection, select(tasks).where(tasks.c.id == task_id))


def lock(connection: Connection, task_id: str) -> Task | None:
    """The task, locked until the transaction ends (on SQLite the transaction is the lock).

    Whoever also locks claims or items of the task locks the task first: in one order, nobody
    waits for somebody who waits for him. Rows that only refer to the task are not held up.
    """
    query = select(tasks).where(tasks.c.id == task_id)
    return _one(connection, query.with_for_update(key_share=True))


def lock_all(connection: Connection, task_ids: Iterable[str]) -> None:
    """Lock several tasks, in the order in which everyone does."""
    query = select(tasks.c.id).where(tasks.c.id.in_(set(task_ids))).order_by(tasks.c.id)
    connection.execute(query.with_for_update(key_share=True)).all()


def by_idempotency_key(connection: Connection, caller: str, key: str) -> Task | None:
    """The task this caller made with this key, or None."""
    return _one(
        connection,
        select(tasks).where(tasks.c.caller == caller, tasks.c.idempotency_key == key),
    )


def set_state(
    connection: Connection,
    task: Task,
    wanted: TaskState,
    ending: TaskEnding | None = None,
) -> Task:
    """Move a locked task to another state, with the events that tell of it. The only setter.

    A final state takes the `ending` and writes the final event. Returns the task as it then
    stands. Raises TransitionRefused.
    """
    transition(task.state, wanted)
    now = utc_now()
    progress = 100 if wanted is TaskState.COMPLETED else task.progress
    news = [_status_event(wanted, progress)]
    values: dict[str, Any] = {"progress": progress}
    if wanted is TaskState.RUNNING and task.started_at is None:
        values["started_at"] = now
    if wanted is TaskState.AWAITING_DECISION:
        values["awaiting_since"] = now
    if wanted.is_final:
        end = ending or TaskEnding()
        news.append(_final_event(wanted, end))
        values |= {"finished_at": now, "next_ring_at": None}
        values |= {"result": end.result, "error": end.error, "error_code": end.code}
        seals.begin(connection, task.id, now)
    events.append(connection, task.id, news)
    connection.execute(
        update(tasks).where(tasks.c.id == task.id).values(state=wanted.value, **values)
    )
    return replace(task, state=wanted, **values)


def set_planned(
    connection: Connection,
    task: Task,
    total: int,
    params: dict[str, Any],
    version: str | None = None,
) -> Task:
    """Fix how many items the locked task has, the params that name them, and who planned it."""
    values: dict[str, Any] = {"total": total, "params": params, "task_version": version}
    connection.execute(update(tasks).where(tasks.c.id == task.id).values(values))
    return replace(task, **values)


def begun_with(connection: Connection, versions: Iterable[str]) -> set[tuple[str, str]]:
    """Type and version of the tasks that were planned by one of these versions and are not final.

    A task that waits for a decision is among them.
    """
    query = select(tasks.c.task_type, tasks.c.task_version).where(
        tasks.c.state.in_([state.value for state in TaskState if not state.is_final]),
        tasks.c.task_version.in_(sorted(versions)),
    )
    return {(row.task_type, row.task_version) for row in connection.execute(query.distinct())}


def set_decision(connection: Connection, task: Task, decision: dict[str, Any]) -> Task:
    """Keep what was decided about the locked task."""
    connection.execute(update(tasks).where(tasks.c.id == task.id).values(decision=decision))
    return replace(task, decision=decision)


def undecided_since(connection: Connection, moment: datetime) -> list[str]:
    """The ids of tasks that have been waiting for a decision since before `moment`."""
    query = select(tasks.c.id).where(
        tasks.c.state == TaskState.AWAITING_DECISION.value, tasks.c.awaiting_since < moment
    )
    return list(connection.execute(query).scalars())


def running(connection: Connection) -> list[str]:
    """The ids of the tasks that are being worked on and may go on; not those that have to wait."""
    running = select(tasks.c.id).where(
        tasks.c.state == TaskState.RUNNING.value,
        tasks.c.error.is_(None),
        tasks.c.waits_for.is_(None),
    )
    return list(connection.execute(running).scalars())


def begin_planning(connection: Connection, task: Task) -> Task:
    """Note that one more slot tries to plan the locked task; the task as it then stands."""
    attempts = task.plan_attempts + 1
    connection.execute(update(tasks).where(tasks.c.id == task.id).values(plan_attempts=attempts))
    return replace(task, plan_attempts=attempts)


def count_finished(connection: Connection, task: Task, more: int) -> Task:
    """Note that `more` items of the locked task got their outcome; the task as it then stands."""
    finished = task.finished + more
    progress = max(task.progress, min(99, finished * 100 // (task.total or 1)))
    connection.execute(
        update(tasks).where(tasks.c.id == task.id).values(finished=finished, progress=progress)
    )
    return replace(task, finished=finished, progress=progress)


def note_progress(connection: Connection, task: Task, share: float) -> Task:
    """Note that of one more item of the locked task a `share` is done, from 0 to 1.

    Progress never falls, and is 100 only once the task is completed.
    """
    done = int((task.finished + share) * 100 / (task.total or 1))
    progress = max(task.progress, min(99, done))
    connection.execute(update(tasks).where(tasks.c.id == task.id).values(progress=progress))
    return replace(task, progress=progress)


def note_failure(connection: Connection, task: Task, code: str, error: str) -> Task:
    """Note why the locked task cannot go on; the first reason stands."""
    return task if task.error is not None else set_failure(connection, task, code, error)


def set_failure(connection: Connection, task: Task, code: str, error: str) -> Task:
    """Note why the locked task goes no further, whatever was noted before."""
    connection.execute(
        update(tasks).where(tasks.c.id == task.id).values(error=error, error_code=code)
    )
    return replace(task, error=error, error_code=code)


def plan_untried(connection: Connection, task_id: str) -> None:
    """Forget that the last slot tried to plan the task."""
    connection.execute(
        update(tasks).where(tasks.c.id == task_id).values(plan_attempts=tasks.c.plan_attempts - 1)
    )


def note_wait(connection: Connection, task: Task, reason: str | None) -> bool:
    """Note why nobody works on the locked task, None: somebody does; False if it is known."""
    if task.waits_for == reason:
        return False
    connection.execute(update(tasks).where(tasks.c.id == task.id).values(waits_for=reason))
    return True


def ring_now(connection: Connection, task_id: str) -> None:
    """Make an open task due for the dispatcher at once."""
    ring_at(connection, task_id, utc_now())


def be_due(connection: Connection, task_id: str) -> None:
    """Make an open task due at once, whatever was planned for it."""
    put_off(connection, task_id, None)


def ring_at(connection: Connection, task_id: str, moment: datetime) -> None:
    """Make an open task due no later than `moment`."""
    connection.execute(
        update(tasks)
        .where(tasks.c.id == task_id, tasks.c.next_ring_at > moment)
        .values(next_ring_at=moment)
    )


def put_off(connection: Connection, task_id: str, delay: timedelta | None) -> None:
    """Let the dispatcher leave an open task alone for a while, measured on its own clock."""
    connection.execute(
        update(tasks)
        .where(tasks.c.id == task_id, tasks.c.next_ring_at.is_not(None))
        .values(next_ring_at=utc_now(), delay=None if delay is None else delay.total_seconds())
    )


def page(
    connection: Connection,
    *,
    states: Iterable[TaskState] | None = None,
    task_type: str | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 100,
) -> list[Task]:
    """Tasks, newest first, that were created before the task at position `before`."""
    query = _filtered(select(tasks), states, task_type)
    if before is not None:
        query = query.where(tuple_(tasks.c.created_at, tasks.c.id) < before)
    query = query.order_by(tasks.c.created_at.desc(), tasks.c.id.desc()).limit(limit)
    return [_task(row._mapping) for row in connection.execute(query)]


def count(
    connection: Connection,
    *,
    states: Iterable[TaskState] | None = None,
    task_type: str | None = None,
) -> int:
    """How many tasks `page` would show in all."""
    query = _filtered(select(func.count()).select_from(tasks), states, task_type)
    return int(connection.execute(query).scalar_one())


def claim_room(connection: Connection, most: int) -> int:
    """How many more tasks this transaction may accept before `most` are pending.

    Whoever else asks waits until it has ended, so that both together keep to it.
    """
    if connection.dialect.name != "sqlite":  # on SQLite the transaction is the lock
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _ROOM_LOCK})
    waiting = connection.execute(_WAITING, {"most": most}).scalar_one()
    return max(0, most - int(waiting))


def _filtered(
    query: Select[Any], states: Iterable[TaskState] | None, task_type: str | None
) -> Select[Any]:
    if states is not None:
        query = query.where(tasks.c.state.in_([state.value for state in states]))
    if task_type is not None:
        query = query.where(tasks.c.task_type == task_type)
    return query


def _status_event(state: TaskState, progress: int) -> NewEvent:
    data = {"status": state.status, "state": state.value, "progress": progress}
    return NewEvent(EventType.STATUS, data)


def _final_event(state: TaskState, ending: TaskEnding) -> NewEvent:
    if state is TaskState.COMPLETED:
        message = ending.result.get("message", "")
        return NewEvent(EventType.COMPLETED, {"message": message, "result": ending.result})
    data = {
        "error": ending.error,
        "code": "cancelled" if state is TaskState.CANCELLED else ending.code,
        "screenshot": ending.result.get("screenshot"),
    }
    return NewEvent(EventType.FAILED, data)


def _one(connection: Connection, query: Select[Any]) -> Task | None:
    row = connection.execute(query).one_or_none()
    return None if row is None else _task(row._mapping)


def _task(row: Any) -> Task:
    return Task(**{**row, "state": TaskState(row["state"])})
