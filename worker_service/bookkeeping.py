"""The transactions in which a slot writes what it did: each whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from shared.contracts import Evidence, Intent, ItemOutcome
from shared.errors import AgentError, TaskFailed
from shared.record import (
    Record,
    artifacts,
    claims,
    events,
    intents,
    items,
    late_looks,
    outcomes,
    slots,
    steering,
    tasks,
)
from shared.record.claims import HeldClaim
from shared.record.conclusion import await_decision, conclude, result_of
from shared.record.persistence import persist
from shared.record.progress import item_events, log_event, progress_event
from shared.record.tasks import Task, TaskEnding
from shared.task_state import ItemStatus, TaskState
from worker_service.claim import RecordClaim
from worker_service.outcomes import (
    Decision,
    FailTask,
    Finish,
    PutOff,
    TryAgain,
    ending_with,
)
from worker_service.registry import Plan, TaskDefinition
from worker_service.repertoire import Found

SERVED_STATES = (TaskState.RUNNING, TaskState.CANCELLING)


@dataclass(frozen=True)
class Answered:
    """A doorbell that is ours; `task` is None if there is nothing to do for it any more.

    `found` is what its task goes by; None if it cannot be served here, and was left to others.
    """

    task: Task | None
    found: Found | None


def answer(
    record: Record,
    slot_id: str,
    task_id: str,
    worker_id: str,
    pid: int,
    find: Callable[[Connection, Task], Found | None],
) -> Answered | None:
    """Answer a doorbell and set its task running; None if it was answered before.

    `find` tells what a task goes by here.
    """

    def write(connection: Connection) -> Answered | None:
        task = tasks.get(connection, task_id)
        found = None if task is None else find(connection, task)
        if found is None:
            declined = slots.end_queued(connection, [slot_id]) == 1
            return Answered(None, None) if declined else None
        if not slots.start(connection, slot_id, worker_id, pid, found.sha256):
            return None
        return Answered(_begin(connection, task_id), found)

    return persist(record, write)


def goes_by(record: Record, slot_id: str, version: str) -> None:
    """Note that a slot goes by another version than it began with."""
    persist(record, lambda connection: slots.note_version(connection, slot_id, version))


def _begin(connection: Connection, task_id: str) -> Task | None:
    task = tasks.lock(connection, task_id)
    if task is not None and task.state is TaskState.PENDING:
        task = tasks.set_state(connection, task, TaskState.RUNNING)
    if task is None or task.state not in SERVED_STATES:
        return None
    return task if task.total is not None else tasks.begin_planning(connection, task)


@dataclass(frozen=True)
class Claimed:
    """An item that was claimed; its task and its open intents as they stood at that moment."""

    held: HeldClaim
    task: Task
    intents: tuple[Intent, ...]


def claim_next(record: Record, task_id: str, slot_id: str) -> Claimed | None:
    """Claim the next free item; None if none is free."""

    def write(connection: Connection) -> Claimed | None:
        task = tasks.lock(connection, task_id)
        if task is None or task.state not in SERVED_STATES:
            return None
        held = claims.take_next(connection, task_id, slot_id)
        if held is None:
            return None
        return Claimed(held, task, intents.without_verdict(connection, held))

    return persist(record, write)


def ending_by_now(record: Record, task_id: str) -> ItemOutcome | None:
    """How an item of the task ends that nothing was done for; None if the task goes on."""

    def read(connection: Connection) -> Task | None:
        return tasks.get(connection, task_id)

    task = persist(record, read)
    return None if task is None else ending_with(task)


def leave(record: Record, slot_id: str, task_id: str) -> None:
    """End a slot; what it held is free, and the dispatcher looks at the task at once."""

    def write(connection: Connection) -> None:
        slots.end(connection, slot_id)
        task = tasks.get(connection, task_id)
        if task is not None and task.total is not None:
            tasks.ring_now(connection, task_id)

    persist(record, write)


def planned(
    record: Record, task_id: str, definition: TaskDefinition[Any], plan: Plan
) -> Task | None:
    """Make the items of a task, all at once; the task, or None if nothing is left to do.

    If another slot planned it first, that plan stands.
    """

    def write(connection: Connection) -> Task | None:
        task = tasks.lock(connection, task_id)
        if task is None or task.state not in SERVED_STATES:
            return None
        if task.total is None:
            task = _make_items(connection, task, plan, definition.sha256)
            if conclude(connection, task, definition.announcement):
                return None
        return task

    return persist(record, write)


def _make_items(connection: Connection, task: Task, plan: Plan, version: str) -> Task:
    taken = (
        items.open_elsewhere(connection, task.id, plan.portal, plan.action)
        if plan.leave_out_open
        else frozenset[str]()
    )
    keys = [key for key in plan.keys if key not in taken]
    if plan.at_most is not None:
        keys = keys[: plan.at_most]
    items.insert(connection, task.id, plan.portal, plan.action, keys)
    tasks.note_wait(connection, task, None)
    params = plan.params_for(keys)
    task = tasks.set_planned(connection, task, len(keys), params, version)
    told = f"{len(keys)} to do"
    events.append(connection, task.id, [log_event(told), progress_event(task, told)])
    tasks.ring_now(connection, task.id)
    return task


def cannot_go_on(
    record: Record, task: Task, definition: TaskDefinition[Any], error: Exception
) -> None:
    """Fail a planned task that its definition cannot work on."""
    code = error.code if isinstance(error, AgentError) else TaskFailed.code

    def write(connection: Connection) -> None:
        current = tasks.lock(connection, task.id)
        if current is not None and current.state in SERVED_STATES:
            told = definition.announcement
            failed = steering.fail(connection, current, code, str(error), told)
            conclude(connection, failed, told)

    persist(record, write)


def planning_failed(
    record: Record, task: Task, decision: Decision, kept: Sequence[Evidence] = ()
) -> None:
    """Plan again later, or fail a task whose items cannot even be named.

    `kept` are files, durable on disk, that show why.
    """
    if isinstance(decision, PutOff):
        put_off = decision

        def wait(connection: Connection) -> None:
            current = tasks.lock(connection, task.id)
            if current is not None and current.state in SERVED_STATES:
                tasks.plan_untried(connection, task.id)
                _wait(connection, current, put_off)

        persist(record, wait)
        return
    if isinstance(decision, TryAgain):
        delay = decision.delay

        def put_off_with(connection: Connection) -> None:
            _insert_kept(connection, task.id, kept)
            tasks.put_off(connection, task.id, delay)

        persist(record, put_off_with)
        return
    if isinstance(decision, FailTask):
        code, error = decision.code, decision.error
    else:
        code = "planning_failed"
        error = decision.outcome.detail if isinstance(decision, Finish) else decision.reason

    def write(connection: Connection) -> None:
        current = tasks.lock(connection, task.id)
        if current is not None and current.state in SERVED_STATES and current.total is None:
            _insert_kept(connection, task.id, kept)
            ending = TaskEnding(result_of(connection, task.id, None, error), error, code)
            tasks.set_state(connection, current, TaskState.FAILED, ending)

    persist(record, write)


def _insert_kept(connection: Connection, task_id: str, kept: Sequence[Evidence]) -> None:
    new = [piece for piece in kept if artifacts.by_path(connection, piece.path) is None]
    artifacts.insert(connection, task_id, None, new)


def finished(
    record: Record, claim: RecordClaim, definition: TaskDefinition[Any], outcome: ItemOutcome
) -> TaskState | None:
    """Write an outcome and all it rests on; if it was the last, the task's end and the slot's.

    The state the task ended in; None if it goes on. Raises ClaimLost.
    """
    return persist(record, lambda connection: _finish(connection, claim, definition, outcome))


def task_failed(
    record: Record, claim: RecordClaim, definition: TaskDefinition[Any], failure: FailTask
) -> None:
    """Write why the task cannot go on, and end what nobody works on. Raises ClaimLost."""

    def write(connection: Connection) -> None:
        task = tasks.lock(connection, claim.task_id)
        if task is None:
            return
        steering.fail(connection, task, failure.code, failure.error, definition.announcement)
        _finish(connection, claim, definition, failure.outcome)

    persist(record, write)


def to_try_again(record: Record, claim: RecordClaim, decision: TryAgain) -> None:
    """Give an item back, to be tried after a while. Raises ClaimLost."""
    seconds = decision.delay.total_seconds()
    claim.log(
        f"{claim.key}: attempt {claim.attempt} failed, again in {seconds:.0f} s: {decision.error}",
        "warning",
    )

    def write(connection: Connection) -> None:
        if tasks.lock(connection, claim.task_id) is None:
            return
        claims.require(connection, claim.held)
        events.append(connection, claim.task_id, claim.flush(connection))
        claims.give_back(connection, claim.held, decision.delay, decision.error)

    persist(record, write)


def to_wait(record: Record, claim: RecordClaim, decision: PutOff) -> None:
    """Give an item back untried, and let the task wait. Raises ClaimLost."""

    def write(connection: Connection) -> None:
        task = tasks.lock(connection, claim.task_id)
        if task is None:
            return
        claims.give_back_untried(connection, claim.held)
        if any(slot.id != claim.held.slot_id for slot in slots.live_of(connection, task.id)):
            # Others of this task are at work, and may be for long: it does not wait as a whole.
            tasks.put_off(connection, task.id, decision.delay)
        else:
            _wait(connection, task, decision)

    persist(record, write)


def _wait(connection: Connection, task: Task, decision: PutOff) -> None:
    if tasks.note_wait(connection, task, decision.reason):
        events.append(
            connection,
            task.id,
            [log_event(decision.reason), progress_event(task, decision.reason)],
        )
    tasks.put_off(connection, task.id, decision.delay)


def _finish(
    connection: Connection,
    claim: RecordClaim,
    definition: TaskDefinition[Any],
    outcome: ItemOutcome,
) -> TaskState | None:
    task = tasks.lock(connection, claim.task_id)
    if task is None or outcomes.is_recorded(connection, claim.held):
        return None
    ending = ending_with(task)
    reviewed = outcome.status is ItemStatus.REVIEWED
    if reviewed and ending is not None:
        # Nobody will decide any more, and whoever stopped the task saw this item in our hands.
        outcome = replace(ending, reading=outcome.reading, details=outcome.details)
        reviewed = False
    if reviewed:
        outcomes.record_review(connection, claim.held, outcome)
    else:
        outcomes.record(connection, claim.held, outcome)
        if claim.attempt > 1 or outcome.status is not ItemStatus.DONE:
            late_looks.want(connection, [claim.held.item.id])
    news = claim.flush(connection, outcome)
    tasks.note_wait(connection, task, None)
    task = tasks.count_finished(connection, task, 0 if reviewed else 1)
    news += item_events(connection, [claim.held.item.id], definition.announcement)
    told = _spoken(claim.key, definition, outcome)
    news += [log_event(told, _level(outcome)), progress_event(task, told)]
    events.append(connection, task.id, news)
    ended = conclude(connection, task, definition.announcement)
    if ended is not None:
        slots.end(connection, claim.held.slot_id)
    elif definition.review_item:
        await_decision(connection, task)
    return ended


def _level(outcome: ItemOutcome) -> str:
    return "warning" if outcome.status in (ItemStatus.FAILED, ItemStatus.UNVERIFIED) else "info"


def _spoken(key: str, definition: TaskDefinition[Any], outcome: ItemOutcome) -> str:
    word = definition.announcement.word(outcome.status).replace("_", " ")
    return f"{key}: {word}" + (f" ({outcome.detail})" if outcome.detail else "")
