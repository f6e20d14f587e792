"""A task is cancelled before its next item; what may have been clicked is read first."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.contracts import ItemOutcome, Verdict
from shared.errors import StateConflict
from shared.record import Record, claims, events, intents, items, tasks
from shared.record.steering import cancel
from shared.record.tasks import Task
from shared.task_state import ItemStatus, TaskState
from tests.integration.record.given import (
    TERMS,
    accepted,
    claimed,
    finished,
    planned,
    running,
    stored,
)
from tests.integration.record.processes import together

UNVERIFIED = ItemOutcome(ItemStatus.UNVERIFIED, "who knows", verdict=Verdict.UNKNOWN)


def _cancel(record: Record, task_id: str, by: str = "default") -> Task:
    with record.write() as connection:
        task = tasks.lock(connection, task_id)
        assert task is not None
        cancel(connection, task, by)
    return stored(record, task_id)


def _statuses(record: Record, task_id: str) -> dict[str, str]:
    with record.read() as connection:
        return {item.key: item.status.value for item in items.page(connection, task_id, -1, 100)}


def _kinds(record: Record, task_id: str) -> list[str]:
    with record.read() as connection:
        return [event.type.value for event in events.after(connection, task_id, 0, 1000)]


def cancel_it(url: str, task_id: str, by: str) -> str:
    """Cancel a task from another process; the state it then has."""
    record = Record(url)
    state = _cancel(record, task_id, by).state.value
    record.close()
    return state


@pytest.mark.parametrize("begun", [accepted, running])
def test_a_task_without_items_is_cancelled_at_once(
    record: Record, begun: Callable[[Record], Task]
) -> None:
    task = begun(record)

    cancelled = _cancel(record, task.id)

    assert (cancelled.state, cancelled.error) == (TaskState.CANCELLED, "Cancelled by default")
    assert cancelled.error_code == "cancelled"
    assert _kinds(record, task.id)[-1] == "failed"


def test_what_nobody_works_on_is_skipped_and_the_task_ends_at_once(record: Record) -> None:
    task = planned(record, ["a", "b"])
    finished(record, claimed(record, task.id))

    assert _cancel(record, task.id).state is TaskState.CANCELLED

    assert _statuses(record, task.id) == {"a": "done", "b": "skipped"}
    result = stored(record, task.id).result
    assert result is not None
    assert result["message"] == "1 done, 1 skipped"
    assert _kinds(record, task.id).count("failed") == 1


def test_what_is_in_hand_is_finished_first(record: Record) -> None:
    task = planned(record, ["a", "b"])
    held = claimed(record, task.id)

    assert _cancel(record, task.id).state is TaskState.CANCELLING
    assert _statuses(record, task.id) == {"a": "in_progress", "b": "skipped"}

    assert finished(record, held)
    last = stored(record, task.id)
    assert (last.state, last.finished) == (TaskState.CANCELLED, 2)


def test_what_may_have_been_clicked_is_left_to_be_read(record: Record) -> None:
    # Given an item whose slot died after its intent
    task = planned(record, ["a", "b"])
    held = claimed(record, task.id)
    with record.write() as connection:
        intents.state(connection, held, TERMS)
        claims.release_slot(connection, held.slot_id)

    # When the task is cancelled, Then that item is still to be worked on, at once
    assert _cancel(record, task.id).state is TaskState.CANCELLING
    assert _statuses(record, task.id) == {"a": "new", "b": "skipped"}
    assert finished(record, claimed(record, task.id, "slot-2"), UNVERIFIED)
    assert stored(record, task.id).state is TaskState.CANCELLED


def test_a_task_that_failed_in_one_hand_is_cancelled_while_another_works(record: Record) -> None:
    # Given a task that cannot go on, with an item still in hand
    task = planned(record, ["a"])
    held = claimed(record, task.id)
    with record.write() as connection:
        tasks.note_failure(connection, task, "login_refused", "Wrong password.")

    # When it is cancelled, Then it says by whom, and keeps what was wrong before
    _cancel(record, task.id)
    assert finished(record, held)
    last = stored(record, task.id)
    assert (last.state, last.error_code) == (TaskState.CANCELLED, "cancelled")
    assert last.error == "Cancelled by default; before that: Wrong password."


def test_cancelling_again_changes_nothing(record: Record) -> None:
    task = planned(record, ["a", "b"])
    claimed(record, task.id)
    first = _cancel(record, task.id, "one")

    assert _cancel(record, task.id, "other") == first


def test_callers_that_cancel_together_end_it_once(record: Record, record_url: str) -> None:
    task = planned(record, ["a", "b", "c"])

    states = together(cancel_it, [(record_url, task.id, name) for name in "xyz"])

    assert set(states) == {"cancelled"}
    assert _kinds(record, task.id).count("failed") == 1
    assert stored(record, task.id).finished == 3


def test_a_task_that_ended_by_itself_cannot_be_cancelled(record: Record) -> None:
    task = planned(record, ["a"])
    finished(record, claimed(record, task.id))

    with pytest.raises(StateConflict, match="completed"):
        _cancel(record, task.id)
