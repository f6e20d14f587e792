"""Looking first: a person is shown what would happen, decides, and only that happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import Deployment, wait_for

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def here(share: Callable[..., Deployment]) -> Deployment:
    """The running system that the tests share: one slot."""
    return share(batches=20, settings={"LEASE_SECONDS": "4"})


def reviewed(here: Deployment, keys: list[str]) -> str:
    """A task whose batches were all looked at."""
    task_id = here.approve(auto_approve=False, batch_ids=keys)
    wait_for(lambda: here.api.status(task_id)["state"] == "awaiting_decision")
    return task_id


def decide(here: Deployment, task_id: str, **decision: Any) -> httpx.Response:
    return httpx.post(
        f"{here.system.api_url}/decision/{task_id}",
        json=decision,
        headers={"x-api-key": here.system.api_key},
        timeout=30,
        verify=False,
        trust_env=False,
    )


def elsewhere(here: Deployment, what: str, batch: str) -> None:
    """Somebody else acts in the portal."""
    somebody = {"by": "another-officer", "remark": "Seen"}
    here.ask_truth("POST", f"/truth/batches/{batch}/{what}", somebody)


def test_a_person_is_shown_what_would_happen_and_nothing_is_clicked(here: Deployment) -> None:
    one, two, three = keys = here.take_batches(3)
    elsewhere(here, "approve", two)

    task_id = reviewed(here, [*keys, "BATCH777"])

    result = here.api.result(task_id)
    words = {item["key"]: item["status"] for item in result["result"]["items"]}
    assert words == {
        one: "to_approve",
        two: "already_approved",
        three: "to_approve",
        "BATCH777": "not_found",
    }
    assert "2 to approve" in result["result"]["message"]
    shown = result["result"]["items"][0]
    assert shown["details"]["District"]
    assert [piece["kind"] for piece in shown["evidence"]] == ["before"]
    assert here.approve_posts(keys) == 0


def test_what_was_chosen_is_approved_and_nothing_else_though_every_process_was_restarted(
    here: Deployment,
) -> None:
    # Given batches that were looked at, before every process was killed and started again
    one, two, _, four, _ = keys = here.take_batches(5)
    task_id = reviewed(here, keys)
    system = here.system
    for part in (*system.workers, *system.orchestrators, system.redis):
        part.kill()
    for part in (system.redis, *system.orchestrators, *system.workers):
        part.start()
    assert here.api.status(task_id)["state"] == "awaiting_decision"

    # When somebody decides
    answer = decide(here, task_id, approve=[one, four], reject=[two])
    result = here.finish(task_id)

    # Then what was chosen is approved and nothing else
    assert answer.status_code == 200, answer.text
    assert here.assert_true(result) == {"approved": 2, "skipped": 3}
    assert here.approvals([one, four]) == here.approvals(keys) == 2
    assert result["state"] == "completed"


def test_what_changed_since_it_was_shown_is_not_approved(here: Deployment) -> None:
    one, two = keys = here.take_batches(2)
    task_id = reviewed(here, keys)
    elsewhere(here, "reject", one)

    decide(here, task_id, approve="all")
    result = here.finish(task_id)

    words = {item["key"]: item["status"] for item in result["result"]["items"]}
    assert words == {one: "rejected", two: "approved"}
    assert here.approvals(keys) == here.approvals([two]) == 1


def test_a_worker_killed_while_it_looks_leaves_nothing_out(here: Deployment) -> None:
    keys = here.take_batches(6)
    task_id = here.approve(batch_ids=keys, auto_approve=False)
    here.until(task_id, lambda event: event["type"] == "item")

    here.system.workers[0].kill()
    here.system.workers[0].start()
    wait_for(lambda: here.api.status(task_id)["state"] == "awaiting_decision")

    assert here.api.status(task_id)["counts"] == {"to_approve": 6}
    assert here.approve_posts(keys) == 0
