"""Bringing the record's tables up to date, by one process at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from shared.record.database import Record

MIGRATIONS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x41414221
"""An arbitrary number that every version of this program uses for the PostgreSQL lock."""


def migrate(record: Record) -> None:
    """Create or upgrade the tables; safe to call from any number of processes at once."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with _one_at_a_time(record):
        if _is_current(record, config):
            return
        with record.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _is_current(record: Record, config: Config) -> bool:
    with record.read() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current == ScriptDirectory.from_config(config).get_current_head()


@contextmanager
def _one_at_a_time(record: Record) -> Iterator[None]:
    if record.is_sqlite:
        if not record.url.database:
            yield
            return
        with Path(record.url.database + ".migrate-lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    with record.engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:n)"), {"n": _ADVISORY_LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": _ADVISORY_LOCK})
