"""How a worker leaves: told once it finishes what it has in hand, told again it is a crash."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance.conftest import assert_told_once, wait_for

Deploy = Callable[..., Any]

pytestmark = pytest.mark.timeout(240)

ITEM_SECONDS = 4.0
GONE_SECONDS = 10.0


def tell(here: Any, number: signal.Signals) -> None:
    """Send the first worker a signal and wait until it has heard it."""
    os.kill(here.system.workers[0].pid, number)
    if number is not signal.SIGQUIT:
        log = here.system.workers[0].log
        wait_for(lambda: "Warm shutdown" in log.read_text() or not here.system.workers[0].running)


def items_of(here: Any, task_id: str) -> list[dict[str, Any]]:
    return list(here.finish(task_id)["result"]["items"])


def test_told_once_a_worker_finishes_the_item_in_hand_and_another_does_the_rest(
    deploy: Deploy,
) -> None:
    # Given two workers, of which the first has an item of a task in hand
    here = deploy(batches=1, workers=2)
    here.system.workers[1].stop()
    task_id = here.practise(steps=3, seconds=3 * ITEM_SECONDS)
    wait_for(lambda: bool(here.at_work(task_id)))
    here.system.workers[1].start()

    # When it is told to leave
    tell(here, signal.SIGTERM)
    here.system.workers[0].wait(60)

    # Then it has finished that item, nothing was begun twice, and the other one did the rest
    assert here.system.workers[0].exit_status == 0
    done = items_of(here, task_id)
    assert [(item["status"], item["attempts"]) for item in done] == [("done", 1)] * 3
    assert_told_once(list(here.api.follow(task_id, lambda: None)))


def test_an_item_that_takes_longer_than_it_may_is_left_to_another_worker(deploy: Deploy) -> None:
    here = deploy(batches=1, workers=2, settings={"DRAIN_SECONDS": "1"})
    here.system.workers[1].stop()
    task_id = here.practise(steps=1, seconds=2 * ITEM_SECONDS)
    wait_for(lambda: bool(here.at_work(task_id)))
    here.system.workers[1].start()

    tell(here, signal.SIGTERM)
    here.system.workers[0].wait(60)

    assert here.system.workers[0].exit_status is not None
    (item,) = items_of(here, task_id)
    assert (item["status"], item["attempts"]) == ("done", 2)


@pytest.mark.parametrize(
    "told",
    [
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGINT, signal.SIGINT),
        (signal.SIGTERM, signal.SIGQUIT),
        (signal.SIGQUIT,),
    ],
    ids=lambda told: "+".join(number.name for number in told),
)
def test_told_again_a_worker_ends_at_once_and_another_goes_on(
    deploy: Deploy, told: tuple[signal.Signals, ...]
) -> None:
    # Given a worker with an item in hand that takes far longer than it may live on
    here = deploy(batches=1, workers=2, settings={"DRAIN_SECONDS": "600"})
    here.system.workers[1].stop()
    task_id = here.practise(steps=2, seconds=2 * ITEM_SECONDS)
    wait_for(lambda: bool(here.at_work(task_id)))
    here.system.workers[1].start()

    # When it is told to leave until it does
    for number in told:
        tell(here, number)

    # Then it is gone though its item was not done; another one does it, and nothing is doubled
    wait_for(lambda: not here.system.workers[0].running, GONE_SECONDS)
    done = items_of(here, task_id)
    assert [item["status"] for item in done] == ["done"] * 2
    assert sum(item["attempts"] for item in done) == 3
    assert_told_once(list(here.api.follow(task_id, lambda: None)))


@pytest.mark.parametrize("frozen", [False, True], ids=["at work", "frozen"])
def test_a_crash_it_is_told_of_takes_the_worker_s_browsers_along(
    deploy: Deploy, frozen: bool
) -> None:
    # Given a worker in the middle of its batches, the only one on this machine
    here = deploy(batches=6, latency_ms=100, settings={"LEASE_SECONDS": "4"})
    task_id = here.approve(all_pending=True)
    here.until(task_id, lambda event: event["type"] == "item")
    (slot,) = here.at_work(task_id)
    browsers = here.browser_processes()
    assert browsers
    if frozen:
        os.kill(slot.pid, signal.SIGSTOP)

    # When it is told to end at once
    tell(here, signal.SIGQUIT)

    # Then its browser is gone with it, with its folder
    wait_for(lambda: not here.system.workers[0].running, GONE_SECONDS)
    assert here.browser_processes() == []
    assert not list((here.system.folder / "data" / "browsers").glob("*"))

    # And the next start does what is left, nothing twice
    here.system.workers[0].start()
    assert here.assert_true(here.finish(task_id)) == {"approved": 6}
    assert here.system.truth()["approvals"] == 6
