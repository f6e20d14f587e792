"""The portal's own SQLite file: where its truth is kept."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from datetime import datetime, timezone
from pathlib import Path

from esc_simulator.world import World, draw_batches, draw_history

_SCHEMA = """
CREATE TABLE world (batches INTEGER NOT NULL, seed INTEGER NOT NULL, pending_only INTEGER NOT NULL);

CREATE TABLE batches (
    batch_id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    district TEXT NOT NULL,
    scheme TEXT NOT NULL,
    course TEXT NOT NULL,
    course_code TEXT NOT NULL,
    hours INTEGER NOT NULL,
    college TEXT NOT NULL,
    trainer TEXT,
    seats INTEGER NOT NULL,
    enrolled INTEGER NOT NULL,
    submitted_on TEXT NOT NULL,
    starts_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    age_days INTEGER NOT NULL,
    status TEXT NOT NULL
);
CREATE INDEX batches_by_status_and_age ON batches (status, submitted_on, number);

CREATE TABLE history (
    entry INTEGER PRIMARY KEY,
    batch_id TEXT NOT NULL REFERENCES batches,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    remark TEXT NOT NULL
);
CREATE INDEX history_by_batch ON history (batch_id, entry);

CREATE TABLE approve_posts (post INTEGER PRIMARY KEY, batch_id TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX approve_posts_by_batch ON approve_posts (batch_id);

CREATE TABLE accounts (username TEXT PRIMARY KEY, salt BLOB NOT NULL, password_hash BLOB NOT NULL);

CREATE TABLE login_attempts (
    attempt INTEGER PRIMARY KEY,
    username TEXT NOT NULL,
    at TEXT NOT NULL,
    succeeded INTEGER NOT NULL
);

CREATE TABLE wrong_passwords (username TEXT PRIMARY KEY, in_a_row INTEGER NOT NULL);

CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY,
    username TEXT NOT NULL,
    csrf_token TEXT NOT NULL,
    expires_at REAL NOT NULL
);
"""

# Made apart from the rest, so that a file kept from before there were any gets them too.
_ADDED_SINCE = """
CREATE TABLE IF NOT EXISTS late_displays (
    entry INTEGER PRIMARY KEY REFERENCES history,
    shown_from REAL NOT NULL
);

CREATE TABLE IF NOT EXISTS reject_posts (
    post INTEGER PRIMARY KEY,
    batch_id TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS reject_posts_by_batch ON reject_posts (batch_id);

CREATE TABLE IF NOT EXISTS certificate_posts (
    post INTEGER PRIMARY KEY,
    batch_id TEXT NOT NULL,
    at TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS certificates (
    issue INTEGER PRIMARY KEY,
    batch_id TEXT NOT NULL REFERENCES batches,
    trainee_id TEXT NOT NULL,
    template TEXT NOT NULL,
    who TEXT NOT NULL,
    at TEXT NOT NULL,
    ready_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS certificates_by_batch ON certificates (batch_id, issue);

CREATE TABLE IF NOT EXISTS reports (
    report INTEGER PRIMARY KEY,
    who TEXT NOT NULL,
    at TEXT NOT NULL,
    report_type TEXT NOT NULL,
    from_date TEXT NOT NULL,
    to_date TEXT NOT NULL,
    file_format TEXT NOT NULL,
    rows INTEGER NOT NULL,
    ready_at REAL NOT NULL,
    file BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS reports_by_officer ON reports (who, report)
"""


class OtherWorldError(Exception):
    """The database file holds batches drawn for other options than the ones asked for."""


class Database:
    """One connection, used by one thread at a time.

    A single connection behind a lock is what makes every read a consistent picture.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file at `path`."""
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for reading."""
        with self._lock:
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for one transaction; it is on disk when the block is left."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file. No read or write may follow."""
        with self._lock:
            self._connection.close()


def open_database(path: Path, world: World) -> Database:
    """Open the portal's file at `path`, filling a new one with the world's batches.

    Raises:
        OtherWorldError: the file was filled for another world.
    """
    database = Database(path)
    try:
        _fill_once(database, world)
    except BaseException:
        database.close()
        raise
    return database


def now() -> str:
    """Return the present moment as the database keeps it: UTC, ISO 8601, milliseconds."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def _fill_once(database: Database, world: World) -> None:
    with database.writing() as connection:
        for statement in _ADDED_SINCE.split(";"):
            connection.execute(statement)
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'world'").fetchone():
            row = connection.execute("SELECT batches, seed, pending_only FROM world").fetchone()
            found = World(row["batches"], row["seed"], bool(row["pending_only"]))
            if found != world:
                raise OtherWorldError(f"the database holds {found}; asked for was {world}")
            return
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute("INSERT INTO world VALUES (?, ?, ?)", astuple(world))
        batches = draw_batches(world)
        connection.executemany(
            f"INSERT INTO batches VALUES ({', '.join('?' * 16)})",
            [(*astuple(batch)[:-1], batch.status.value) for batch in batches],
        )
        connection.executemany(
            "INSERT INTO history (batch_id, at, who, what, remark) VALUES (?, ?, ?, ?, ?)",
            [
                (batch.batch_id, *astuple(entry))
                for batch in batches
                for entry in draw_history(batch)
            ],
        )
