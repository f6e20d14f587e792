"""On PostgreSQL nobody waits for somebody who waits for him: tasks, then claims, then items.

On SQLite there is one write transaction at a time, so there is no order to keep.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import pytest
from sqlalchemy import Connection, select, text

from shared.contracts import EventType, ItemOutcome
from shared.record import Record, claims, events, intents, outcomes, slots, tasks, workers
from shared.record.claims import ClaimSign
from shared.record.events import NewEvent
from shared.record.tables import tasks as tasks_table
from shared.task_state import ItemStatus
from tests.integration.record.given import DONE, TERMS, accepted, claimed, planned

T = TypeVar("T")

DEADLINE_SECONDS = 30.0
NOT_TRIED = ItemOutcome(ItemStatus.FAILED, "not tried")
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


class Meanwhile:
    """Does things in other transactions while the test holds one open."""

    def __init__(self, record: Record, threads: ThreadPoolExecutor) -> None:
        self._record = record
        self._threads = threads

    def begin(self, write: Callable[[Connection], T]) -> Future[T]:
        """Begin a write transaction elsewhere; returns when it waits for a lock or has ended."""
        future = self._threads.submit(self._write, write)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not (future.done() or self._somebody_waits()):
            assert time.monotonic() < deadline, "neither waits nor ends"
            time.sleep(0.01)
        return future

    def _write(self, write: Callable[[Connection], T]) -> T:
        with self._record.write() as connection:
            return write(connection)

    def _somebody_waits(self) -> bool:
        with self._record.read() as connection:
            return bool(connection.execute(WAITING).scalar_one())


@pytest.fixture
def record(postgresql_url: str) -> Iterator[Record]:
    """An empty record on PostgreSQL."""
    opened = Record(postgresql_url)
    yield opened
    opened.close()


@pytest.fixture
def meanwhile(record: Record) -> Iterator[Meanwhile]:
    """Other transactions, in threads that end with the test."""
    with ThreadPoolExecutor(2) as threads:
        yield Meanwhile(record, threads)


def _sign(record: Record) -> ClaimSign:
    with record.read() as connection:
        (sign,) = claims.held(connection)
    return sign


def test_an_outcome_and_the_release_of_its_claim_do_not_wait_for_each_other(
    record: Record, meanwhile: Meanwhile
) -> None:
    # Given a slot about to write its outcome, and a watcher who thinks it dead
    task = planned(record, ["a"])
    held = claimed(record, task.id)
    sign = _sign(record)

    # When both write at the same time
    with record.write() as connection:
        tasks.lock(connection, task.id)
        released = meanwhile.begin(lambda c: claims.release_silent(c, sign))
        outcomes.record(connection, held, DONE)

    # Then the outcome stands, and there was nothing left to release
    assert released.result(DEADLINE_SECONDS) is None


def test_an_intent_and_the_release_of_its_claim_do_not_wait_for_each_other(
    record: Record, meanwhile: Meanwhile
) -> None:
    # Given a slot about to state its intent, and a watcher who thinks it dead
    task = planned(record, ["a"])
    held = claimed(record, task.id)
    sign = _sign(record)

    # When the watcher comes between the intent and the event that tells of it
    with record.write() as connection:
        intents.state(connection, held, TERMS)
        released = meanwhile.begin(lambda c: claims.release_silent(c, sign))
        events.append(connection, task.id, [NewEvent(EventType.LOG, {"message": "clicking"})])

    # Then the intent was a sign of life, and the claim is still held
    assert released.result(DEADLINE_SECONDS) is None
    assert _sign(record).fence == held.fence


def test_the_dead_are_buried_in_one_order_whatever_they_worked_on(
    record: Record, meanwhile: Meanwhile
) -> None:
    # Given a dead worker with slots on two tasks, and somebody at work on the first of them
    first, second = sorted([accepted(record).id, accepted(record).id])
    with record.write() as connection:
        workers.announce(connection, "w", "host", 1, 2, ["approve_batches"])
        for pid, (slot_id, task_id) in enumerate((("s2", second), ("s1", first))):
            slots.ring(connection, task_id, [slot_id])
            slots.start(connection, slot_id, "w", pid)

    with record.write() as connection:
        tasks.lock(connection, first)
        # When it is buried
        buried = meanwhile.begin(lambda c: workers.bury(c, "w"))

        # Then whoever buries it holds nothing yet that others may need
        wanted = select(tasks_table.c.id).where(tasks_table.c.id == second)
        assert connection.execute(wanted.with_for_update(skip_locked=True)).first() is not None
    buried.result(DEADLINE_SECONDS)


def test_an_item_that_is_being_claimed_is_not_ended_as_never_begun(
    record: Record, meanwhile: Meanwhile
) -> None:
    # Given a slot that just claims an item of a task, and another one that fails the task
    task = planned(record, ["a", "b"])
    with record.write() as connection:
        held = claims.take_next(connection, task.id, "slot-1")
        assert held is not None
        ended = meanwhile.begin(lambda c: outcomes.end_unbegun(c, task.id, NOT_TRIED))

    # When both are through, Then only the item that nobody claimed was ended
    (not_begun,) = ended.result(DEADLINE_SECONDS)
    assert not_begun != held.item.id
    with record.write() as connection:
        outcomes.record(connection, held, DONE)


def test_a_locked_task_holds_up_nobody_who_only_refers_to_it(
    record: Record, meanwhile: Meanwhile
) -> None:
    task = accepted(record)
    with record.write() as connection:
        tasks.lock(connection, task.id)

        rung = meanwhile.begin(lambda c: slots.ring(c, task.id, ["slot-1"]))

        assert rung.done()
