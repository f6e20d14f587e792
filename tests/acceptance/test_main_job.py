"""The main job over the public API: batches approved in a real browser, each exactly once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.acceptance.conftest import Deployment

Start = Callable[..., Deployment]

MANY = 300


@pytest.fixture
def here(share: Start) -> Deployment:
    """The running system that the tests share: two slots."""
    return share(batches=MANY + 50, concurrency=2)


@pytest.mark.timeout(600)
def test_three_hundred_batches_by_two_slots_are_each_approved_exactly_once(
    here: Deployment,
) -> None:
    pending = [batch for batch in here.batches().values() if batch["status"] == "Pending"]
    oldest = sorted(pending, key=lambda batch: (batch["submitted_on"], batch["number"]))[:MANY]
    before = here.system.truth()

    task_id = here.approve(batch_count=MANY, remark="Quarterly round")
    result = here.finish(task_id, 540)

    assert here.assert_true(result) == {"approved": MANY}
    assert result["state"] == "completed"
    assert result["result"]["counts"] == {"approved": MANY}
    after = here.system.truth()
    counted = ("approved", "approvals", "approve_posts")
    assert {name: after[name] - before[name] for name in counted} == dict.fromkeys(counted, MANY)
    assert after["logins"] - before["logins"] <= 2 + MANY // 100
    # And what was a number names, afterwards, the batches that were waiting longest
    params = here.api.status(task_id)["params"]
    assert params["batch_ids"] == [batch["id"] for batch in oldest]
    assert "batch_count" not in params


def test_batches_are_named_by_number_by_text_with_spaces_and_twice(here: Deployment) -> None:
    one, two = here.take_batches(2)
    number = int(one.removeprefix("BATCH"))

    named = [number, one, f" {two} ", two.removeprefix("BATCH"), "BATCH999"]
    result = here.finish(here.approve(batch_ids=named))

    words = {item["key"]: item["status"] for item in result["result"]["items"]}
    assert words == {one: "approved", two: "approved", "BATCH999": "not_found"}
    here.assert_true(result)


def test_one_comma_separated_form_string_names_batches_and_asking_again_approves_none_again(
    here: Deployment,
) -> None:
    one, two, three = keys = here.take_batches(3)
    form = {"batch_ids": f"{one}, {two}\n{three}", "batch_count": ""}

    words = [here.assert_true(here.finish(here.approve(**form))) for _ in range(2)]

    assert words == [{"approved": 3}, {"already_approved": 3}]
    assert here.approve_posts(keys) == 3


def test_two_tasks_over_the_same_batches_approve_each_once(here: Deployment) -> None:
    ids = here.take_batches(6)

    both = [here.approve(batch_ids=ids), here.approve(batch_ids=ids[::-1])]
    words = [here.assert_true(here.finish(task_id)) for task_id in both]

    assert sum((each["approved"] for each in words), 0) == 6
    assert sum((each["already_approved"] for each in words), 0) == 6
    assert here.approvals(ids) == 6


def test_a_wrong_password_is_tried_once_however_many_slots_there_are(deploy: Start) -> None:
    here = deploy(batches=6, concurrency=2, settings={"ESC_PASSWORD": "wrong"})

    result = here.finish(here.approve(batch_ids=here.take_batches(6)))

    assert result["state"] == "failed"
    assert here.system.truth()["failed_logins"] == 1
    assert {item["status"] for item in result["result"]["items"]} == {"failed"}
