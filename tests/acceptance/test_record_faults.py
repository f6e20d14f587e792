"""The record locked, restarted or cut off in the middle of real work: nothing lost or doubled."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from launcher.errors import LauncherError
from tests.acceptance.conftest import Deployment, assert_told_once, wait_for
from tests.postgresql_server import PostgresqlServer

Deploy = Callable[..., Any]

pytestmark = pytest.mark.timeout(300)

LOCKED_SECONDS = 10.0
BATCHES = 6
CUTS = 5


def at_work(deploy: Deploy, database_url: str) -> tuple[Deployment, str]:
    """A system on this database, with two workers in the middle of their batches."""
    here: Deployment = deploy(batches=BATCHES, workers=2, settings={"DATABASE_URL": database_url})
    task_id = here.approve(all_pending=True)
    here.until(task_id, lambda event: bool(event["type"] == "item"))
    return here, task_id


def assert_all_approved_once(here: Deployment, task_id: str) -> None:
    words: Counter[str] = here.assert_true(here.finish(task_id))
    assert words == {"approved": BATCHES}
    assert here.system.truth()["approvals"] == BATCHES
    assert_told_once(list(here.api.follow(task_id, lambda: None)))


def test_another_program_keeps_sqlite_locked(deploy: Deploy, tmp_path: Path) -> None:
    """This one is about SQLite itself, whatever --database says."""
    # Given work in hand on SQLite
    file = tmp_path / "locked.sqlite3"
    here, task_id = at_work(deploy, f"sqlite:///{file}")

    # When somebody else holds the file's write lock, and a task is given meanwhile
    with closing(sqlite3.connect(file, isolation_level=None, timeout=60)) as other:
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as thread:
            given = thread.submit(here.practise, 2)
            threading.Event().wait(LOCKED_SECONDS)
            other.execute("ROLLBACK")
            later = given.result(60)

    # Then both are done
    assert_all_approved_once(here, task_id)
    assert here.finish(later)["state"] == "completed"


@pytest.fixture
def postgresql_url(postgresql: PostgresqlServer) -> Iterator[str]:
    """URL of an empty database of the test's own."""
    name = f"faults_{os.urandom(6).hex()}"
    postgresql.create_database(name)
    yield postgresql.url(name)
    postgresql.drop_database(name)


def test_postgresql_is_restarted(
    deploy: Deploy, postgresql: PostgresqlServer, postgresql_url: str
) -> None:
    here, task_id = at_work(deploy, postgresql_url)

    postgresql.stop()
    log = here.system.folder / "logs" / "automation.log"
    wait_for(lambda: "record not reachable" in log.read_text())
    postgresql.start()

    assert_all_approved_once(here, task_id)
    assert here.finish(here.practise(2))["state"] == "completed"


def test_every_connection_to_postgresql_is_cut(
    deploy: Deploy, postgresql: PostgresqlServer, postgresql_url: str
) -> None:
    here, task_id = at_work(deploy, postgresql_url)

    for _ in range(CUTS):
        done = here.api.status(task_id)["counts"]
        postgresql.disconnect_everyone(str(make_url(postgresql_url).database))
        wait_for(partial(has_moved_on, here, task_id, done))

    assert_all_approved_once(here, task_id)


def has_moved_on(here: Deployment, task_id: str, counts: dict[str, int]) -> bool:
    """True once more is done than there was, or all."""
    try:
        status = here.api.status(task_id)
    except LauncherError:  # the edge has just lost its connection too
        return False
    return bool(status["counts"] != counts or status["state"] == "completed")
