"""What was accepted is done and true, whatever dies on the way."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import httpx
import psutil
import pytest

from launcher.api_client import ApiClient
from tests.acceptance.conftest import wait_for

Deploy = Callable[..., Any]

pytestmark = pytest.mark.timeout(240)

QUICK = {"LEASE_SECONDS": "4"}


def is_an_item(event: dict[str, Any]) -> bool:
    return bool(event["type"] == "item")


def test_the_items_of_a_killed_pool_child_are_taken_up_again(deploy: Deploy) -> None:
    here = deploy(batches=12, concurrency=2)
    task_id = here.approve(all_pending=True)
    here.until(task_id, is_an_item)
    victim = here.pool_children()[0]
    orphans = list(victim.children(recursive=True))

    victim.kill()
    result = here.finish(task_id)

    words = here.assert_true(result)
    assert words["approved"] + words["already_approved"] + words["unverified"] == 12
    assert here.system.truth()["approvals"] == 12
    assert result["state"] == "completed"
    wait_for(lambda: not any(p.is_running() and p.status() != "zombie" for p in orphans), 20)


def test_a_killed_worker_leaves_nothing_undone_and_no_browser(deploy: Deploy) -> None:
    here = deploy(batches=8, settings=QUICK)
    task_id = here.approve(all_pending=True)
    here.until(task_id, is_an_item)
    before = {process.pid for process in here.browser_processes()}

    here.system.workers[0].kill()
    here.system.workers[0].start()
    result = here.finish(task_id)

    words = here.assert_true(result)
    assert sum(words.values()) == 8
    assert here.system.truth()["approvals"] == 8
    wait_for(lambda: not before & {process.pid for process in here.browser_processes()}, 20)


def test_another_worker_goes_on_when_one_is_told_to_leave(deploy: Deploy) -> None:
    here = deploy(batches=10, workers=2)
    task_id = here.approve(all_pending=True)
    here.until(task_id, is_an_item)

    here.system.workers[0].stop(timeout=60)
    result = here.finish(task_id)

    assert here.system.workers[0].exit_status == 0
    assert here.assert_true(result) == {"approved": 10}


def test_a_worker_that_leaves_takes_its_browser_along(deploy: Deploy) -> None:
    here = deploy(batches=2)
    here.finish(here.approve(all_pending=True))
    assert here.browser_processes()

    here.system.workers[0].stop(timeout=60)

    wait_for(lambda: not here.browser_processes(), 10)
    assert not list((here.system.folder / "data" / "browsers").glob("*"))


def test_a_task_accepted_while_redis_is_down_is_done_when_it_is_back(deploy: Deploy) -> None:
    here = deploy(batches=3)
    here.system.redis.stop()

    task_id = here.approve(all_pending=True)
    wait_for(lambda: health(here)["status"] == "degraded", 20)
    here.system.redis.start()
    result = here.finish(task_id)

    assert here.assert_true(result) == {"approved": 3}
    wait_for(lambda: health(here)["status"] == "ok", 20)


def test_redis_killed_and_emptied_in_the_middle_loses_nothing(deploy: Deploy) -> None:
    here = deploy(batches=12, concurrency=2)
    task_id = here.approve(all_pending=True)
    here.until(task_id, is_an_item)

    here.system.redis.kill()
    for file in here.system.redis.folder.rglob("*.*"):
        if file.is_file():
            file.unlink()
    waiting = here.api.assign("test_task", {"duration": 0.1})
    here.system.redis.start()

    assert here.assert_true(here.finish(task_id)) == {"approved": 12}
    assert here.finish(waiting)["state"] == "completed"


def test_what_a_killed_orchestrator_accepted_is_done(deploy: Deploy) -> None:
    here = deploy(batches=3)
    task_id = here.approve(all_pending=True)

    here.system.orchestrators[0].kill()
    here.system.orchestrators[0].start()
    with ApiClient(here.system.api_url, here.system.api_key) as api:
        here.api = api
        result = here.finish(task_id)

    assert here.assert_true(result) == {"approved": 3}


def test_two_orchestrators_serve_one_record(deploy: Deploy) -> None:
    here = deploy(batches=4, orchestrators=2, concurrency=2)
    other = ApiClient(here.system.orchestrators[1].url, here.system.api_key)

    task_id = here.approve(all_pending=True)
    with other:
        events = list(other.follow(task_id, here.system.check))

    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert here.assert_true(here.finish(task_id)) == {"approved": 4}
    assert here.system.truth()["approve_posts"] == 4


def test_a_long_task_does_not_starve_a_short_one(deploy: Deploy) -> None:
    here = deploy(batches=1, settings={"TURN_SECONDS": "1"})
    long = here.api.assign("test_task", {"duration": 3600, "steps": 7200})
    here.until(long, is_an_item)

    short = here.finish(here.api.assign("test_task", {"duration": 0.1, "steps": 1}))

    assert short["state"] == "completed"
    assert here.api.status(long)["state"] == "running"


def test_a_frozen_browser_driver_is_survived(deploy: Deploy) -> None:
    here = deploy(batches=6, settings={**QUICK, "SELENIUM_TIMEOUT": "5"})
    task_id = here.approve(all_pending=True)
    here.until(task_id, is_an_item)
    drivers = [p for p in here.browser_processes() if "chromedriver" in p.name()]
    victims = drivers or here.browser_processes()[:1]

    for victim in victims:
        victim.send_signal(signal.SIGKILL)
    result = here.finish(task_id)

    words = here.assert_true(result)
    assert sum(words.values()) == 6
    assert words["failed"] == 0
    assert here.system.truth()["double_approved"] == 0


def test_nothing_is_left_when_a_system_is_closed(deploy: Deploy) -> None:
    here = deploy(batches=2, concurrency=2)
    here.finish(here.approve(all_pending=True))
    parts = [
        psutil.Process(part.pid)
        for part in [*here.system.workers, *here.system.orchestrators, here.system.redis]
    ]
    descendants = [child for part in parts for child in part.children(recursive=True)]

    here.system.close()

    assert [p for p in [*parts, *descendants] if p.is_running()] == []


def health(here: Any) -> dict[str, Any]:
    return dict(httpx.get(f"{here.system.api_url}/health", verify=False, trust_env=False).json())
