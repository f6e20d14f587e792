"""Rejecting over the public API, by the protocol of approving: once each, whatever goes wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import Deployment

WHY = "Lab not equipped"


@pytest.fixture
def here(share: Callable[..., Deployment]) -> Deployment:
    """The running system that the tests share."""
    return share(batches=60, concurrency=2)


def reject(here: Deployment, keys: list[str], **params: Any) -> str:
    """Ask for rejections; the task's id."""
    return here.api.assign("reject_batches", {"batch_ids": keys, "remark": WHY, **params})


def rejections(here: Deployment, keys: list[str]) -> list[int]:
    """How often each of these batches was rejected."""
    batches = here.batches()
    return [len(batches[key]["rejections"]) for key in keys]


def assert_true(here: Deployment, result: dict[str, Any]) -> Counter[str]:
    """Hold the result against the portal's own word; how many items ended how."""
    batches = here.batches()
    for item in result["result"]["items"]:
        found = batches[item["key"]]["rejections"] if item["key"] in batches else []
        assert len(found) <= 1, item
        assert bool(found) or item["status"] not in ("rejected", "already_rejected"), item
        if item["status"] == "rejected":
            kinds = {piece["kind"] for piece in item["evidence"]}
            assert {"before", "after"} <= kinds, item
    return Counter(item["status"] for item in result["result"]["items"])


def test_batches_are_rejected_once_with_the_remark_and_never_again(here: Deployment) -> None:
    keys = here.take_batches(3)
    form = f"{keys[0]}, {keys[1].removeprefix('BATCH')}\n{keys[2]}"

    first = here.finish(here.api.assign("reject_batches", {"batch_ids": form, "remark": WHY}))
    second = here.finish(reject(here, [*keys, "BATCH999"]))

    assert assert_true(here, first) == {"rejected": 3}
    assert assert_true(here, second) == {"already_rejected": 3, "not_found": 1}
    assert first["result"]["message"].startswith("3 rejected")
    batches = here.batches()
    for key in keys:
        (rejection,) = batches[key]["rejections"]
        assert rejection["remark"].startswith(WHY)
        assert (batches[key]["reject_posts"], batches[key]["posts"]) == (1, 0)


def test_what_is_approved_is_refused_in_the_portals_words_and_stays_so(here: Deployment) -> None:
    (key,) = here.take_batches(1)
    here.ask_truth("POST", f"/truth/batches/{key}/approve", {"by": "a.somebody"})

    result = here.finish(reject(here, [key]))

    (item,) = result["result"]["items"]
    assert item["status"] == "refused"
    assert "Approved" in item["detail"]
    assert here.batches()[key]["reject_posts"] == 0


def test_two_tasks_at_once_reject_each_batch_once(here: Deployment) -> None:
    keys = here.take_batches(4)

    both = [reject(here, keys), reject(here, keys[::-1])]
    words = sum((assert_true(here, here.finish(task_id)) for task_id in both), Counter())

    assert words == {"rejected": 4, "already_rejected": 4}
    assert rejections(here, keys) == [1, 1, 1, 1]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("fault", "statuses", "most"),
    [
        ({"kind": "server_error", "step": "stored", "http": 502}, {"rejected"}, 1),
        ({"kind": "response_lost"}, {"rejected"}, 1),
        ({"kind": "success_without_effect"}, {"rejected"}, 1),
        ({"kind": "session_dropped", "step": "reject"}, {"rejected"}, 1),
        ({"kind": "session_dropped", "step": "stored", "form": "public"}, {"rejected"}, 1),
        ({"kind": "lands_late", "ms": 800}, {"rejected"}, 1),
        ({"kind": "silent_lost_race"}, {"refused"}, 0),
        ({"kind": "somebody_rejects", "step": "look"}, {"already_rejected", "rejected"}, 2),
    ],
    ids=lambda value: "-".join(str(v) for v in value.values()) if isinstance(value, dict) else None,
)
def test_a_portal_at_its_worst_never_gets_a_second_rejection_of_ours(
    here: Deployment, fault: dict[str, Any], statuses: set[str], most: int
) -> None:
    (key,) = here.take_batches(1)
    here.ask_truth("PUT", "/faults", [{**fault, "batch_id": key, "times": 1}])

    result = here.finish(reject(here, [key]))

    (item,) = result["result"]["items"]
    assert item["status"] in statuses, (item, result["logs"])
    found = here.batches()[key]["rejections"]
    assert len(found) <= most
    assert len([line for line in found if line["by"] == "officer"]) <= 1


@pytest.mark.parametrize("remark", [None, "", "   "])
def test_nothing_is_rejected_without_saying_why(here: Deployment, remark: str | None) -> None:
    params = {"batch_ids": ["BATCH001"], **({} if remark is None else {"remark": remark})}
    url = f"{here.system.api_url}/assign-task/"
    body = {"task_type": "reject_batches", "params": params}

    answer = httpx.post(url, json=body, headers={"x-api-key": here.system.api_key}, trust_env=False)

    assert answer.status_code == 422
    assert "remark" in answer.json()["detail"]


def test_dashboards_are_offered_the_fields_that_they_know(here: Deployment) -> None:
    headers = {"x-api-key": here.system.api_key}
    listed = httpx.get(f"{here.system.api_url}/tasks/", headers=headers, trust_env=False).json()

    (offered,) = [task for task in listed if task["name"] == "reject_batches"]
    fields = {field["name"]: field["required"] for field in offered["params"]}
    assert (fields["batch_ids"], fields["remark"]) == (True, True)
