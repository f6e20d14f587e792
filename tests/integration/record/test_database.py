"""A write is whole or not at all; a read sees one moment; nobody is held up for ever."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from shared.contracts import EventType
from shared.errors import AgentError
from shared.record import Record, database, events, tables, tasks
from shared.record.events import NewEvent
from shared.record.persistence import persist
from tests.integration.record.given import accepted
from tests.integration.record.processes import frozen

LINE = NewEvent(EventType.LOG, {"message": "went on", "level": "info"})


def lock_and_freeze(url: str, task_id: str) -> None:
    """Hold a task's lock while the whole process stands still."""
    database.FROZEN_SECONDS = 1
    with Record(url).write() as connection:
        tasks.lock(connection, task_id)
        os.kill(os.getpid(), signal.SIGSTOP)


def test_a_write_that_fails_leaves_nothing(record: Record) -> None:
    # Given a task, When a write about it fails half-way
    task = accepted(record)
    with pytest.raises(LookupError):
        _append_and_fail(record, task.id)

    # Then nothing of it is in the record
    with record.read() as connection:
        assert tasks.get(connection, task.id) == task


def test_a_read_sees_one_moment_whatever_is_written_meanwhile(record: Record) -> None:
    task = accepted(record)
    with record.read() as connection:
        # Given a reader that has begun to look
        before = events.last_numbers(connection, [task.id])

        # When something is written
        with record.write() as other:
            events.append(other, task.id, [LINE])

        # Then the reader does not see half of it
        assert events.last_numbers(connection, [task.id]) == before
        assert len(events.after(connection, task.id, 0, 10)) == before[task.id]
    with record.read() as connection:
        assert events.last_numbers(connection, [task.id]) == {task.id: 2}


def test_tables_are_not_changed_if_that_breaks_a_reference(record: Record) -> None:
    # Given a task with events, When tables are changed so that the task is lost
    task = accepted(record)
    with pytest.raises((AgentError, IntegrityError)), record.rebuild() as connection:
        connection.execute(tables.tasks.delete())

    # Then nothing was changed, and references are checked as ever
    with record.read() as connection:
        assert tasks.get(connection, task.id) == task
    with pytest.raises(IntegrityError), record.write() as connection:
        connection.execute(tables.tasks.delete())


def test_nothing_is_written_through_a_read(record: Record) -> None:
    task = accepted(record)

    with pytest.raises(DBAPIError), record.read() as connection:
        events.append(connection, task.id, [LINE])

    with record.write() as connection:
        assert tasks.get(connection, task.id) == task
        assert events.append(connection, task.id, [LINE])


def test_a_process_that_freezes_inside_a_transaction_does_not_stop_the_others(
    postgresql_url: str,
) -> None:
    # Given a process that stands still while it holds a task's lock
    record = Record(postgresql_url)
    task = accepted(record)
    with frozen(lock_and_freeze, (postgresql_url, task.id)):
        # When another one writes about the task, Then it gets through
        persist(record, lambda connection: events.append(connection, task.id, [LINE]))

    with record.read() as connection:
        assert events.last_numbers(connection, [task.id]) == {task.id: 2}
    record.close()


def test_what_is_committed_on_sqlite_is_on_the_disk(sqlite_url: str) -> None:
    record = Record(sqlite_url)

    with record.write() as connection:
        settings = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    record.close()


def test_a_record_that_cannot_be_reached_says_so(record: Record, tmp_path: Path) -> None:
    nowhere = Record(f"postgresql+psycopg://nobody@/none?host={tmp_path}")

    assert record.is_reachable()
    assert not nowhere.is_reachable()


def test_a_closed_record_opens_again_when_it_is_used(record: Record) -> None:
    record.close()

    assert record.is_reachable()


def test_a_forked_process_uses_connections_of_its_own(record: Record) -> None:
    # Given a process with an open connection
    task = accepted(record)

    # When it forks and both go on
    child = os.fork()
    if child == 0:
        try:
            record.after_fork()
            with record.write() as connection:
                events.append(connection, task.id, [LINE])
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    with record.write() as connection:
        events.append(connection, task.id, [LINE])

    # Then neither has spoilt the other's
    assert status == 0
    with record.read() as connection:
        assert [event.id for event in events.after(connection, task.id, 0, 10)] == [1, 2, 3]


def _append_and_fail(record: Record, task_id: str) -> None:
    with record.write() as connection:
        events.append(connection, task_id, [LINE])
        raise LookupError
