"""Migrating makes what tables.py describes, by however many processes at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from launcher.environment import ROOT
from shared.errors import ConfigurationError
from shared.record import Record, claims, events, items, migrate, tasks
from shared.record.migrate import MIGRATIONS, NEWEST
from shared.record.tables import metadata
from tests.conftest import DATABASES
from tests.integration.record.given import accepted
from tests.integration.record.processes import together

PROCESSES = 4
VERSIONS = [
    script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions() if script
][::-1]
"""As Alembic knows them, the oldest first."""

LOOK_AFTER = """
import sys
from shared.record import Record, migrate
migrate(Record(sys.argv[1]))
print([name for name in sys.modules if name.startswith("alembic")])
"""

IN_USE = (
    "INSERT INTO tasks (id, task_type, params, state, caller, plan_attempts, finished, progress,"
    " last_event, created_at) VALUES"
    " ('task-1', 'test_task', '{}', 'running', 'default', 0, 0, 0, 1, '2026-01-01 12:00:00')",
    "INSERT INTO items (id, task_id, position, key, portal, action, status, detail, attempts)"
    " VALUES (1, 'task-1', 0, 'BATCH001', 'https://esc', 'approve', 'in_progress', '', 1)",
    "INSERT INTO claims (portal, action, key, fence, renewal, holder, item_id)"
    " VALUES ('https://esc', 'approve', 'BATCH001', 1, 1, 'slot-1', 1)",
    "INSERT INTO events (task_id, id, type, timestamp, data)"
    " VALUES ('task-1', 1, 'log', '2026-01-01 12:00:00', '{\"message\": \"hello\"}')",
)
"""Rows as any version so far could hold them."""


@pytest.fixture(params=DATABASES)
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database in which there is nothing yet, each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new folder' / 'record.sqlite3'}"
    url: str = request.getfixturevalue("bare_postgresql_url")
    return url


@pytest.fixture
def bare(bare_url: str) -> Iterator[Record]:
    """A record that is not there yet."""
    opened = Record(bare_url)
    yield opened
    opened.close()


def migrate_and_look(url: str) -> tuple[str, int]:
    """Bring the record up to date; the version it then has, and how many tables."""
    record = Record(url)
    try:
        migrate(record)
        with record.read() as connection:
            return _version(connection), len(inspect(connection).get_table_names())
    finally:
        record.close()


def test_processes_that_start_together_make_the_tables_once(bare_url: str) -> None:
    # Given an empty database, When several processes start at once
    seen = together(migrate_and_look, [(bare_url,)] * PROCESSES)

    # Then each finds the record whole
    assert len(set(seen)) == 1
    version, tables = seen[0]
    assert version == NEWEST
    assert tables == len(metadata.tables) + 1


def test_the_newest_migration_is_the_one_whose_file_comes_last() -> None:
    """Else a record would not be upgraded, or Alembic be loaded at every start."""
    assert VERSIONS[-1] == NEWEST


def test_a_start_on_a_record_that_is_up_to_date_loads_no_alembic(record: Record) -> None:
    # Given a record that is up to date, When another process looks after it
    looked = subprocess.run(
        [sys.executable, "-c", LOOK_AFTER, record.engine.url.render_as_string(False)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    # Then it did without
    assert (looked.returncode, looked.stdout) == (0, "[]\n"), looked.stderr


def test_the_migrations_make_the_tables_that_the_program_knows(bare: Record) -> None:
    # Given tables as the program describes them
    with bare.write() as connection:
        metadata.create_all(connection)
    described = _schema(bare.engine)
    with bare.write() as connection:
        metadata.drop_all(connection)

    # When the migrations make them
    migrate(bare)

    # Then they are alike to the last index, and alembic has nothing to add
    assert _schema(bare.engine) == described
    with bare.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_a_record_in_use_keeps_what_it_holds_when_it_is_migrated(
    bare: Record, version: str
) -> None:
    # Given a record as an earlier version made it, in use
    with bare.write() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.upgrade(config, version)
    with bare.write() as connection:
        for statement in IN_USE:
            connection.execute(text(statement))

    # When this version migrates it
    migrate(bare)

    # Then everything is still there
    with bare.read() as connection:
        (task,) = tasks.page(connection)
        (item,) = items.page(connection, task.id, -1, 10)
        (event,) = events.after(connection, task.id, 0, 10)
        assert (task.id, item.key, event.data) == ("task-1", "BATCH001", {"message": "hello"})
        assert [sign.key for sign in claims.held(connection)] == ["BATCH001"]


def test_migrating_again_changes_nothing(record: Record) -> None:
    # Given a record in use
    task = accepted(record)
    before = _schema(record.engine)

    # When it is migrated again
    migrate(record)

    # Then what it holds is still there
    assert _schema(record.engine) == before
    with record.read() as connection:
        assert tasks.get(connection, task.id) == task


def test_a_record_of_a_newer_version_is_left_alone(bare: Record) -> None:
    # Given a record that a later version of this program has migrated
    migrate(bare)
    with bare.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    # When this one starts, Then it refuses, and says what to do
    with pytest.raises(ConfigurationError, match=r"DATABASE_URL .* \(9999\): upgrade"):
        migrate(bare)

    with bare.read() as connection:
        assert _version(connection) == "9999"


def _version(connection: Connection) -> str:
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def _schema(engine: Engine) -> dict[str, Any]:
    look = inspect(engine)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in look.get_columns(table)
            },
            "primary key": look.get_pk_constraint(table),
            "foreign keys": _by_name(look.get_foreign_keys(table)),
            "unique": _by_name(look.get_unique_constraints(table)),
            "indexes": _by_name(look.get_indexes(table)),
        }
        for table in look.get_table_names()
        if table != "alembic_version"
    }


def _by_name(constraints: Any) -> dict[str, str]:
    # As text: the condition of an index is a clause, equal to nothing but itself.
    return {str(found["name"]): _text(found) for found in constraints}


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return str({name: _text(part) for name, part in sorted(value.items())})
    return str(value)
