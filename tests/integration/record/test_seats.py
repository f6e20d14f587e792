"""Seats: how many sessions an account may have at a time, over all workers."""

from __future__ import annotations

from shared.record import Record, seats, slots, tasks
from shared.record.persistence import persist
from shared.record.seats import MOST_PASSED_OVER, Seat, Seating, Sitter
from tests.integration.record.given import running
from tests.integration.record.processes import together

PLACE = Seating("https://esc.example.org", "officer", 2)
PROCESSES = 5


def _take(record: Record, slot: str, task: str = "t", browser: str | None = None) -> Seat | None:
    sitter = Sitter(slot, task, browser)
    return persist(record, lambda connection: seats.take(connection, PLACE, sitter))


def _leave(record: Record, slot: str) -> None:
    with record.write() as connection:
        slots.end(connection, slot)


def take_one(url: str, slot: str) -> bool:
    record = Record(url)
    try:
        return _take(record, slot) is not None
    finally:
        record.close()


def test_processes_get_as_many_seats_as_there_are(record: Record, record_url: str) -> None:
    taken = together(take_one, [(record_url, f"slot-{n}") for n in range(PROCESSES)])

    assert sum(taken) == PLACE.most


def test_a_slot_keeps_its_seat_and_its_end_frees_it(record: Record) -> None:
    # Given two slots in the only two seats
    first, second = _take(record, "a"), _take(record, "b")
    assert first is not None
    assert second is not None
    # Then whoever asks again has the same one, and nobody else has any
    assert _take(record, "a") == first
    assert _take(record, "c") is None
    # When one of them is over, by its own doing or by death, Then its seat can be had
    _leave(record, "a")
    assert _take(record, "c") == first


def test_a_browser_finds_its_own_seat_again_and_a_foreign_one_is_named(record: Record) -> None:
    # Given two seats that were left, each with a browser that is logged in
    for slot, browser in (("a", "100-1"), ("b", "200-2")):
        _take(record, slot)
        with record.write() as connection:
            seats.note_browser(connection, slot, browser)
    _leave(record, "a")
    _leave(record, "b")
    # Then the one of the second finds its own, and whoever has none is told whom he replaces
    assert _take(record, "c", browser="200-2") == Seat(2, None)
    assert _take(record, "d", browser="300-3") == Seat(1, "100-1")


def test_a_long_task_does_not_take_its_seats_again_from_one_that_waits(record: Record) -> None:
    # Given a task in both seats, and another one that was turned away
    waiting = running(record).id
    _take(record, "a", task="long")
    _take(record, "b", task="long")
    assert _take(record, "c", task=waiting) is None
    # Then one of its slots has to leave after its turn
    with record.read() as connection:
        wanted = [seats.is_wanted(connection, slot) for slot in ("a", "b")]
    assert sorted(wanted) == [False, True]
    # When it does, Then the long task does not get the seat again, and the other one does
    _leave(record, "ab"[wanted.index(True)])
    assert _take(record, "d", task="long") is None
    assert _take(record, "e", task=waiting) is not None


def test_a_seat_is_not_kept_for_ever_for_a_task_that_does_not_come(record: Record) -> None:
    waiting = running(record).id
    _take(record, "a", task="long")
    _take(record, "b", task="long")
    _take(record, "c", task=waiting)
    _leave(record, "a")

    asked = [_take(record, "d", task="long") for _ in range(MOST_PASSED_OVER + 1)]

    assert [seat is None for seat in asked] == [True] * MOST_PASSED_OVER + [False]


def test_a_task_has_to_say_only_once_why_it_waits(record: Record) -> None:
    task_id = running(record).id

    told = []
    for reason in ("closed", "closed", None, "closed"):
        with record.write() as connection:
            task = tasks.lock(connection, task_id)
            assert task is not None
            told.append(tasks.note_wait(connection, task, reason))

    assert told == [True, False, True, True]
