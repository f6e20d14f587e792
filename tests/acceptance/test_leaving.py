"""How a worker leaves: told once it finishes what it has in hand, told again it is a crash.

One system serves all tests; the worker that leaves is started for each.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from launcher.system import PracticeSystem
from tests.acceptance.conftest import Deployment, assert_told_once, wait_for
from tests.acceptance.occupied_slot import OccupiedSlot, seen_from_outside

pytestmark = pytest.mark.timeout(240)

ITEM_SECONDS = 4.0
LONG_ITEM_SECONDS = 8.0
"""For an item that must not be done before its worker is gone, on a busy machine too."""
GONE_SECONDS = 10.0
BATCHES = 8


@pytest.fixture(scope="module")
def here(shared_system: Callable[..., PracticeSystem]) -> Iterator[Deployment]:
    """The worker that leaves, which any test may find ended, and another one."""
    options = {"batches": BATCHES, "latency_ms": 200, "settings": {"LEASE_SECONDS": "4"}}
    with seen_from_outside(shared_system(workers=2, **options)) as deployment:
        yield deployment


class Leaver:
    """The worker that is told to leave. Meanwhile the other one has no slot to spare."""

    def __init__(self, here: Deployment) -> None:
        self.here = here
        self.process, self._other = here.system.workers
        self._occupied: OccupiedSlot | None = None

    def begin(self, *, steps: int, drain_seconds: float, item_seconds: float = ITEM_SECONDS) -> str:
        """Have the leaver begin an item while the other one has no slot to spare; the task's id."""
        self.process.kill()
        if not self._other.running:
            self._other.start()
        self._occupied = OccupiedSlot(self.here)
        self.process.environment["DRAIN_SECONDS"] = str(drain_seconds)
        self.process.start()
        task_id = self.here.practise(steps=steps, seconds=steps * item_seconds)
        wait_for(lambda: self._has_begun(task_id))
        return task_id

    def _has_begun(self, task_id: str) -> bool:
        # A slot is at work on a task a moment before it has an item in hand.
        items = self.here.api.result(task_id)["result"]["items"]
        return any(item["attempts"] for item in items)

    def begin_alone(self) -> str:
        """Have it approve batches, the only worker on this machine; the task's id."""
        self._other.kill()
        self.process.kill()
        self.process.start()
        return self.here.approve(all_pending=True)

    def free_the_other(self) -> None:
        """Let the other one do what comes. May be called twice."""
        if self._occupied is not None:
            self._occupied.free()

    def tell(self, number: signal.Signals) -> None:
        """Send a signal and wait until it was heard."""
        told_before = len(self._log())
        os.kill(self.process.pid, number)
        if number is not signal.SIGQUIT:
            wait_for(lambda: self._has_heard(told_before))

    def _has_heard(self, told_before: int) -> bool:
        told = self._log()[told_before:]
        return "Warm shutdown" in told or not self.process.running

    def _log(self) -> str:
        assert self.process.log is not None
        return self.process.log.read_text()


@pytest.fixture
def leaver(here: Deployment) -> Iterator[Leaver]:
    """The worker that is told to leave."""
    made = Leaver(here)
    yield made
    made.free_the_other()


def has_moved_on(here: Deployment, task_id: str, done: int) -> bool:
    return here.done_items(task_id) > done


def items_of(here: Deployment, task_id: str) -> list[dict[str, Any]]:
    return list(here.finish(task_id)["result"]["items"])


def test_told_once_a_worker_finishes_the_item_in_hand_and_another_does_the_rest(
    here: Deployment, leaver: Leaver
) -> None:
    # Given two workers, of which the first has an item of a task in hand
    task_id = leaver.begin(steps=2, drain_seconds=60)

    # When it is told to leave, and the other one has a slot to spare
    leaver.tell(signal.SIGTERM)
    leaver.free_the_other()
    leaver.process.wait(60)

    # Then it has finished that item, nothing was begun twice, and the other one did the rest
    assert leaver.process.exit_status == 0
    done = items_of(here, task_id)
    assert [(item["status"], item["attempts"]) for item in done] == [("done", 1)] * 2
    assert_told_once(list(here.api.follow(task_id, lambda: None)))


def test_an_item_that_takes_longer_than_it_may_is_left_to_another_worker(
    here: Deployment, leaver: Leaver
) -> None:
    task_id = leaver.begin(steps=1, drain_seconds=1, item_seconds=LONG_ITEM_SECONDS)

    leaver.tell(signal.SIGTERM)
    leaver.free_the_other()
    leaver.process.wait(60)

    assert leaver.process.exit_status is not None
    (item,) = items_of(here, task_id)
    assert (item["status"], item["attempts"]) == ("done", 2)


@pytest.mark.parametrize(
    "told",
    [
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGINT, signal.SIGINT),
        (signal.SIGTERM, signal.SIGQUIT),
    ],
    ids=lambda told: "+".join(number.name for number in told),
)
def test_told_again_a_worker_ends_at_once_and_another_goes_on(
    here: Deployment, leaver: Leaver, told: tuple[signal.Signals, ...]
) -> None:
    # Given a worker with an item in hand that takes far longer than it may live on
    task_id = leaver.begin(steps=1, drain_seconds=600, item_seconds=LONG_ITEM_SECONDS)

    # When it is told to leave until it does, and the other one has a slot to spare
    for number in told:
        leaver.tell(number)
    leaver.free_the_other()

    # Then it is gone though its item was not done; another one does it, and nothing is doubled
    wait_for(lambda: not leaver.process.running, GONE_SECONDS)
    (item,) = items_of(here, task_id)
    assert (item["status"], item["attempts"]) == ("done", 2)
    assert_told_once(list(here.api.follow(task_id, lambda: None)))


def test_a_crash_it_is_told_of_takes_the_worker_s_browsers_along(
    here: Deployment, leaver: Leaver
) -> None:
    """Whether the child that drives the browser is at work or frozen."""
    # Given a worker in the middle of its batches, the only one on this machine
    task_id = leaver.begin_alone()
    for frozen in (False, True):
        wait_for(partial(has_moved_on, here, task_id, here.done_items(task_id)))
        (slot,) = here.at_work(task_id)
        assert here.browser_processes()
        assert slot.pid is not None
        if frozen:
            os.kill(slot.pid, signal.SIGSTOP)

        # When it is told to end at once
        leaver.tell(signal.SIGQUIT)

        # Then its browser is gone with it, with its folder
        wait_for(lambda: not leaver.process.running, GONE_SECONDS)
        assert here.browser_processes() == []
        assert not list((here.system.folder / "data" / "browsers").glob("*"))
        # And the next start goes on
        leaver.process.start()

    # Then what was left is done, nothing twice
    assert here.assert_true(here.finish(task_id)) == {"approved": BATCHES}
    assert here.system.truth()["approvals"] == BATCHES
