"""The database is filled once and keeps what is committed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from esc_simulator.batch import BatchStatus
from esc_simulator.batch_register import BatchRegister
from esc_simulator.database import Database, OtherWorldError, open_database
from esc_simulator.world import World


def test_a_new_file_holds_the_worlds_batches(database: Database) -> None:
    with database.reading() as connection:
        (count,) = connection.execute("SELECT count(*) FROM batches").fetchone()

    assert count == 60


def test_a_reopened_file_keeps_what_was_decided(tmp_path: Path) -> None:
    path = tmp_path / "portal.sqlite3"
    with closing(open_database(path, World(5, 7))) as database:
        BatchRegister(database).decide("BATCH001", BatchStatus.APPROVED, "officer", "")

    with closing(open_database(path, World(5, 7))) as database:
        batch = BatchRegister(database).find("BATCH001")

    assert batch is not None
    assert batch.status is BatchStatus.APPROVED


@pytest.mark.parametrize("other", [World(6, 7), World(5, 8), World(5, 7, pending_only=True)])
def test_a_file_filled_for_another_world_is_refused(tmp_path: Path, other: World) -> None:
    path = tmp_path / "portal.sqlite3"
    open_database(path, World(5, 7)).close()

    with pytest.raises(OtherWorldError, match="batches=5, seed=7, pending_only=False"):
        open_database(path, other)


def test_a_transaction_that_fails_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        _delete_all_then_fail(database)

    with database.reading() as connection:
        (count,) = connection.execute("SELECT count(*) FROM batches").fetchone()
    assert count == 60


def _delete_all_then_fail(database: Database) -> None:
    with database.writing() as connection:
        connection.execute("DELETE FROM batches")
        connection.execute("INSERT INTO approve_posts (batch_id, at) VALUES (NULL, NULL)")
