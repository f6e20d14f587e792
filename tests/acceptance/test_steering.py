"""Cancelling and retrying real work: what is skipped is not clicked, what was clicked is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import wait_for

Deploy = Callable[..., Any]

pytestmark = pytest.mark.timeout(240)


def steer(here: Any, what: str, task_id: str) -> dict[str, Any]:
    answer = httpx.post(
        f"{here.system.api_url}/{what}/{task_id}",
        headers={"x-api-key": here.system.api_key},
        timeout=30,
        verify=False,
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_cancelled_task_finishes_what_is_in_hand_and_clicks_nothing_else(
    deploy: Deploy,
) -> None:
    here = deploy(batches=30, concurrency=2)
    task_id = here.approve(all_pending=True)
    here.until(task_id, lambda event: event["type"] == "item")

    steer(here, "cancel", task_id)
    result = here.finish(task_id)

    words = here.assert_true(result)
    assert result["state"] == "cancelled"
    assert result["error"] == "Cancelled by default"
    assert words["approved"] + words["skipped"] == 30
    assert words["approved"] == here.system.truth()["approvals"]
    assert words["skipped"] > 0


def test_a_task_cancelled_while_its_worker_dies_is_accounted_for(deploy: Deploy) -> None:
    here = deploy(batches=30, settings={"LEASE_SECONDS": "4"})
    task_id = here.approve(all_pending=True)
    here.until(task_id, lambda event: event["type"] == "item")

    here.system.workers[0].kill()
    steer(here, "cancel", task_id)
    here.system.workers[0].start()
    result = here.finish(task_id)

    words = here.assert_true(result)
    truth = here.system.truth()
    assert result["state"] == "cancelled"
    assert words["approved"] + words["unverified"] >= truth["approvals"] >= words["approved"]
    assert sum(words.values()) == 30


def test_a_retry_does_what_failed_and_nothing_else(deploy: Deploy) -> None:
    here = deploy(batches=4, settings={"MAX_ATTEMPTS": "1", "SELENIUM_TIMEOUT": "5"})
    here.finish(here.approve(batch_ids=["BATCH001"]))
    here.system.portal.stop()
    failed = here.finish(here.approve(batch_ids=["BATCH001", "BATCH002", "BATCH003"]))
    here.system.portal.start()
    wait_for(lambda: here.system.truth()["approvals"] == 1)

    successor = steer(here, "retry", failed["task_id"])
    result = here.finish(successor["task_id"])

    assert successor["retry_of"] == failed["task_id"]
    assert here.assert_true(result) == {"already_approved": 1, "approved": 2}
    assert here.system.truth()["approvals"] == 3


def test_a_task_no_worker_began_is_cancelled_at_once(deploy: Deploy) -> None:
    here = deploy(batches=2)
    here.system.workers[0].stop(timeout=60)
    task_id = here.approve(all_pending=True)

    cancelled = steer(here, "cancel", task_id)

    assert cancelled["state"] == "cancelled"
    assert here.system.truth()["approvals"] == 0
