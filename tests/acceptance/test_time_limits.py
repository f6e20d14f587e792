"""What takes too long is ended from outside, and what became of a click is read all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import Deployment, wait_for

Deploy = Callable[..., Deployment]

pytestmark = pytest.mark.timeout(240)

AN_AGE = 120_000


def hang(here: Deployment, batch: str) -> None:
    """Let the portal answer nobody who asks for this batch."""
    faults = [{"kind": "latency", "ms": AN_AGE, "batch_id": batch}]
    httpx.put(f"{here.system.truth_url}/faults", json=faults, trust_env=False).raise_for_status()


def behave(here: Deployment) -> None:
    httpx.put(f"{here.system.truth_url}/faults", json=[], trust_env=False).raise_for_status()


def words(result: dict[str, Any]) -> dict[str, str]:
    return {item["key"]: item["status"] for item in result["result"]["items"]}


def test_an_item_that_hangs_in_a_page_load_fails_and_the_others_go_on(deploy: Deploy) -> None:
    settings = {"ITEM_TIME_LIMIT": "6", "SELENIUM_TIMEOUT": "100"}
    here = deploy(batches=4, settings=settings)
    hang(here, "BATCH002")

    result = here.finish(here.approve(batch_ids=[1, 2, 3, 4]))

    approved = dict.fromkeys(["BATCH001", "BATCH003", "BATCH004"], "approved")
    assert words(result) == {**approved, "BATCH002": "failed"}
    (hung,) = [item for item in result["result"]["items"] if item["key"] == "BATCH002"]
    assert "ITEM_TIME_LIMIT" in hung["error"]
    here.assert_true(result)


def test_a_task_that_takes_too_long_fails_with_what_is_left_of_it(deploy: Deploy) -> None:
    settings = {"TASK_TIME_LIMIT": "5", "SELENIUM_TIMEOUT": "100"}
    here = deploy(batches=3, settings=settings)
    hang(here, "BATCH001")

    result = here.finish(here.approve(batch_ids=[1, 2, 3]))

    assert result["state"] == "failed"
    assert "TASK_TIME_LIMIT" in result["error"]
    assert set(words(result).values()) == {"failed"}
    assert here.system.truth()["approvals"] == 0


def test_what_ended_in_doubt_is_read_again_later(deploy: Deploy) -> None:
    # Given an approval that was stored, and a portal that shows nothing of the batch after it
    settings = {"LATE_LOOK_SECONDS": "8", "ITEM_TIME_LIMIT": "12", "SELENIUM_TIMEOUT": "100"}
    here = deploy(batches=1, settings=settings)
    faults = [
        {"kind": "response_lost", "batch_id": "BATCH001"},
        {"kind": "server_error", "batch_id": "BATCH001", "step": "read_back"},
    ]
    httpx.put(f"{here.system.truth_url}/faults", json=faults, trust_env=False).raise_for_status()
    task_id = here.approve(batch_ids=[1])
    result = here.finish(task_id)
    assert words(result) == {"BATCH001": "unverified"}

    behave(here)

    def found() -> list[dict[str, Any]]:
        (item,) = here.api.result(task_id)["result"]["items"]
        assert item["status"] == "unverified"
        late: list[dict[str, Any]] = item["late_findings"]
        return late

    wait_for(lambda: bool(found()), 60)
    assert "approved by our click" in found()[0]["finding"]
    assert here.system.truth()["approvals"] == 1
