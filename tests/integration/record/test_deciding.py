"""A task that was only to look waits for a decision, and works on exactly what was chosen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.contracts import ItemOutcome, Review
from shared.errors import InvalidParams, StateConflict
from shared.record import Record, claims, items, outcomes, tasks
from shared.record.conclusion import await_decision
from shared.record.decisions import Decision
from shared.record.items import Item
from shared.record.steering import abilities, cancel, cancel_undecided, decide
from shared.record.tasks import Task
from shared.task_state import ItemStatus, TaskState
from shared.utils import utc_now
from tests.integration.record.given import (
    NOON,
    a_reading,
    accepted,
    claimed,
    finished,
    planned,
    stored,
)
from tests.integration.record.processes import together

SHOWN = ItemOutcome(
    ItemStatus.REVIEWED,
    "would be approved",
    reading=a_reading("Pending"),
    details={"District": "Pune"},
)


def _reviewed(record: Record, keys: list[str]) -> Task:
    """A task that waits for a decision about these items."""
    task = planned(record, keys)
    for _ in keys:
        held = claimed(record, task.id)
        with record.write() as connection:
            outcomes.record_review(connection, held, SHOWN)
            await_decision(connection, task)
    return stored(record, task.id)


def _decide(record: Record, task_id: str, wanted: Decision) -> Task:
    with record.write() as connection:
        task = tasks.lock(connection, task_id)
        assert task is not None
        decide(connection, task, wanted, "the officer")
    return stored(record, task_id)


def _items(record: Record, task_id: str) -> dict[str, Item]:
    with record.read() as connection:
        return {item.key: item for item in items.page(connection, task_id, -1, 100)}


def _statuses(record: Record, task_id: str) -> dict[str, str]:
    return {key: item.status.value for key, item in _items(record, task_id).items()}


def decide_it(url: str, task_id: str, wanted: Decision) -> str:
    """Decide from another process; "decided", or the state that forbids it."""
    record = Record(url)
    try:
        _decide(record, task_id, wanted)
    except StateConflict as conflict:
        return str(conflict.state)
    finally:
        record.close()
    return "decided"


def test_what_was_shown_is_kept_and_nobody_holds_it(record: Record) -> None:
    task = _reviewed(record, ["a"])

    item = _items(record, task.id)["a"]
    assert (item.status, item.details, item.slot_id) == (
        ItemStatus.REVIEWED,
        {"District": "Pune"},
        None,
    )
    assert item.review is not None
    review = Review(**item.review)
    assert (review.words, review.read_at) == ("Pending", "2026-01-01T12:00:00.000Z")
    assert review.still_holds(a_reading("Pending"))
    assert not review.still_holds(a_reading("Pending", columns={"District": "Nagpur"}))
    with record.read() as connection:
        assert claims.held(connection) == []


def test_a_task_waits_once_everything_was_looked_at(record: Record) -> None:
    # Given a task with an item shown and one in hand
    task = planned(record, ["a", "b"])
    first, second = claimed(record, task.id), claimed(record, task.id)
    with record.write() as connection:
        outcomes.record_review(connection, first, SHOWN)
        assert not await_decision(connection, task)

    # When the other one ended without anything to decide
    with record.write() as connection:
        outcomes.record(connection, second, ItemOutcome(ItemStatus.NOT_FOUND, "gone"))
        assert await_decision(connection, tasks.count_finished(connection, task, 1))

    # Then the task waits
    waiting = stored(record, task.id)
    assert waiting.state is TaskState.AWAITING_DECISION
    assert waiting.awaiting_since is not None
    assert abilities(waiting, {}, retried=False) == ["cancel", "decide"]


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (Decision(None, []), {"a": "new", "b": "new", "c": "new"}),
        (Decision(None, ["b"]), {"a": "new", "b": "skipped", "c": "new"}),
        (Decision(["c"], []), {"a": "skipped", "b": "skipped", "c": "new"}),
        (Decision(["c"], ["a"]), {"a": "skipped", "b": "skipped", "c": "new"}),
    ],
)
def test_exactly_what_was_chosen_is_worked_on(
    record: Record, wanted: Decision, left: dict[str, str]
) -> None:
    task = _reviewed(record, ["a", "b", "c"])

    decided = _decide(record, task.id, wanted)

    assert decided.state is TaskState.RUNNING
    assert decided.next_ring_at is not None
    assert decided.next_ring_at <= utc_now()
    assert _statuses(record, task.id) == left
    assert decided.finished == list(left.values()).count("skipped")


def test_what_was_chosen_begins_its_attempts_anew(record: Record) -> None:
    task = _reviewed(record, ["a"])
    _decide(record, task.id, Decision(["a"], []))

    held = claimed(record, task.id)

    assert (held.item.attempts, held.tries) == (2, 1)
    assert finished(record, held)
    assert stored(record, task.id).state is TaskState.COMPLETED


def test_what_was_shown_stays_with_an_item_that_is_not_worked_on_after_all(record: Record) -> None:
    task = _reviewed(record, ["a"])
    decided = _decide(record, task.id, Decision(["a"], []))

    with record.write() as connection:
        cancel(connection, decided, "default")

    item = _items(record, task.id)["a"]
    assert (item.status, item.details) == (ItemStatus.SKIPPED, {"District": "Pune"})


def test_a_decision_for_nothing_ends_the_task(record: Record) -> None:
    task = _reviewed(record, ["a", "b"])

    decided = _decide(record, task.id, Decision([], []))

    assert decided.state is TaskState.COMPLETED
    assert set(_statuses(record, task.id).values()) == {"skipped"}
    item = _items(record, task.id)["a"]
    assert (item.detail, item.details) == ("Not approved by the officer", {"District": "Pune"})


def test_the_same_decision_again_changes_nothing_and_another_one_is_refused(
    record: Record,
) -> None:
    task = _reviewed(record, ["a", "b", "c"])
    first = _decide(record, task.id, Decision(["a", "b"], ["c"]))

    assert _decide(record, task.id, Decision(["b", "a", "a"], ["c"])) == first
    with pytest.raises(StateConflict, match="running"):
        _decide(record, task.id, Decision(["a"], ["c"]))
    assert stored(record, task.id) == first


def test_of_callers_that_decide_together_one_decides(record: Record, record_url: str) -> None:
    task = _reviewed(record, ["a", "b", "c"])

    answers = together(
        decide_it, [(record_url, task.id, Decision([key], [])) for key in ("a", "b", "c")]
    )

    assert sorted(answers) == ["decided", "running", "running"]
    assert sorted(_statuses(record, task.id).values()) == ["new", "skipped", "skipped"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Decision(["a", "x"], []), "'x' was not shown"),
        (Decision(None, ["x"]), "'x' was not shown"),
        (Decision(["a"], ["a"]), "'a' is rejected too"),
    ],
)
def test_a_decision_about_what_was_not_shown_decides_nothing(
    record: Record, wanted: Decision, said: str
) -> None:
    task = _reviewed(record, ["a", "b"])

    with pytest.raises(InvalidParams, match=said):
        _decide(record, task.id, wanted)

    assert stored(record, task.id) == task
    assert set(_statuses(record, task.id).values()) == {"reviewed"}


def test_a_task_that_does_not_wait_cannot_be_decided(record: Record) -> None:
    task = accepted(record)

    with pytest.raises(StateConflict, match="pending"):
        _decide(record, task.id, Decision(None, []))


def test_a_waiting_task_can_be_cancelled(record: Record) -> None:
    task = _reviewed(record, ["a"])

    with record.write() as connection:
        cancel(connection, task, "default")

    assert stored(record, task.id).state is TaskState.CANCELLED
    assert _statuses(record, task.id) == {"a": "skipped"}


def test_a_task_nobody_decides_is_cancelled_in_time_and_not_before(record: Record) -> None:
    waiting, decided = _reviewed(record, ["a"]), _reviewed(record, ["b"])
    _decide(record, decided.id, Decision(None, []))
    later = utc_now() + timedelta(seconds=1)

    with record.write() as connection:
        assert tasks.undecided_since(connection, NOON) == []
        assert not cancel_undecided(connection, waiting.id, NOON)
        assert tasks.undecided_since(connection, later) == [waiting.id]
        assert cancel_undecided(connection, waiting.id, later)
        assert not cancel_undecided(connection, waiting.id, later)
        assert not cancel_undecided(connection, decided.id, later)

    ended = stored(record, waiting.id)
    assert ended.state is TaskState.CANCELLED
    assert ended.error == "Cancelled by the system: nobody decided in time"
    assert stored(record, decided.id).error is None
