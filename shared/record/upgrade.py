"""Applying migrations with Alembic."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from shared.errors import ConfigurationError
from shared.record.database import Record
from shared.record.migrate import MIGRATIONS


def upgrade(record: Record, to: str = "head") -> None:
    """Apply the migrations that are missing up to this version; exclude others meanwhile.

    Raises ConfigurationError if a newer version of this program has made the tables.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    _refuse_a_newer_version(record, config)
    with record.rebuild() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def _refuse_a_newer_version(record: Record, config: Config) -> None:
    with record.read() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory.from_config(config).walk_revisions()
    if current is not None and current not in {script.revision for script in scripts}:
        raise ConfigurationError(
            f"DATABASE_URL names a record of a newer version ({current}): upgrade this program."
        )
