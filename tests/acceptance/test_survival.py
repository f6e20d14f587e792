"""What was accepted is done and true, whatever dies on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psutil
import pytest

from launcher.api_client import ApiClient
from tests.acceptance.conftest import Deployment, wait_for

Start = Callable[..., Deployment]

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def here(share: Start) -> Deployment:
    """The running system that the tests share: one slot, two orchestrators."""
    settings = {"LEASE_SECONDS": "4", "SELENIUM_TIMEOUT": "10"}
    return share(batches=30, orchestrators=2, settings=settings)


def begun(here: Deployment, count: int) -> tuple[str, list[str]]:
    """A task with so many batches of which the first is approved, and the batches."""
    keys = here.take_batches(count)
    task_id = here.approve(batch_ids=keys)
    here.until(task_id, lambda event: event["type"] == "item")
    return task_id, keys


def assert_all_approved_once(here: Deployment, task_id: str, keys: list[str]) -> None:
    result = here.finish(task_id)
    assert result["state"] == "completed"
    assert here.assert_true(result) == {"approved": len(keys)}
    assert here.approvals(keys) == len(keys)


def assert_gone(processes: list[psutil.Process]) -> None:
    wait_for(lambda: not any(living(process) for process in processes), 20)


def living(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def descendants(parts: list[Any]) -> list[psutil.Process]:
    return [child for part in parts for child in psutil.Process(part.pid).children(recursive=True)]


def test_the_items_of_a_killed_pool_child_are_taken_up_again(here: Deployment) -> None:
    task_id, keys = begun(here, 5)
    victim = psutil.Process(here.at_work(task_id)[0].pid)
    orphans = victim.children(recursive=True)

    victim.kill()

    assert_all_approved_once(here, task_id, keys)
    assert_gone(orphans)


def test_a_killed_worker_leaves_nothing_undone_and_no_browser(here: Deployment) -> None:
    task_id, keys = begun(here, 6)
    before = here.browser_processes()
    assert before

    here.system.workers[0].kill()
    here.system.workers[0].start()

    assert_all_approved_once(here, task_id, keys)
    assert_gone(before)


def test_two_orchestrators_serve_one_record(here: Deployment) -> None:
    keys = here.take_batches(3)
    other = ApiClient(here.system.orchestrators[1].url, here.system.api_key)

    task_id = here.approve(batch_ids=keys)
    with other:
        events = list(other.follow(task_id, here.system.check))

    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert_all_approved_once(here, task_id, keys)
    assert here.approve_posts(keys) == 3


def test_nothing_is_left_when_a_worker_leaves_and_a_system_is_closed(here: Deployment) -> None:
    # Given a system whose worker has browsers
    here.finish(here.approve(batch_ids=here.take_batches(2)))
    assert here.browser_processes()
    (worker,) = here.system.workers
    everybody = descendants([*here.system.orchestrators, here.system.redis, worker])
    parts = [psutil.Process(part.pid) for part in here.parts]

    # When the worker is told to leave, Then it takes its browsers along
    worker.stop(timeout=60)
    assert worker.exit_status == 0
    wait_for(lambda: not here.browser_processes(), 10)
    assert not list((here.system.folder / "data" / "browsers").glob("*"))

    # And when the system is closed, Then no process is left
    here.system.close()
    assert [process for process in [*parts, *everybody] if process.is_running()] == []
