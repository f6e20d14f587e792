"""Seeing to it that the record's tables are up to date, by one process at a time."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import column, inspect, select, table

from shared.record.database import Record
from shared.record.mutual_exclusion import Work, alone

MIGRATIONS = Path(__file__).parent / "migrations"
NEWEST = max(file.name for file in (MIGRATIONS / "versions").glob("*.py")).split("_")[0]
"""The version of the tables that this program knows; its migration's file begins with it."""

_VERSION = table("alembic_version", column("version_num"))


def migrate(record: Record) -> None:
    """Create or upgrade the tables; safe to call from any number of processes at once.

    Raises ConfigurationError if a newer version of this program has made them.
    """
    with alone(record, Work.MIGRATING):
        if version(record) == NEWEST:
            return
        # Alembic takes a tenth of a second to load, which every other start would pay for nothing.
        from shared.record.upgrade import upgrade

        upgrade(record)


def why_no_record(error: Exception) -> str:
    """One line for whoever started a service whose record does not answer."""
    reason = str(error).split("\n")[0]
    return f"DATABASE_URL: the record does not answer: {reason}"


def version(record: Record) -> str | None:
    """The version that Alembic has noted, None in a database in which there is no record."""
    with record.read() as connection:
        if not inspect(connection).has_table(_VERSION.name):
            return None
        found: str | None = connection.execute(select(_VERSION.c.version_num)).scalar()
        return found
