"""What takes too long is ended from outside, and what became of a click is read all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from tests.acceptance.conftest import Deployment, wait_for

pytestmark = pytest.mark.timeout(240)

AN_AGE = 120_000
ITEM_TIME_LIMIT = 20
"""Seconds that no item needs, on however busy a machine, unless the portal keeps it waiting or a
browser has to start for it."""
TASK_TIME_LIMIT = 5


@pytest.fixture
def here(share: Callable[..., Deployment]) -> Deployment:
    """The running system that the tests share: two slots, and patience with pages."""
    settings = {
        "ITEM_TIME_LIMIT": str(ITEM_TIME_LIMIT),
        "LATE_LOOK_SECONDS": "8",
        "SELENIUM_TIMEOUT": str(AN_AGE // 1000),
    }
    module = "tests.acceptance.authored_worker"
    return share(batches=14, concurrency=2, worker_module=module, settings=settings)


def hung(batch: str) -> dict[str, Any]:
    """The portal answers nobody who asks for this batch."""
    return {"kind": "latency", "ms": AN_AGE, "batch_id": batch}


@contextmanager
def time_limit_for_tasks(here: Deployment) -> Iterator[None]:
    """Let the dispatcher end tasks that take longer."""
    (orchestrator,) = here.system.orchestrators
    orchestrator.kill()
    orchestrator.environment["TASK_TIME_LIMIT"] = str(TASK_TIME_LIMIT)
    orchestrator.start()
    try:
        yield
    finally:
        del orchestrator.environment["TASK_TIME_LIMIT"]
        orchestrator.kill()
        orchestrator.start()


def words(result: dict[str, Any]) -> dict[str, str]:
    return {item["key"]: item["status"] for item in result["result"]["items"]}


def item_of(here: Deployment, task_id: str, key: str) -> dict[str, Any]:
    items = here.api.result(task_id)["result"]["items"]
    return next(item for item in items if item["key"] == key)


def test_what_hangs_fails_what_ended_in_doubt_is_read_again_later_and_the_others_go_on(
    here: Deployment,
) -> None:
    # Given slots whose browsers have started, a batch whose page never comes, and one of which the
    # portal stores the approval and shows nothing afterwards
    here.finish(here.approve(batch_ids=here.take_batches(4)))
    one, hanging, doubtful, four = keys = here.take_batches(4)
    faults = [
        hung(hanging),
        {"kind": "response_lost", "batch_id": doubtful},
        {"kind": "server_error", "batch_id": doubtful, "step": "read_back"},
    ]
    here.ask_truth("PUT", "/faults", faults)

    # When they are to be approved, among others
    task_id = here.approve(batch_ids=keys)
    result = here.finish(task_id)

    # Then each ends in its time and says what is known of it
    in_doubt = {hanging: "failed", doubtful: "unverified"}
    assert words(result) == {one: "approved", four: "approved", **in_doubt}
    assert "ITEM_TIME_LIMIT" in item_of(here, task_id, hanging)["error"]
    here.assert_true(result)

    # And once the portal shows it again, what was in doubt is found out
    here.ask_truth("PUT", "/faults", [])
    wait_for(lambda: bool(item_of(here, task_id, doubtful)["late_findings"]), 60)
    late = item_of(here, task_id, doubtful)
    assert late["status"] == "unverified"
    assert "approved by our click" in late["late_findings"][0]["finding"]
    assert here.approvals([doubtful]) == 1


def test_a_task_that_takes_too_long_fails_with_what_is_left_of_it(here: Deployment) -> None:
    keys = here.take_batches(3)
    here.ask_truth("PUT", "/faults", [hung(key) for key in keys])

    with time_limit_for_tasks(here):
        result = here.finish(here.approve(batch_ids=keys))

    assert result["state"] == "failed"
    assert "TASK_TIME_LIMIT" in result["error"]
    assert set(words(result).values()) == {"failed"}
    assert here.approvals(keys) == 0


def test_a_task_that_hears_nothing_is_ended_with_its_browser_and_leaves_none_behind(
    here: Deployment,
) -> None:
    # Given a task with a browser that hears nothing until its time is over
    with time_limit_for_tasks(here):
        task_id = here.api.assign("walk", {"address": "/esc/pending-batches", "stay": True})
        wait_for(lambda: bool(here.at_work(task_id)))
        child = psutil.Process(here.at_work(task_id)[0].pid)
        wait_for(lambda: bool(child.children()))
        started = child.children(recursive=True)
        # When it is over
        result = here.finish(task_id)

    # Then it ends with that for an error, and nothing is left of what it used
    assert result["state"] == "failed"
    assert "TASK_TIME_LIMIT" in result["error"]
    (item,) = result["result"]["items"]
    assert "TASK_TIME_LIMIT" in item["error"]
    wait_for(lambda: not any(process.is_running() for process in started), 20)
    folder = here.system.folder / "data" / "browsers"
    used = {browser.user_data_dir for browser in here.browsers_in_the_record()}
    wait_for(lambda: {str(one) for one in folder.glob("*")} <= used, 20)
