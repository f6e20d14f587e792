"""What failed or is unverified is tried by a new task, once."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from shared.contracts import ItemOutcome, Verdict
from shared.errors import StateConflict
from shared.record import Record, items, task_types, tasks
from shared.record.steering import abilities, cancel, retried, retry, successor_of
from shared.record.task_types import TaskType
from shared.record.tasks import Task
from shared.task_state import ItemStatus, TaskState
from tests.integration.record.given import (
    DONE,
    accepted,
    claimed,
    finished,
    planned,
    running,
    stored,
)
from tests.integration.record.processes import together

APPROVE = TaskType("approve_batches", "", "", "1", "write", {}, keys_param="batch_ids")
FAILED = ItemOutcome(ItemStatus.FAILED, "timeout", error="timeout")
UNVERIFIED = ItemOutcome(ItemStatus.UNVERIFIED, "who knows", verdict=Verdict.UNKNOWN)


def _retry(record: Record, task_id: str) -> Task:
    with record.write() as connection:
        task_types.announce(connection, APPROVE)
        task = tasks.lock(connection, task_id)
        assert task is not None
        return retry(connection, task, "default", "request-9")


def _can(record: Record, task_id: str) -> list[str]:
    with record.read() as connection:
        counts = items.counts(connection, [task_id]).get(task_id, {})
        known = retried(connection, [task_id, "another"])
    return abilities(stored(record, task_id), counts, retried=task_id in known)


def retry_it(url: str, task_id: str) -> str:
    """Retry a task from another process; the new task's id, or why there is none."""
    record = Record(url)
    try:
        return _retry(record, task_id).id
    except StateConflict as conflict:
        return f"conflict: {conflict.message}"
    finally:
        record.close()


def test_a_new_task_tries_what_failed_or_is_unverified(record: Record) -> None:
    # Given a task whose items ended in different ways
    task = planned(record, ["a", "b", "c", "d"], params={"remark": "ok", "batch_count": 4})
    for outcome in (FAILED, DONE, UNVERIFIED, ItemOutcome(ItemStatus.REFUSED, "no")):
        finished(record, claimed(record, task.id), outcome)
    assert _can(record, task.id) == ["retry"]

    # When it is retried
    new = _retry(record, task.id)

    # Then the new one names what is left, in order, and waits to be rung
    made = stored(record, new.id)
    assert made.params == {"remark": "ok", "batch_count": 4, "batch_ids": ["a", "c"]}
    assert (made.state, made.retry_of) == (TaskState.PENDING, task.id)
    assert (made.request_id, made.next_ring_at) == ("request-9", made.created_at)
    with record.read() as connection:
        assert successor_of(connection, task.id) == new.id
        assert successor_of(connection, new.id) is None
    assert _can(record, task.id) == []


def test_a_task_has_one_successor_even_if_callers_retry_it_together(
    record: Record, record_url: str
) -> None:
    task = planned(record, ["a"])
    finished(record, claimed(record, task.id), FAILED)

    answers = together(retry_it, [(record_url, task.id)] * 3)

    (new,) = [answer for answer in answers if not answer.startswith("conflict")]
    refused = f"conflict: The task was retried already: task {new} is its successor."
    assert sorted(answers) == sorted([new, refused, refused])
    with pytest.raises(IntegrityError):
        accepted(record, retry_of=task.id)


def test_a_task_that_failed_before_it_was_planned_is_tried_whole(record: Record) -> None:
    task = running(record, params={"all_pending": True})
    with record.write() as connection:
        tasks.set_state(connection, task, TaskState.FAILED)

    assert _can(record, task.id) == ["retry"]
    assert _retry(record, task.id).params == {"all_pending": True}


def test_a_task_that_was_cancelled_before_it_was_planned_has_nothing_to_retry(
    record: Record,
) -> None:
    task = running(record)
    with record.write() as connection:
        cancel(connection, task, "default")

    assert _can(record, task.id) == []
    with pytest.raises(StateConflict, match="is cancelled, and no item"):
        _retry(record, task.id)


def test_there_must_be_an_end_and_something_left_to_retry(record: Record) -> None:
    at_work, done = planned(record, ["a"]), planned(record, ["b"])
    finished(record, claimed(record, done.id))

    with pytest.raises(StateConflict, match="only a finished task"):
        _retry(record, at_work.id)
    with pytest.raises(StateConflict, match="nothing to retry"):
        _retry(record, done.id)
    assert _can(record, at_work.id) == ["cancel"]
    assert _can(record, done.id) == []
