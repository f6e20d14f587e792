"""Items: the lines of a task, in the order in which they were named."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from shared.record import Record, claims, items, outcomes, tasks
from shared.task_state import ItemStatus, TaskState
from tests.integration.record.given import (
    ACTION,
    DONE,
    PORTAL,
    accepted,
    claimed,
    planned,
    running,
)


def test_items_keep_the_order_in_which_they_were_named(record: Record) -> None:
    keys = ["7", "007", "BATCH 1", "मंज़ूर", "z", "a"]
    task = planned(record, keys)

    with record.read() as connection:
        made = items.page(connection, task.id, -1, 100)

    assert [item.key for item in made] == keys
    assert [item.position for item in made] == list(range(len(keys)))
    assert {item.status for item in made} == {ItemStatus.NEW}
    assert {(item.portal, item.action, item.attempts) for item in made} == {(PORTAL, ACTION, 0)}


def test_items_come_in_pages(record: Record) -> None:
    task = planned(record, [str(number) for number in range(7)])
    planned(record, ["another task's"])

    with record.read() as connection:
        first = items.page(connection, task.id, -1, 3)
        second = items.page(connection, task.id, first[-1].position, 3)
        third = items.page(connection, task.id, second[-1].position, 3)
        assert items.page(connection, task.id, third[-1].position, 3) == []

    assert [item.key for item in (*first, *second, *third)] == [str(n) for n in range(7)]


def test_items_asked_for_by_number_come_in_the_order_of_their_task(record: Record) -> None:
    task = planned(record, ["c", "a", "b"])
    with record.read() as connection:
        made = items.page(connection, task.id, -1, 10)

        found = items.of_ids(connection, [made[2].id, made[0].id])

        assert found == [made[0], made[2]]
        assert items.get(connection, made[1].id) == made[1]
        assert items.of_ids(connection, []) == []


def test_a_task_has_no_two_items_with_one_key(record: Record) -> None:
    task = running(record)

    with pytest.raises(IntegrityError), record.write() as connection:
        items.insert(connection, task.id, PORTAL, ACTION, ["a", "b", "a"])

    with record.read() as connection:
        assert items.page(connection, task.id, -1, 10) == []


def test_a_task_is_planned_once_even_if_two_tried(record: Record) -> None:
    task = planned(record, ["a", "b"])

    with pytest.raises(IntegrityError), record.write() as connection:
        items.insert(connection, task.id, PORTAL, ACTION, ["c"])


def test_a_plan_may_name_nothing_to_do(record: Record) -> None:
    task = planned(record, [])

    assert task.total == 0
    with record.read() as connection:
        assert items.page(connection, task.id, -1, 10) == []
        assert items.counts(connection, [task.id]) == {}


def test_items_are_counted_by_status(record: Record) -> None:
    one, other = planned(record, ["a", "b", "c"]), planned(record, ["x"])
    held = claimed(record, one.id)
    with record.write() as connection:
        outcomes.record(connection, held, DONE)
    claimed(record, one.id)

    with record.read() as connection:
        counted = items.counts(connection, [one.id, other.id, "nobody"])

    assert counted == {
        one.id: {ItemStatus.DONE: 1, ItemStatus.IN_PROGRESS: 1, ItemStatus.NEW: 1},
        other.id: {ItemStatus.NEW: 1},
    }


def test_planning_leaves_out_what_another_open_task_is_still_to_work_on(record: Record) -> None:
    # Given a task at work: one item done, one in hand, one new
    at_work = planned(record, ["done", "in hand", "new"])
    with record.write() as connection:
        first = claims.take_next(connection, at_work.id, "slot-1")
        assert first is not None
        outcomes.record(connection, first, DONE)
    claimed(record, at_work.id)
    # And others that do not count: ended, another portal, another action, not planned
    ended = planned(record, ["of an ended task"])
    with record.write() as connection:
        tasks.set_state(connection, ended, TaskState.FAILED)
    planned(record, ["elsewhere"], portal="https://other.example.org")
    own = accepted(record)

    # When another task is planned
    with record.read() as connection:
        taken = items.open_elsewhere(connection, own.id, PORTAL, ACTION)
        of_its_own = items.open_elsewhere(connection, at_work.id, PORTAL, ACTION)
        other_action = items.open_elsewhere(connection, own.id, PORTAL, "reject")

    # Then it leaves out what is open there
    assert taken == {"in hand", "new"}
    assert of_its_own == set()
    assert other_action == set()
