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

from shared.errors import ConfigurationError
from shared.record.database import Record

MIGRATIONS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x41414221
"""An arbitrary number that every version of this program uses for the PostgreSQL lock."""


def migrate(record: Record) -> None:
    """Create or upgrade the tables; safe to call from any number of processes at once.

    Raises ConfigurationError if a newer version of this program has made them.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with _one_at_a_time(record):
        if _is_current(record, config):
            return
        with record.rebuild() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _is_current(record: Record, config: Config) -> bool:
    with record.read() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    known = ScriptDirectory.from_config(config)
    if current is not None and current not in {
        script.revision for script in known.walk_revisions()
    }:
        raise ConfigurationError(
            f"DATABASE_URL names a record of a newer version ({current}): upgrade this program."
        )
    return current == known.get_current_head()


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
    # Without a transaction: one that idles while the tables are made would be ended as frozen.
    engine = record.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:n)"), {"n": _ADVISORY_LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": _ADVISORY_LOCK})
