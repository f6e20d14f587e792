"""The record locked, restarted or cut off in the middle of real work: nothing lost or doubled."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url

from launcher.errors import LauncherError
from launcher.system import PracticeSystem
from tests.acceptance.conftest import Deployment, assert_told_once, wait_for
from tests.acceptance.occupied_slot import seen_from_outside
from tests.postgresql_server import PostgresqlServer

pytestmark = pytest.mark.timeout(300)

LOCKED_SECONDS = 10.0
LOCKED, RESTARTED, CUT = (
    [f"BATCH{number:03}" for number in range(first, first + 6)] for first in (1, 7, 13)
)
"""The batches that each test approves."""
CUTS = 5


def begin(here: Deployment, batches: list[str]) -> str:
    """Have two slots in the middle of these batches; the task's id."""
    task_id = here.approve(batch_ids=batches)
    here.until(task_id, lambda event: bool(event["type"] == "item"))
    return task_id


def assert_all_approved_once(here: Deployment, task_id: str, batches: list[str]) -> None:
    assert here.assert_true(here.finish(task_id)) == {"approved": len(batches)}
    assert [approvals_of(here, key) for key in batches] == [1] * len(batches)
    assert_told_once(list(here.api.follow(task_id, lambda: None)))


def approvals_of(here: Deployment, key: str) -> int:
    """How often the portal says that the batch was approved."""
    answer = httpx.get(f"{here.system.truth_url}/truth/batches/{key}", trust_env=False)
    return len(answer.raise_for_status().json()["approvals"])


def test_another_program_keeps_sqlite_locked(
    running_system: Callable[..., PracticeSystem], tmp_path: Path
) -> None:
    """This one is about SQLite itself, whatever --database says."""
    # Given work in hand on SQLite
    file = tmp_path / "locked.sqlite3"
    settings = {"DATABASE_URL": f"sqlite:///{file}"}
    system = running_system(batches=6, concurrency=2, settings=settings)
    with seen_from_outside(system) as here:
        task_id = begin(here, LOCKED)

        # When somebody else holds the file's write lock, and a task is given meanwhile
        with closing(sqlite3.connect(file, isolation_level=None, timeout=60)) as other:
            other.execute("BEGIN IMMEDIATE")
            with ThreadPoolExecutor(1) as thread:
                given = thread.submit(here.practise, 2)
                threading.Event().wait(LOCKED_SECONDS)
                other.execute("ROLLBACK")
                later = given.result(60)

        # Then both are done
        assert_all_approved_once(here, task_id, LOCKED)
        assert here.finish(later)["state"] == "completed"


@pytest.fixture(scope="module")
def on_postgresql(
    shared_system: Callable[..., PracticeSystem], postgresql: PostgresqlServer
) -> Iterator[Deployment]:
    """Two slots on a database of their own."""
    name = f"faults_{os.urandom(6).hex()}"
    postgresql.create_database(name)
    options = {"latency_ms": 200, "settings": {"DATABASE_URL": postgresql.url(name)}}
    with seen_from_outside(shared_system(batches=18, concurrency=2, **options)) as here:
        yield here
        here.system.abandon()
    postgresql.drop_database(name)


def test_postgresql_is_restarted(on_postgresql: Deployment, postgresql: PostgresqlServer) -> None:
    here = on_postgresql
    task_id = begin(here, RESTARTED)

    log = here.system.folder / "logs" / "automation.log"
    logged_before = len(log.read_text())
    postgresql.stop()
    wait_for(lambda: "record not reachable" in log.read_text()[logged_before:])
    postgresql.start()

    assert_all_approved_once(here, task_id, RESTARTED)
    assert here.finish(here.practise(2))["state"] == "completed"


def test_every_connection_to_postgresql_is_cut(
    on_postgresql: Deployment, postgresql: PostgresqlServer
) -> None:
    here = on_postgresql
    task_id = begin(here, CUT)

    for _ in range(CUTS):
        done = here.api.status(task_id)["counts"]
        postgresql.disconnect_everyone(str(make_url(here.system.database_url).database))
        wait_for(partial(has_moved_on, here, task_id, done))

    assert_all_approved_once(here, task_id, CUT)


def has_moved_on(here: Deployment, task_id: str, counts: dict[str, int]) -> bool:
    """True once more is done than there was, or all."""
    try:
        status = here.api.status(task_id)
    except LauncherError:  # the edge has just lost its connection too
        return False
    return bool(status["counts"] != counts or status["state"] == "completed")
