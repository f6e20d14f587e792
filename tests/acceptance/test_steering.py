"""Cancelling and retrying real work: what is skipped is not clicked, what was clicked is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import Deployment

pytestmark = pytest.mark.timeout(240)

MORE_THAN_IN_HAND = 20


@pytest.fixture
def here(share: Callable[..., Deployment]) -> Deployment:
    """The running system that the tests share: one slot."""
    return share(batches=50, settings={"LEASE_SECONDS": "4"})


def steer(here: Deployment, what: str, task_id: str) -> dict[str, Any]:
    answer = httpx.post(
        f"{here.system.api_url}/{what}/{task_id}",
        headers={"x-api-key": here.system.api_key},
        timeout=30,
        verify=False,
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def begun(here: Deployment) -> tuple[str, list[str]]:
    """A task of which the first of many batches is approved, and the batches."""
    keys = here.take_batches(MORE_THAN_IN_HAND)
    task_id = here.approve(batch_ids=keys)
    here.until(task_id, lambda event: event["type"] == "item")
    return task_id, keys


def test_a_cancelled_task_finishes_what_is_in_hand_and_clicks_nothing_else(
    here: Deployment,
) -> None:
    task_id, keys = begun(here)

    steer(here, "cancel", task_id)
    result = here.finish(task_id)

    words = here.assert_true(result)
    assert result["state"] == "cancelled"
    assert result["error"] == "Cancelled by default"
    assert words["approved"] + words["skipped"] == MORE_THAN_IN_HAND
    assert words["approved"] == here.approvals(keys) == here.approve_posts(keys)
    assert words["skipped"] > 0


def test_a_task_cancelled_while_its_worker_dies_is_accounted_for(here: Deployment) -> None:
    task_id, keys = begun(here)

    here.system.workers[0].kill()
    steer(here, "cancel", task_id)
    here.system.workers[0].start()
    result = here.finish(task_id)

    words = here.assert_true(result)
    approvals = here.approvals(keys)
    assert result["state"] == "cancelled"
    assert words["approved"] + words["unverified"] >= approvals >= words["approved"]
    assert sum(words.values()) == MORE_THAN_IN_HAND


def test_a_retry_does_what_failed_and_nothing_else(here: Deployment) -> None:
    # Given a task of which one batch was approved, and two failed as the portal did
    keys = here.take_batches(3)
    faults = [{"kind": "server_error", "batch_id": key, "step": "look"} for key in keys[1:]]
    here.ask_truth("PUT", "/faults", faults)
    failed = here.finish(here.approve(batch_ids=keys))
    assert here.assert_true(failed) == {"approved": 1, "failed": 2}
    here.ask_truth("PUT", "/faults", [])

    # When it is tried again
    successor = steer(here, "retry", failed["task_id"])
    result = here.finish(successor["task_id"])

    # Then the two are approved, and nobody touched the first again
    assert successor["retry_of"] == failed["task_id"]
    assert [item["key"] for item in result["result"]["items"]] == keys[1:]
    assert here.assert_true(result) == {"approved": 2}
    assert here.approve_posts(keys) == 3
