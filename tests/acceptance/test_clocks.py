"""A process whose wall clock is two hours wrong decides nothing differently.

One system serves all tests. Its orchestrator and its first worker, which has no browser, go by
clocks that the tests move.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path

import httpx
import pytest

from launcher.process import Process
from launcher.system import PracticeSystem
from shared.record import items
from tests.acceptance.conftest import Deployment, assert_told_once, wait_for
from tests.acceptance.occupied_slot import OccupiedSlot, seen_from_outside

Occupy = Callable[[], OccupiedSlot]

pytestmark = pytest.mark.timeout(240)

RIGHT, AHEAD, BEHIND = 0.0, 7200.0, -7200.0
BATCHES = {AHEAD: "BATCH001", BEHIND: "BATCH002"}


class Clock:
    """The wall clock of one process, moved at will; see wrong_clock/sitecustomize.py."""

    def __init__(self, file: Path, process: Process, **settings: str) -> None:
        """Start the process again with these settings, under a clock that is right for now."""
        self._file = file
        self.set(RIGHT)
        process.kill()
        process.environment |= {
            "PYTHONPATH": str(Path(__file__).parent / "wrong_clock"),
            "WRONG_CLOCK": str(file),
            **settings,
        }
        process.start()

    def set(self, seconds: float) -> None:
        """Let it be wrong by so much, as soon as the process looks."""
        part = self._file.with_suffix(".part")
        part.write_text(str(seconds))
        part.replace(self._file)


class Clocks:
    """A system, and the two clocks in it that can be moved."""

    def __init__(self, here: Deployment) -> None:
        self.here = here
        system = here.system
        self.orchestrator = Clock(system.folder / "clock-1", system.orchestrators[0])
        self.worker = Clock(system.folder / "clock-2", system.workers[0], CHROMEDRIVER="/bin/false")


@pytest.fixture(scope="module")
def kept_clocks(shared_system: Callable[..., PracticeSystem]) -> Iterator[Clocks]:
    """One orchestrator and two workers, with a short lease."""
    settings = {"LEASE_SECONDS": "4", "MAX_ATTEMPTS": "20"}
    system = shared_system(batches=len(BATCHES), workers=2, settings=settings)
    with seen_from_outside(system) as here:
        yield Clocks(here)


@pytest.fixture
def clocks(kept_clocks: Clocks) -> Iterator[Clocks]:
    """That system, with clocks that are right before and afterwards."""
    yield kept_clocks
    kept_clocks.orchestrator.set(RIGHT)
    kept_clocks.worker.set(RIGHT)


@pytest.fixture
def occupy(clocks: Clocks) -> Iterator[Occupy]:
    """Take slots; they are free afterwards."""
    taken: list[OccupiedSlot] = []

    def take() -> OccupiedSlot:
        taken.append(OccupiedSlot(clocks.here))
        return taken[-1]

    yield take
    for slot in taken:
        slot.free()


def test_a_worker_s_clock_moved_forth_and_back_costs_nobody_a_claim(clocks: Clocks) -> None:
    # Given two workers at work
    here = clocks.here
    task_id = here.practise(steps=40, seconds=20)

    # When the clock of one of them jumps about
    for done, offset in enumerate((AHEAD, RIGHT, BEHIND, RIGHT, AHEAD), start=1):
        wait_for(partial(has_done, here, task_id, 4 * done))
        clocks.worker.set(offset)

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
    clocks: Clocks, occupy: Occupy, offset: float
) -> None:
    # Given a worker with a wrong clock, and no browser, that puts off what it cannot do, while the
    # other one has no slot to spare
    here = clocks.here
    clocks.worker.set(offset)
    slots = [occupy(), occupy()]
    (blind,) = (slot for slot in slots if is_of_the_first_worker(here, slot))
    (seeing,) = (slot for slot in slots if slot is not blind)
    blind.free()
    task_id = here.approve(batch_ids=[BATCHES[offset]])
    wait_for(lambda: any(put_off(here, task_id)))

    # When that one, with a browser and the right time, takes over
    occupy()
    seeing.free()

    # Then it does not wait for two hours
    assert here.assert_true(here.finish(task_id)) == {"approved": 1}


def test_a_task_accepted_by_a_clock_ahead_is_served_by_one_that_is_right(
    clocks: Clocks, occupy: Occupy
) -> None:
    # Given an orchestrator that is two hours ahead, and no slot to spare
    here = clocks.here
    taken = [occupy(), occupy()]
    clocks.orchestrator.set(AHEAD)
    wait_for(lambda: is_wrong(here))

    # When it accepts a task and dies, and another one has the right time
    task_id = here.practise(steps=2)
    here.system.orchestrators[0].kill()
    clocks.orchestrator.set(RIGHT)
    here.system.orchestrators[0].start()
    for slot in taken:
        slot.free()

    # Then the task is done
    assert here.finish(task_id)["state"] == "completed"


@pytest.mark.parametrize("wrong", [AHEAD, BEHIND])
def test_an_orchestrator_s_clock_moved_forth_and_back_puts_no_task_off(
    clocks: Clocks, occupy: Occupy, wrong: float
) -> None:
    # Given a task that an orchestrator accepted while its clock was wrong
    here = clocks.here
    taken = [occupy(), occupy()]
    clocks.orchestrator.set(wrong)
    wait_for(lambda: is_wrong(here))
    task_id = here.practise(steps=2)

    # When it is right again, Then the task is done, and so are those that follow
    clocks.orchestrator.set(RIGHT)
    for slot in taken:
        slot.free()
    for given in (task_id, here.practise(steps=2)):
        assert here.finish(given)["state"] == "completed"
    health = httpx.get(f"{here.system.api_url}/health", trust_env=False).json()
    assert health["status"] == "ok"


def is_wrong(here: Deployment) -> bool:
    """True once the orchestrator tells another time than it is."""
    told = httpx.get(f"{here.system.api_url}/health/live", trust_env=False).headers["date"]
    return abs(parsedate_to_datetime(told).timestamp() - time.time()) > AHEAD / 2


def is_of_the_first_worker(here: Deployment, slot: OccupiedSlot) -> bool:
    return slot.pid in {child.pid for child in here.pool_children()}


def has_done(here: Deployment, task_id: str, least: int) -> bool:
    return here.done_items(task_id) >= least


def put_off(here: Deployment, task_id: str) -> list[bool]:
    with here.record.read() as connection:
        return [item.error is not None for item in items.page(connection, task_id, -1, 10)]
