"""Doorbells and slots: one dispatcher rings, one process answers, and the dead let go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from shared.record import Record, claims, items, logins, seats, slots, tables, tasks
from shared.record.logins import Account
from shared.record.seats import Seating, Sitter
from shared.record.slots import DueTask, Slot
from shared.task_state import TaskState
from shared.utils import utc_now
from tests.integration.record.given import (
    LATER,
    NOON,
    accepted,
    claimed,
    finished,
    looked_at,
    planned,
    running,
)
from tests.integration.record.processes import together

DISPATCHERS = 4
ACCOUNT = Account("https://esc.example.org", "officer", "ab" * 32)


def _due(record: Record) -> dict[str, tuple[int, int, int]]:
    """Due tasks: how many items could be claimed, slots at work, doorbells not answered."""
    with record.read() as connection:
        return {
            task.id: (task.claimable, task.live, task.queued) for task in slots.due(connection, 100)
        }


def _ring(record: Record, task_id: str, *slot_ids: str) -> None:
    with record.write() as connection:
        slots.ring(connection, task_id, slot_ids)


def _start(record: Record, slot_id: str, worker_id: str = "w", pid: int = 1) -> bool:
    with record.write() as connection:
        return slots.start(connection, slot_id, worker_id, pid)


def ring_what_is_due(url: str, dispatcher: int) -> list[str]:
    """Ring for every due task as a dispatcher does; the tasks for which it had the turn."""
    record = Record(url)
    with record.read() as connection:
        due = slots.due(connection, 100)
    rung = []
    for task in due:
        with record.write() as connection:
            if slots.take_turn_to_ring(connection, task, LATER):
                slots.ring(connection, task.id, [f"{task.id[:30]}-{dispatcher}"])
                rung.append(task.id)
    record.close()
    return rung


def test_unfinished_tasks_are_due_when_their_time_has_come_the_longest_waiting_first(
    record: Record,
) -> None:
    # Given tasks in every state, some to be looked at later
    waiting = [
        accepted(record, state=state, created_at=NOON + timedelta(minutes=-minutes)).id
        for minutes, state in enumerate(TaskState)
    ]
    later = accepted(record).id
    looked_at(record, later)

    # When the dispatcher looks, Then it sees those for which a worker can do something
    with record.read() as connection:
        due = [task.id for task in slots.due(connection, 100)]
        first = [task.id for task in slots.due(connection, 1)]
    states = list(TaskState)
    served = (TaskState.CANCELLING, TaskState.RUNNING, TaskState.PENDING)
    assert due == [waiting[states.index(state)] for state in served]
    assert first == due[:1]


def test_a_due_task_says_how_much_there_is_to_do_and_who_is_at_it(record: Record) -> None:
    # Given an unplanned task, and one with items new, in hand, to be tried later, and done
    unplanned = running(record)
    task = planned(record, ["done", "in hand", "later", "new", "newer"])
    finished(record, claimed(record, task.id))
    claimed(record, task.id)
    later = claimed(record, task.id)
    with record.write() as connection:
        claims.give_back(connection, later, LATER, "timeout")
    # And slots of it that wait, work and are over, and one of another task
    _ring(record, task.id, "waits", "waits too", "works", "over")
    _ring(record, unplanned.id, "another's")
    for pid, slot_id in enumerate(("works", "over", "another's")):
        assert _start(record, slot_id, pid=pid)
    with record.write() as connection:
        slots.end(connection, "over")

    assert _due(record) == {unplanned.id: (1, 1, 0), task.id: (2, 1, 2)}


def test_of_dispatchers_that_look_together_one_rings(record: Record, record_url: str) -> None:
    wanted = {accepted(record).id for _ in range(10)}

    reports = together(ring_what_is_due, [(record_url, n) for n in range(DISPATCHERS)])

    rung = [task_id for report in reports for task_id in report]
    assert sorted(rung) == sorted(wanted)
    with record.read() as connection:
        assert sorted(slot.task_id for slot in slots.queued(connection)) == sorted(wanted)
    assert _due(record) == {}


@pytest.mark.parametrize("ahead", [timedelta(hours=-2), timedelta(hours=2)])
def test_a_clock_that_was_wrong_puts_no_task_off(record: Record, ahead: timedelta) -> None:
    # Given a task last looked at by a dispatcher whose clock was two hours wrong
    task = accepted(record)
    with record.write() as connection:
        connection.execute(tables.tasks.update().values(next_ring_at=utc_now() + ahead))

    # When another one looks, Then it is due
    assert set(_due(record)) == {task.id}


def test_a_delay_of_a_task_begins_when_a_dispatcher_sees_it(record: Record) -> None:
    # Given a task that a worker put off
    task = running(record)
    with record.write() as connection:
        tasks.put_off(connection, task.id, timedelta(seconds=60))

    # When dispatchers look, Then one measures the delay on its own clock, and it is over with it
    with record.write() as connection:
        (seen,) = slots.due(connection, 100)
        assert seen.delay == 60
        assert slots.take_turn_to_ring(connection, seen, timedelta(seconds=seen.delay))
        assert slots.due(connection, 100) == []
        tasks.ring_now(connection, task.id)
        (after,) = slots.due(connection, 100)
    assert after.delay is None


def test_a_dispatcher_that_saw_an_old_due_time_has_no_turn(record: Record) -> None:
    task = accepted(record, created_at=NOON)
    seen = DueTask(task.id, task.task_type, NOON, 1, 0, 0)
    with record.write() as connection:
        assert slots.take_turn_to_ring(connection, seen, LATER)
        tasks.ring_now(connection, task.id)

        assert not slots.take_turn_to_ring(connection, seen, LATER)


def test_the_first_doorbell_bears_the_task_s_id(record: Record) -> None:
    task = accepted(record)
    with record.read() as connection:
        assert not slots.was_rung(connection, task.id)

    _ring(record, task.id, task.id)

    with record.read() as connection:
        assert slots.was_rung(connection, task.id)
        assert slots.queued(connection) == [Slot(task.id, task.id, None, None)]


def test_a_doorbell_is_answered_once_however_often_it_comes(record: Record) -> None:
    task = accepted(record)
    _ring(record, task.id, "s")

    answers = [_start(record, "s"), _start(record, "s", "other"), _start(record, "s", "w", 2)]

    assert answers == [True, False, False]
    with record.read() as connection:
        assert slots.live(connection) == [Slot("s", task.id, "w", 1)]
        assert slots.queued(connection) == []
    assert not _start(record, "never rung")


def test_a_process_that_never_heard_it_had_answered_may_go_on_but_not_begin_again(
    record: Record,
) -> None:
    _ring(record, accepted(record).id, "s")
    assert _start(record, "s")

    assert _start(record, "s")

    with record.write() as connection:
        slots.end(connection, "s")
    assert not _start(record, "s")


def test_a_doorbell_given_up_may_still_be_answered_late(record: Record) -> None:
    # Given a doorbell that nobody answered for long
    task = accepted(record)
    _ring(record, task.id, "late", "answered")
    _start(record, "answered")
    with record.write() as connection:
        slots.end_queued(connection, ["late", "answered"])
    with record.read() as connection:
        assert slots.queued(connection) == []
        assert [slot.id for slot in slots.live(connection)] == ["answered"]

    # When somebody does, Then he is at work like any other
    assert _start(record, "late", pid=2)
    with record.read() as connection:
        assert {slot.id for slot in slots.live(connection)} == {"late", "answered"}


def _end(connection: Connection, slot_id: str) -> list[str]:
    return slots.end(connection, slot_id)


def _end_as_silent(connection: Connection, slot_id: str) -> list[str]:
    signs = [one for one in claims.held(connection) if claims.holder_of(connection, one) == slot_id]
    ended = [slots.end_silent(connection, sign) for sign in signs]
    return [task_id for task_id in ended if task_id is not None]


@pytest.mark.parametrize("end", [_end, _end_as_silent])
def test_a_slot_that_ends_lets_go_of_items_its_seat_and_its_turn_to_log_in(
    record: Record, end: Callable[[Connection, str], list[str]]
) -> None:
    # Given a slot with an item in hand, a seat, and the turn to log in
    task = planned(record, ["a", "b"])
    _ring(record, task.id, "s", "other")
    for pid, slot_id in enumerate(("s", "other")):
        _start(record, slot_id, pid=pid)
        claimed(record, task.id, slot_id)
    place = Seating("https://esc.example.org", "officer", 1)
    with record.write() as connection:
        assert logins.take(connection, ACCOUNT, "s", logins.get(connection, ACCOUNT))
        assert seats.take(connection, place, Sitter("s", task.id, None)) is not None
        assert seats.take(connection, place, Sitter("other", task.id, None)) is None

    # When it ends, Then all of that is free, and nothing of the other's
    with record.write() as connection:
        assert end(connection, "s") == [task.id]
        assert end(connection, "s") == []
    with record.write() as connection:
        assert logins.get(connection, ACCOUNT).holder is None
        assert seats.take(connection, place, Sitter("other", task.id, None)) is not None
        assert [sign.key for sign in claims.held(connection)] == ["b"]
        assert [slot.id for slot in slots.live(connection)] == ["other"]
        assert items.page(connection, task.id, -1, 1)[0].slot_id is None


def test_another_is_rung_for_what_a_slot_held_that_stands_still_for_ever(record: Record) -> None:
    # Given the one slot of a task whose process is there and does nothing any more
    task = planned(record, ["a"])
    with record.write() as connection:
        slots.ring(connection, task.id, ["slot-1"])
        slots.start(connection, "slot-1", "worker", 1)
    claimed(record, task.id)

    # When a watcher releases what it holds
    with record.write() as connection:
        (sign,) = claims.held(connection)
        assert slots.end_silent(connection, sign) == task.id

    # Then the dispatcher sees an item to be worked on, and nobody at work
    with record.read() as connection:
        (due,) = slots.due(connection, 10)
    assert (due.claimable, due.live, due.queued) == (1, 0, 0)


def test_one_with_an_item_in_hand_is_not_counted_on_for_the_next(record: Record) -> None:
    # Given two items, and one slot that has the first in hand, for however long
    task = planned(record, ["a", "b"])
    _ring(record, task.id, "slot-1")
    _start(record, "slot-1")
    claimed(record, task.id)

    with record.read() as connection:
        (due,) = slots.due(connection, 10)

    # Then another is rung for the second, if there is anybody else
    assert (due.claimable, due.in_progress, due.live) == (1, 1, 1)
    assert [due.missing(serving) for serving in (0, 1, 2, 9)] == [-1, 0, 1, 1]


def test_slots_at_work_are_told_apart_by_their_worker(record: Record) -> None:
    task = accepted(record)
    _ring(record, task.id, "a", "b", "c")
    _start(record, "a", "w1", 11)
    _start(record, "b", "w2", 22)

    with record.read() as connection:
        assert slots.live(connection, "w1") == [Slot("a", task.id, "w1", 11)]
        assert {slot.id for slot in slots.live(connection)} == {"a", "b"}
        assert slots.live(connection, "w3") == []


def test_what_is_due_in_one_queue_is_found_whatever_waits_in_another(record: Record) -> None:
    accepted(record, task_type="another")
    wanted = accepted(record)
    _ring(record, wanted.id, "bell")

    with record.read() as connection:
        assert [task.id for task in slots.due(connection, 1, ["approve_batches"])] == [wanted.id]
        assert slots.queued_types(connection) == {"bell": "approve_batches"}


def test_a_slot_makes_room_only_for_another_task_that_waits(record: Record) -> None:
    long, short = accepted(record).id, accepted(record).id
    _ring(record, long, "own", "own too")
    _start(record, "own")

    def waits() -> bool:
        with record.read() as connection:
            return slots.another_task_waits(connection, long, ["approve_batches"])

    assert not waits()
    _ring(record, accepted(record, task_type="another").id, "of a type we do not serve")
    assert not waits()
    _ring(record, short, "short")
    assert waits()
    _start(record, "short")
    assert not waits()


def test_a_process_that_begins_a_slot_has_left_every_other(record: Record) -> None:
    # Given a slot whose process could not write that it left
    task, other = planned(record, ["a"]), planned(record, ["b"])
    _ring(record, task.id, "ghost")
    _ring(record, other.id, "neighbour", "next")
    _start(record, "ghost")
    _start(record, "neighbour", pid=2)
    claimed(record, task.id, "ghost")
    looked_at(record, task.id)

    # When the same process answers another doorbell
    assert _start(record, "next")

    # Then the slot is over, what it held is free, and its task is looked at again
    with record.read() as connection:
        assert {slot.id for slot in slots.live(connection)} == {"neighbour", "next"}
        assert claims.held(connection) == []
    assert task.id in _due(record)


def test_a_doorbell_answered_before_ends_no_slot(record: Record) -> None:
    task = planned(record, ["a"])
    _ring(record, task.id, "old", "at work")
    _start(record, "old", pid=2)
    _start(record, "at work")

    assert not _start(record, "old")

    with record.read() as connection:
        assert {slot.id for slot in slots.live(connection)} == {"old", "at work"}
