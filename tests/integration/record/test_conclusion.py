"""A task ends with its last item, once, in the words that clients see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.contracts import EventType, EvidenceKind, ItemOutcome
from shared.record import Record, artifacts, events, outcomes, tasks
from shared.record.conclusion import conclude, end, result_of
from shared.record.task_types import TaskType
from shared.record.tasks import Task
from shared.task_state import ItemStatus, TaskState
from tests.integration.record.given import a_piece, claimed, finished, planned, running

APPROVE = TaskType(
    "approve_batches", "", "", "1", "write", {}, words={"done": "approved", "refused": "rejected"}
)
REFUSED = ItemOutcome(ItemStatus.REFUSED, "Seats exceeded")


def _stored(record: Record, task_id: str) -> Task:
    with record.read() as connection:
        task = tasks.get(connection, task_id)
    assert task is not None
    return task


def test_a_task_is_final_with_its_last_item_and_not_before(record: Record) -> None:
    task = planned(record, ["a", "b"])

    assert not finished(record, claimed(record, task.id))
    assert _stored(record, task.id).state is TaskState.RUNNING
    assert finished(record, claimed(record, task.id), REFUSED)

    stored = _stored(record, task.id)
    assert (stored.state, stored.progress, stored.error) == (TaskState.COMPLETED, 100, None)
    assert stored.result is not None
    assert stored.result["message"] == "1 done, 1 refused"


def test_a_task_that_is_not_planned_yet_is_not_final(record: Record) -> None:
    task = running(record)

    with record.write() as connection:
        assert not conclude(connection, task, APPROVE)

    assert _stored(record, task.id).state is TaskState.RUNNING


def test_a_task_with_nothing_to_do_is_final_at_once(record: Record) -> None:
    task = planned(record, [])

    with record.write() as connection:
        assert conclude(connection, task, APPROVE)

    stored = _stored(record, task.id)
    assert stored.result is not None
    assert (stored.state, stored.result["message"]) == (TaskState.COMPLETED, "Nothing to do")


@pytest.mark.parametrize(
    ("cancelling", "error", "state"),
    [
        (False, None, TaskState.COMPLETED),
        (False, "Login refused.", TaskState.FAILED),
        (True, "Cancelled by default", TaskState.CANCELLED),
    ],
)
def test_a_task_ends_failed_or_cancelled_if_that_was_noted_meanwhile(
    record: Record, cancelling: bool, error: str | None, state: TaskState
) -> None:
    # Given a task with its last item in hand, of which something was noted
    task = planned(record, ["a"])
    held = claimed(record, task.id)
    with record.write() as connection:
        if error is not None:
            task = tasks.note_failure(connection, task, "some_code", error)
        if cancelling:
            tasks.set_state(connection, task, TaskState.CANCELLING)

    # When the item ends, Then so does the task, as noted, with what was done all the same
    assert finished(record, held)
    stored = _stored(record, task.id)
    assert (stored.state, stored.error) == (state, error)
    assert stored.result is not None
    assert stored.result["counts"] == {"done": 1}
    with record.read() as connection:
        last = events.after(connection, task.id, stored.last_event - 1, 10)
    final = EventType.COMPLETED if state is TaskState.COMPLETED else EventType.FAILED
    assert [event.type for event in last] == [final]


def test_a_result_counts_items_and_names_the_newest_picture_and_the_files(record: Record) -> None:
    # Given items with pictures before and after, and deliverables of the task
    task = planned(record, ["a", "b", "c", "d"])
    for number, outcome in enumerate(["done", "refused", "done"]):
        held = claimed(record, task.id)
        with record.write() as connection:
            artifacts.insert(
                connection,
                task.id,
                held.item.id,
                [
                    a_piece(f"{number}/before.webp", EvidenceKind.BEFORE),
                    a_piece(f"{number}/after.webp"),
                ],
            )
            outcomes.record(connection, held, ItemOutcome(ItemStatus(outcome), ""))
    with record.write() as connection:
        pieces = [a_piece(name, EvidenceKind.FILE) for name in ("old.csv", "new.csv")]
        artifacts.insert(connection, task.id, None, pieces)

    with record.read() as connection:
        result = result_of(connection, task.id, APPROVE)

    assert result == {
        "message": "2 approved, 1 rejected, 1 new",
        "counts": {"approved": 2, "rejected": 1, "new": 1},
        "screenshot": "2/after.webp",
        "files": ["new.csv", "old.csv"],
    }


def test_without_a_picture_after_the_work_the_newest_other_one_is_shown(record: Record) -> None:
    task = planned(record, ["a"])
    shown: list[str] = []

    for kind in (EvidenceKind.BEFORE, EvidenceKind.ERROR, EvidenceKind.AFTER, EvidenceKind.BEFORE):
        piece = a_piece(f"{len(shown)}/{kind.value}.jpg", kind)
        with record.write() as connection:
            artifacts.insert(connection, task.id, None, [piece])
            shown.append(result_of(connection, task.id, APPROVE)["screenshot"])

    assert shown == ["0/before.jpg", "1/error.jpg", "2/after.jpg", "2/after.jpg"]


def test_a_task_that_came_to_nothing_says_why(record: Record) -> None:
    task = running(record)
    with record.write() as connection:
        task = tasks.note_failure(connection, task, "task_failed", "ESC_BASE_URL is not set.")
        end(connection, task, TaskState.FAILED, APPROVE)

    stored = _stored(record, task.id)
    assert stored.result is not None
    assert stored.result["message"] == "Nothing was done: ESC_BASE_URL is not set."


def test_a_result_of_nothing_is_whole_too(record: Record) -> None:
    task = running(record)

    with record.read() as connection:
        assert result_of(connection, task.id, replace(APPROVE, words={})) == {
            "message": "Nothing to do",
            "counts": {},
            "screenshot": None,
            "files": [],
        }
