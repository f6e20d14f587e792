"""Opening the record: one `Record` object a process, SQLite or PostgreSQL behind it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from shared.errors import AgentError

SQLITE_BUSY_SECONDS = 15
SQLITE_TURN_SECONDS = 0.0005
"""How soon to ask again for SQLite's write lock. SQLite itself sleeps longer each time, up to
100 ms, while others who come later get their turn."""
FROZEN_SECONDS = 15
"""A PostgreSQL transaction that does nothing for so long is ended: its process hangs or is frozen,
and the locks it holds would stop everybody else."""
_POSTGRESQL_OPTIONS = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_WRITES = "record_writes"
_REBUILDS = "record_rebuilds"


class Record:
    """The database that is the record of everything asked for and done.

    Opens no connection until first used. A write transaction on SQLite takes the write lock at
    once (BEGIN IMMEDIATE): a deferred one that reads and then writes fails whatever the busy
    timeout. Keep file, network and browser calls out of transactions.
    """

    def __init__(self, url: str, pool_size: int = 10) -> None:
        """`url` is a SQLAlchemy URL; the folder of an SQLite file is made if missing."""
        self.url = make_url(url)
        if self.is_sqlite:
            self._engine = self._snapshots = _sqlite_engine(url, pool_size)
        else:
            self._engine = _postgresql_engine(url, pool_size)
            self._snapshots = self._engine.execution_options(**_SNAPSHOT)

    @property
    def is_sqlite(self) -> bool:
        """True when one file on this machine is the record."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def engine(self) -> Engine:
        """For migrations and tests."""
        return self._engine

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction: committed on leaving, rolled back on an exception."""
        with self._engine.connect() as connection:
            connection = connection.execution_options(**{_WRITES: True})
            with connection.begin():
                yield connection

    @contextmanager
    def rebuild(self) -> Iterator[Connection]:
        """A write transaction that changes tables.

        SQLite changes a table by copying it, so references to it are checked when all is done.
        Raises AgentError if one is broken then.
        """
        with self._engine.connect() as connection:
            connection = connection.execution_options(**{_WRITES: True, _REBUILDS: True})
            with connection.begin():
                yield connection
                if self.is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").all():
                    raise AgentError("The changed tables would refer to rows that are not there.")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One moment's view of the record, however long it is read; it refuses to be written."""
        with self._snapshots.connect() as connection, connection.begin():
            yield connection

    def is_reachable(self) -> bool:
        """True if the record answers now."""
        try:
            with self.read() as connection:
                connection.exec_driver_sql("SELECT 1")
        except SQLAlchemyError:
            return False
        return True

    def close(self) -> None:
        """Give every connection back; the record may be used again afterwards."""
        self._engine.dispose()

    def after_fork(self) -> None:
        """Forget connections that belong to the parent process, without closing them."""
        self._engine.dispose(close=False)


def insert_if_absent(connection: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Insert a row unless one with the same key exists; True if it was inserted."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    result = connection.execute(dialect.insert(table).values(values).on_conflict_do_nothing())
    return result.rowcount == 1


def _postgresql_engine(url: str, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args=_POSTGRESQL_OPTIONS,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.execute(f"SET idle_in_transaction_session_timeout = '{FROZEN_SECONDS}s'")
        connection.commit()

    return engine


def _sqlite_engine(url: str, pool_size: int) -> Engine:
    database = make_url(url).database
    if database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        connect_args={"timeout": SQLITE_BUSY_SECONDS},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        writes, rebuilds = options.get(_WRITES, False), options.get(_REBUILDS, False)
        connection.exec_driver_sql(f"PRAGMA query_only={not writes:d}")
        connection.exec_driver_sql(f"PRAGMA foreign_keys={not rebuilds:d}")
        if writes:
            _begin_writing(connection)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _begin_writing(connection: Connection) -> None:
    deadline = time.monotonic() + SQLITE_BUSY_SECONDS
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    raw.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < deadline:
            try:
                raw.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    break
            time.sleep(SQLITE_TURN_SECONDS)
        # The last time it is asked so that everybody hears why it failed.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        raw.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_SECONDS * 1000}")
