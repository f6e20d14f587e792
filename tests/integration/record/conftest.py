"""The record on both databases: an empty one for every test, nothing left behind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.record import Record, migrate
from shared.record.tables import metadata
from tests.conftest import DATABASES
from tests.postgresql_server import PostgresqlServer


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: PostgresqlServer) -> str:
    """URL of a record on PostgreSQL that the tests of one pytest-xdist process use in turn."""
    postgresql.create_database("record")
    url = postgresql.url("record")
    _bring_up_to_date(url)
    return url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """URL of an empty record in an SQLite file."""
    file = tmp_path / "record.sqlite3"
    shutil.copy(sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture
def postgresql_url(postgresql: PostgresqlServer, migrated_postgresql: str) -> str:
    """URL of an empty record on PostgreSQL.

    Emptied, not made anew: a new database costs half a second of writing to disk.
    """
    postgresql.disconnect_everyone("record")
    tables = reversed(metadata.sorted_tables)
    postgresql.execute("record", "; ".join(f"DELETE FROM {table.name}" for table in tables))
    return migrated_postgresql


@pytest.fixture
def bare_postgresql_url(postgresql: PostgresqlServer) -> Iterator[str]:
    """URL of a database of its own on PostgreSQL, in which there is no record yet."""
    name = f"bare_{os.urandom(6).hex()}"
    postgresql.create_database(name)
    yield postgresql.url(name)
    postgresql.drop_database(name)


@pytest.fixture(params=DATABASES)
def record_url(request: pytest.FixtureRequest) -> str:
    """URL of an empty record, on each database in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def record(record_url: str) -> Iterator[Record]:
    """An empty record, on each database in turn."""
    opened = Record(record_url)
    yield opened
    opened.close()


def _bring_up_to_date(url: str) -> None:
    record = Record(url)
    migrate(record)
    record.close()
