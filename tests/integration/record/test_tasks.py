"""Tasks: accepted once, moved by one table of transitions, listed newest first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from shared.contracts import EventType
from shared.errors import TransitionRefused
from shared.record import Record, events, tasks
from shared.record.tasks import Task, TaskEnding
from shared.task_state import ALLOWED_TRANSITIONS, FINAL_STATES, TaskState
from tests.integration.record.given import NOON, a_task, accepted, looked_at, planned, running


def _stored(record: Record, task_id: str) -> Task:
    with record.read() as connection:
        task = tasks.get(connection, task_id)
    assert task is not None
    return task


def _events(record: Record, task_id: str) -> list[tuple[int, str]]:
    with record.read() as connection:
        return [(event.id, event.type.value) for event in events.after(connection, task_id, 0, 99)]


def _in_state(record: Record, state: TaskState) -> Task:
    task = accepted(record, state=state)
    assert task.state is state
    return task


def test_an_accepted_task_is_stored_whole_and_due_at_once_with_its_first_event(
    record: Record,
) -> None:
    # Given a task with everything a caller can say
    wanted = a_task(
        params={"batch_ids": ["BATCH001", "7"], "remark": "मंज़ूर 👍", "deep": [{"a": None}]},
        request_id="request-1",
        idempotency_key="key-1",
        idempotency_hash="hash-1",
    )

    # When it is accepted
    with record.write() as connection:
        tasks.insert_all(connection, [wanted])

    # Then the record holds all of it, due since it was made, and its history has begun
    expected = replace(wanted, next_ring_at=wanted.created_at, last_event=1)
    assert _stored(record, wanted.id) == expected
    with record.read() as connection:
        (first,) = events.after(connection, wanted.id, 0, 10)
    assert (first.id, first.type) == (1, EventType.STATUS)
    assert first.data == {"status": "pending", "state": "pending", "progress": 0}


def test_one_task_alone_is_accepted_as_many_are(record: Record) -> None:
    # Given two alike, When one is accepted by itself and one in a group
    alone = a_task(created_at=NOON)
    grouped = a_task(created_at=NOON)
    with record.write() as connection:
        tasks.insert(connection, alone)
        tasks.insert_all(connection, [grouped])

    # Then nothing but the id differs
    assert replace(_stored(record, alone.id), id=grouped.id) == _stored(record, grouped.id)
    assert _events(record, alone.id) == _events(record, grouped.id)


def test_a_caller_uses_an_idempotency_key_once(record: Record) -> None:
    # Given a task made with a key
    first = accepted(record, idempotency_key="k")

    # When the same caller uses the key again, Then it is refused and nothing is left of the group
    again = [a_task(idempotency_key="other"), a_task(idempotency_key="k")]
    with pytest.raises(IntegrityError), record.write() as connection:
        tasks.insert_all(connection, again)
    with record.read() as connection:
        assert tasks.count(connection) == 1
        assert tasks.by_idempotency_key(connection, "default", "k") == first
        assert tasks.by_idempotency_key(connection, "default", "other") is None


def test_another_caller_may_use_the_same_key_and_no_key_at_all_is_never_taken(
    record: Record,
) -> None:
    accepted(record, idempotency_key="k", caller="one")
    accepted(record, idempotency_key="k", caller="two")
    accepted(record)
    accepted(record)

    with record.read() as connection:
        assert tasks.count(connection) == 4


@pytest.mark.parametrize("current", TaskState)
def test_a_task_goes_where_the_table_lets_it_and_nowhere_else(
    record: Record, current: TaskState
) -> None:
    for wanted in TaskState:
        # Given a task in one state
        task = _in_state(record, current)

        # When it is to go to another one
        try:
            with record.write() as connection:
                locked = tasks.lock(connection, task.id)
                assert locked is not None
                tasks.set_state(connection, locked, wanted)
        except TransitionRefused:
            moved = False
        else:
            moved = True

        # Then it goes exactly if the table says so, and a refusal leaves no trace
        assert moved == (wanted in ALLOWED_TRANSITIONS[current])
        stored = _stored(record, task.id)
        assert stored.state is (wanted if moved else current)
        assert stored.last_event == 1 + moved + (moved and wanted.is_final)
        assert (stored.finished_at is not None) == (moved and wanted.is_final)


def test_a_running_task_keeps_the_moment_it_first_ran(record: Record) -> None:
    # Given a task that ran and awaits a decision
    task = running(record)
    began = _stored(record, task.id).started_at
    assert began is not None
    with record.write() as connection:
        tasks.set_state(connection, task, TaskState.AWAITING_DECISION)

    # When it runs again
    with record.write() as connection:
        tasks.set_state(connection, _stored(record, task.id), TaskState.RUNNING)

    # Then it has still begun when it first did
    assert _stored(record, task.id).started_at == began


def test_a_completed_task_is_whole_at_100_with_its_result_and_final_event(record: Record) -> None:
    task = running(record)
    result = {"message": "1 approved", "screenshot": "a.webp", "files": [], "counts": {}}

    with record.write() as connection:
        tasks.set_state(connection, task, TaskState.COMPLETED, TaskEnding(result))

    stored = _stored(record, task.id)
    assert (stored.progress, stored.result, stored.next_ring_at) == (100, result, None)
    with record.read() as connection:
        status, final = events.after(connection, task.id, 2, 10)
    assert status.data == {"status": "completed", "state": "completed", "progress": 100}
    assert (final.type, final.data) == (
        EventType.COMPLETED,
        {"message": "1 approved", "result": result},
    )


@pytest.mark.parametrize(
    ("state", "through", "code"),
    [
        (TaskState.FAILED, [], "login_refused"),
        (TaskState.CANCELLED, [TaskState.CANCELLING], "cancelled"),
    ],
)
def test_a_task_that_did_not_complete_says_why_in_its_final_event(
    record: Record, state: TaskState, through: list[TaskState], code: str
) -> None:
    task = running(record)
    for step in through:
        with record.write() as connection:
            tasks.set_state(connection, task, step)
        task = _stored(record, task.id)

    with record.write() as connection:
        ending = TaskEnding({"screenshot": "x.webp"}, "It went wrong.", "login_refused")
        tasks.set_state(connection, task, state, ending)

    stored = _stored(record, task.id)
    assert (stored.error, stored.error_code) == ("It went wrong.", "login_refused")
    with record.read() as connection:
        final = events.after(connection, task.id, stored.last_event - 1, 1)[0]
    assert final.type is EventType.FAILED
    assert final.data == {"error": "It went wrong.", "code": code, "screenshot": "x.webp"}


@pytest.mark.parametrize("state", sorted(FINAL_STATES))
def test_nothing_follows_the_final_event(record: Record, state: TaskState) -> None:
    # Given a task that has ended
    task = running(record)
    if state is TaskState.CANCELLED:
        with record.write() as connection:
            tasks.set_state(connection, task, TaskState.CANCELLING)
        task = _stored(record, task.id)
    with record.write() as connection:
        tasks.set_state(connection, task, state)
    before = _events(record, task.id)

    # When something more is to be told
    with record.write() as connection:
        told = events.append(
            connection, task.id, [events.NewEvent(EventType.LOG, {"message": "late"})]
        )
        tasks.ring_now(connection, task.id)
        tasks.put_off(connection, task.id, None)

    # Then it is not, and nobody is rung for the task any more
    assert told is False
    assert _events(record, task.id) == before
    assert _stored(record, task.id).next_ring_at is None


def test_finished_items_are_counted_and_progress_neither_falls_nor_reaches_100(
    record: Record,
) -> None:
    task = planned(record, ["a", "b", "c"])
    seen = []
    for _ in range(3):
        with record.write() as connection:
            task = tasks.count_finished(connection, task, 1)
        seen.append((task.finished, task.progress))

    assert seen == [(1, 33), (2, 66), (3, 99)]
    assert _stored(record, task.id).finished == 3
    with record.write() as connection:
        again = tasks.count_finished(connection, replace(task, finished=0), 0)
    assert again.progress == 99


def test_the_first_reason_of_a_failure_stands(record: Record) -> None:
    task = running(record)
    with record.write() as connection:
        task = tasks.note_failure(connection, task, "login_refused", "Wrong password.")
        task = tasks.note_failure(connection, task, "portal_timeout", "Too slow.")

    assert (task.error_code, task.error) == ("login_refused", "Wrong password.")
    assert _stored(record, task.id).error == "Wrong password."


def test_planning_attempts_are_counted_before_they_are_made(record: Record) -> None:
    task = running(record)
    with record.write() as connection:
        task = tasks.begin_planning(connection, task)
        task = tasks.begin_planning(connection, task)

    assert task.plan_attempts == 2
    assert _stored(record, task.id).plan_attempts == 2


def test_a_task_is_rung_sooner_but_never_later_than_it_was_to_be(record: Record) -> None:
    task = accepted(record, created_at=NOON)
    with record.write() as connection:
        tasks.ring_at(connection, task.id, NOON + timedelta(hours=1))
    assert _stored(record, task.id).next_ring_at == NOON

    looked_at(record, task.id)
    with record.write() as connection:
        tasks.ring_at(connection, task.id, NOON + timedelta(hours=1))
    assert _stored(record, task.id).next_ring_at == NOON + timedelta(hours=1)


def test_an_unknown_task_is_none(record: Record) -> None:
    with record.write() as connection:
        assert tasks.get(connection, "nobody") is None
        assert tasks.lock(connection, "nobody") is None
