"""What is to be written gets written, once, though the record is busy, cut off or restarted."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, make_url
from sqlalchemy.exc import IntegrityError, OperationalError

from shared.contracts import EventType
from shared.errors import ClaimLost
from shared.record import Record, claims, database, events, persistence, slots, tasks
from shared.record.events import NewEvent
from shared.record.persistence import persist
from shared.task_state import TaskState
from tests.integration.record.answerless_proxy import AnswerlessProxy
from tests.integration.record.given import accepted, claimed, finished, planned
from tests.postgresql_server import PostgresqlServer

DEADLINE_SECONDS = 60.0


@pytest.fixture
def postgresql_record(postgresql_url: str) -> Iterator[Record]:
    """An empty record on PostgreSQL."""
    record = Record(postgresql_url)
    yield record
    record.close()


class Writer:
    """Writes a task's history in a thread of its own, each event exactly once."""

    def __init__(self, record: Record) -> None:
        self.begun = threading.Event()
        self.refused = threading.Event()
        self.enough = threading.Event()
        self._record = record
        self._task_id = accepted(record).id
        event.listen(record.engine, "handle_error", lambda _: self.refused.set())

    def write(self) -> int:
        """Write events from 2 on; the number of the last one, once it is enough."""
        number = 1
        while not self.enough.is_set():
            number += 1
            persist(self._record, partial(self._append, number=number))
            self.begun.set()
        return number

    def _append(self, connection: Connection, number: int) -> None:
        task = tasks.lock(connection, self._task_id)
        assert task is not None
        if task.last_event < number:
            news = NewEvent(EventType.LOG, {"message": str(number), "level": "info"})
            events.append(connection, task.id, [news])

    def written(self) -> list[str]:
        """What stands in the record after all."""
        with self._record.read() as connection:
            lines = events.log_lines(connection, self._task_id, 10_000)
        return [line.data["message"] for line in lines]


def _outlasts(record: Record, disturb: Callable[[Writer], None]) -> bool:
    """True if everything is written, once and in order, though the record is disturbed."""
    writer = Writer(record)
    with ThreadPoolExecutor(1) as thread:
        writing = thread.submit(writer.write)
        try:
            assert writer.begun.wait(DEADLINE_SECONDS)
            disturb(writer)
        finally:
            writer.enough.set()
        last = writing.result(DEADLINE_SECONDS)
    return writer.written() == [str(number) for number in range(2, last + 1)]


def test_a_writer_outlasts_an_sqlite_file_that_another_one_keeps_locked(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "SQLITE_BUSY_SECONDS", 0.05)
    record = Record(sqlite_url)
    file = str(make_url(sqlite_url).database)

    def lock(writer: Writer) -> None:
        # Not by a record: it would have as little time to get its turn.
        with closing(sqlite3.connect(file, timeout=DEADLINE_SECONDS)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert writer.refused.wait(DEADLINE_SECONDS)

    assert _outlasts(record, lock)
    record.close()


def test_a_writer_outlasts_a_restart_of_postgresql(
    postgresql_record: Record, postgresql: PostgresqlServer
) -> None:
    def restart(writer: Writer) -> None:
        postgresql.stop()
        assert writer.refused.wait(DEADLINE_SECONDS)
        postgresql.start()

    assert _outlasts(postgresql_record, restart)


def test_a_writer_outlasts_that_its_connections_are_cut(
    postgresql_record: Record, postgresql: PostgresqlServer
) -> None:
    def cut(writer: Writer) -> None:
        while not writer.refused.is_set():
            postgresql.disconnect_everyone("record")

    assert _outlasts(postgresql_record, cut)


def test_of_two_that_wait_for_each_other_both_get_through(postgresql_record: Record) -> None:
    # Given two writers that lock two tasks in opposite order
    first, second = accepted(postgresql_record).id, accepted(postgresql_record).id
    both_hold_one = threading.Barrier(2)

    def lock_both(order: tuple[str, str]) -> int:
        tries = 0

        def write(connection: Connection) -> int:
            nonlocal tries
            tries += 1
            tasks.lock(connection, order[0])
            if tries == 1:
                both_hold_one.wait(DEADLINE_SECONDS)
            tasks.lock(connection, order[1])
            return tries

        return persist(postgresql_record, write)

    # When they meet, Then one of them tries again
    with ThreadPoolExecutor(2) as threads:
        tried = threads.map(lock_both, [(first, second), (second, first)])
    assert sorted(tried) == [1, 2]


@pytest.mark.parametrize("error", [ClaimLost("gone"), IntegrityError("", {}, ValueError())])
def test_what_would_fail_again_is_not_tried_again(record: Record, error: Exception) -> None:
    tries = []

    def write(_: Connection) -> None:
        tries.append(1)
        raise error

    with pytest.raises(type(error)):
        persist(record, write)
    assert len(tries) == 1


def test_after_two_minutes_the_last_error_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert persistence.PATIENCE_SECONDS == 120
    monkeypatch.setattr(persistence, "PATIENCE_SECONDS", 0.2)
    nowhere = Record(f"postgresql+psycopg://nobody@/none?host={tmp_path}")

    with pytest.raises(OperationalError):
        persist(nowhere, lambda connection: connection.exec_driver_sql("SELECT 1"))


class TestACommitWhoseAnswerWasLost:
    """The record has it, its writer does not know: writing it again changes nothing."""

    @pytest.fixture
    def proxy(self, postgresql: PostgresqlServer, tmp_path: Path) -> Iterator[AnswerlessProxy]:
        """A line to the server that can break."""
        between = AnswerlessProxy(tmp_path, postgresql.folder)
        yield between
        between.close()

    @pytest.fixture
    def record(
        self, proxy: AnswerlessProxy, postgresql_url: str, tmp_path: Path
    ) -> Iterator[Record]:
        """An empty record at the end of that line."""
        opened = Record(f"postgresql+psycopg://postgres@/record?host={tmp_path}")
        yield opened
        opened.close()

    def test_a_doorbell_is_answered_by_whoever_answered_it(
        self, record: Record, proxy: AnswerlessProxy
    ) -> None:
        task = accepted(record)
        with record.write() as connection:
            slots.ring(connection, task.id, [task.id])

        proxy.lose_the_next_answer()
        answered = persist(record, lambda connection: slots.start(connection, task.id, "w", 1))

        assert proxy.lost_answers == 1
        assert answered
        with record.read() as connection:
            assert [slot.id for slot in slots.live(connection)] == [task.id]

    def test_an_outcome_is_written_once_and_counted_once(
        self, record: Record, proxy: AnswerlessProxy
    ) -> None:
        task = planned(record, ["a", "b"])
        last = [claimed(record, task.id), claimed(record, task.id)]

        for held in last:
            proxy.lose_the_next_answer()
            final = finished(record, held)

        assert proxy.lost_answers == 2
        assert final
        with record.read() as connection:
            assert claims.held(connection) == []
            stored = tasks.get(connection, task.id)
            kinds = [event.type.value for event in events.after(connection, task.id, 0, 100)]
        assert stored is not None
        assert (stored.state, stored.finished) == (TaskState.COMPLETED, 2)
        assert kinds == ["status", "status", "status", "completed"]
