"""A process whose wall clock is two hours wrong decides nothing differently."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from launcher.api_client import ApiClient
from launcher.process import Process
from shared.record import items
from tests.acceptance.conftest import Deployment, assert_told_once, wait_for

Deploy = Callable[..., Any]

pytestmark = pytest.mark.timeout(240)

RIGHT, AHEAD, BEHIND = 0.0, 7200.0, -7200.0


class Clock:
    """The wall clock of one process, moved at will; see wrong_clock/sitecustomize.py."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.set(RIGHT)

    def set(self, seconds: float) -> None:
        """Let it be wrong by so much, as soon as the process looks."""
        part = self._file.with_suffix(".part")
        part.write_text(str(seconds))
        part.replace(self._file)

    def restart(self, process: Process, **settings: str) -> None:
        """Start a process again, under this clock."""
        process.stop(timeout=60)
        process.environment |= {
            "PYTHONPATH": str(Path(__file__).parent / "wrong_clock"),
            "WRONG_CLOCK": str(self._file),
            **settings,
        }
        process.start()


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    """A clock that is right for now."""
    return Clock(tmp_path)


def test_a_worker_s_clock_moved_forth_and_back_costs_nobody_a_claim(
    deploy: Deploy, clock: Clock
) -> None:
    # Given two workers at work, with a short lease
    here = deploy(batches=1, workers=2, settings={"LEASE_SECONDS": "4"})
    clock.restart(here.system.workers[0])
    task_id = here.practise(steps=40, seconds=20)

    # When the clock of one of them jumps about
    for done, offset in enumerate((AHEAD, RIGHT, BEHIND, RIGHT, AHEAD), start=1):
        wait_for(partial(has_done, here, task_id, 4 * done))
        clock.set(offset)

    # Then every item was done once, at its first attempt
    result = here.finish(task_id)
    assert {(item["status"], item["attempts"]) for item in result["result"]["items"]} == {
        ("done", 1)
    }
    assert_told_once(list(here.api.follow(task_id, lambda: None)))
    wrong = {item["finished_at"][:13] for item in result["result"]["items"]}
    assert len(wrong) > 1, "no clock was wrong"


@pytest.mark.parametrize("offset", [AHEAD, BEHIND])
def test_what_a_worker_with_a_wrong_clock_puts_off_is_tried_again_in_time(
    deploy: Deploy, clock: Clock, offset: float
) -> None:
    # Given a worker with a wrong clock, and no browser, that puts off what it cannot do
    here = deploy(batches=1, workers=2, settings={"MAX_ATTEMPTS": "20"})
    here.system.workers[1].stop(timeout=60)
    clock.set(offset)
    clock.restart(here.system.workers[0], CHROMEDRIVER="/bin/false")
    task_id = here.approve(batch_ids=["BATCH001"])
    wait_for(lambda: any(put_off(here, task_id)))

    # When another one, with a browser and the right time, takes over
    here.system.workers[0].kill()
    here.system.workers[1].start()

    # Then it does not wait for two hours
    assert here.assert_true(here.finish(task_id)) == {"approved": 1}


def test_a_task_accepted_by_a_clock_ahead_is_served_by_one_that_is_right(
    deploy: Deploy, clock: Clock
) -> None:
    # Given two orchestrators, one of them two hours ahead, and no worker yet
    here = deploy(batches=1, orchestrators=2)
    here.system.workers[0].stop(timeout=60)
    clock.set(AHEAD)
    clock.restart(here.system.orchestrators[0])

    # When it accepts a task and dies
    with ApiClient(here.system.api_url, here.system.api_key) as api:
        task_id = api.assign("test_task", {"steps": 2, "duration": 0})
    here.system.orchestrators[0].kill()
    here.system.workers[0].start()

    # Then the other one has it done
    with ApiClient(here.system.orchestrators[1].url, here.system.api_key) as api:
        wait_for(lambda: api.status(task_id)["state"] == "completed")


@pytest.mark.parametrize("wrong", [AHEAD, BEHIND])
def test_an_orchestrator_s_clock_moved_forth_and_back_puts_no_task_off(
    deploy: Deploy, clock: Clock, wrong: float
) -> None:
    # Given a task that an orchestrator accepted while its clock was wrong
    here = deploy(batches=1)
    here.system.workers[0].stop(timeout=60)
    clock.set(wrong)
    clock.restart(here.system.orchestrators[0])
    with ApiClient(here.system.api_url, here.system.api_key) as api:
        here.api = api
        task_id = here.practise(steps=2)

        # When it is right again, Then the task is done, and so are those that follow
        clock.set(RIGHT)
        here.system.workers[0].start()
        for given in (task_id, here.practise(steps=2)):
            assert here.finish(given)["state"] == "completed"
        health = httpx.get(f"{here.system.api_url}/health", trust_env=False).json()
        assert health["status"] == "ok"


def has_done(here: Deployment, task_id: str, least: int) -> bool:
    return here.done_items(task_id) >= least


def put_off(here: Deployment, task_id: str) -> list[bool]:
    with here.record.read() as connection:
        return [item.error is not None for item in items.page(connection, task_id, -1, 10)]
