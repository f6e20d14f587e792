"""Bringing the record's tables up to date, by one process at a time."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from shared.errors import ConfigurationError
from shared.record.database import Record
from shared.record.mutual_exclusion import Work, alone

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(record: Record) -> None:
    """Create or upgrade the tables; safe to call from any number of processes at once.

    Raises ConfigurationError if a newer version of this program has made them.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with alone(record, Work.MIGRATING):
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
