"""Looking first: a person is shown what would happen, decides, and only that happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import wait_for

Deploy = Callable[..., Any]

pytestmark = pytest.mark.timeout(240)


def reviewed(here: Any, **params: Any) -> str:
    """A task whose batches were all looked at."""
    task_id = here.approve(auto_approve=False, **params)
    wait_for(lambda: here.api.status(task_id)["state"] == "awaiting_decision")
    return str(task_id)


def decide(here: Any, task_id: str, **decision: Any) -> httpx.Response:
    return httpx.post(
        f"{here.system.api_url}/decision/{task_id}",
        json=decision,
        headers={"x-api-key": here.system.api_key},
        timeout=30,
        verify=False,
        trust_env=False,
    )


def elsewhere(here: Any, what: str, batch: str) -> None:
    """Somebody else acts in the portal."""
    answer = httpx.post(
        f"{here.system.truth_url}/truth/batches/{batch}/{what}",
        json={"by": "another-officer", "remark": "Seen"},
        timeout=30,
        verify=False,
        trust_env=False,
    )
    assert answer.is_success, answer.text


def test_a_person_is_shown_what_would_happen_and_nothing_is_clicked(deploy: Deploy) -> None:
    here = deploy(batches=5)
    elsewhere(here, "approve", "BATCH002")

    task_id = reviewed(here, batch_ids=["BATCH001", "BATCH002", "BATCH003", "BATCH777"])

    result = here.api.result(task_id)
    words = {item["key"]: item["status"] for item in result["result"]["items"]}
    assert words == {
        "BATCH001": "to_approve",
        "BATCH002": "already_approved",
        "BATCH003": "to_approve",
        "BATCH777": "not_found",
    }
    assert "2 to approve" in result["result"]["message"]
    shown = result["result"]["items"][0]
    assert shown["details"]["District"]
    assert [piece["kind"] for piece in shown["evidence"]] == ["before"]
    assert here.system.truth()["approve_posts"] == 0


def test_what_was_chosen_is_approved_and_nothing_else(deploy: Deploy) -> None:
    here = deploy(batches=5, concurrency=2)
    task_id = reviewed(here, all_pending=True)

    answer = decide(here, task_id, approve=["BATCH001", "BATCH004"], reject=["BATCH002"])
    result = here.finish(task_id)

    assert answer.status_code == 200, answer.text
    assert here.assert_true(result) == {"approved": 2, "skipped": 3}
    assert here.system.truth()["approvals"] == 2
    assert result["state"] == "completed"


def test_what_changed_since_it_was_shown_is_not_approved(deploy: Deploy) -> None:
    here = deploy(batches=3)
    task_id = reviewed(here, batch_ids=["BATCH001", "BATCH002"])
    elsewhere(here, "reject", "BATCH001")

    decide(here, task_id, approve="all")
    result = here.finish(task_id)

    words = {item["key"]: item["status"] for item in result["result"]["items"]}
    assert words == {"BATCH001": "rejected", "BATCH002": "approved"}
    assert here.system.truth()["approvals"] == 1


def test_a_decision_comes_after_every_process_was_restarted(deploy: Deploy) -> None:
    here = deploy(batches=3)
    task_id = reviewed(here, batch_ids=["BATCH001", "BATCH002"])

    for part in (here.system.workers[0], here.system.orchestrators[0], here.system.redis):
        part.kill()
    here.system.redis.start()
    here.system.orchestrators[0].start()
    here.system.workers[0].start()
    with type(here.api)(here.system.api_url, here.system.api_key) as api:
        here.api = api
        assert api.status(task_id)["state"] == "awaiting_decision"
        decide(here, task_id, approve=["BATCH002"])
        result = here.finish(task_id)

    assert here.assert_true(result) == {"approved": 1, "skipped": 1}
    assert here.system.truth()["approvals"] == 1


def test_a_worker_killed_while_it_looks_leaves_nothing_out(deploy: Deploy) -> None:
    here = deploy(batches=8, settings={"LEASE_SECONDS": "4"})
    task_id = here.approve(all_pending=True, auto_approve=False)
    here.until(task_id, lambda event: event["type"] == "item")

    here.system.workers[0].kill()
    here.system.workers[0].start()
    wait_for(lambda: here.api.status(task_id)["state"] == "awaiting_decision")

    assert here.api.status(task_id)["counts"] == {"to_approve": 8}
    assert here.system.truth()["approve_posts"] == 0
