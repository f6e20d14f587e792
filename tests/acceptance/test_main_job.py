"""The main job over the public API: batches approved in a real browser, each exactly once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from launcher.errors import LauncherError

Deploy = Callable[..., Any]


@pytest.mark.timeout(400)
def test_three_hundred_batches_by_two_slots_are_each_approved_exactly_once(deploy: Deploy) -> None:
    here = deploy(batches=300, concurrency=2)

    result = here.finish(here.approve(all_pending=True, remark="Quarterly round"), 360)

    assert here.assert_true(result) == {"approved": 300}
    truth = here.system.truth()
    assert (truth["approved"], truth["approvals"], truth["approve_posts"]) == (300, 300, 300)
    assert result["state"] == "completed"
    assert result["result"]["counts"] == {"approved": 300}
    assert truth["logins"] <= 2 + 300 // 100


def test_batches_are_named_by_number_by_text_with_spaces_and_twice(deploy: Deploy) -> None:
    here = deploy(batches=5)

    result = here.finish(here.approve(batch_ids=[1, "BATCH001", " BATCH002 ", "2", "BATCH999"]))

    words = {item["key"]: item["status"] for item in result["result"]["items"]}
    assert words == {"BATCH001": "approved", "BATCH002": "approved", "BATCH999": "not_found"}
    here.assert_true(result)


def test_one_comma_separated_form_string_names_batches(deploy: Deploy) -> None:
    here = deploy(batches=5)

    result = here.finish(here.approve(batch_ids="BATCH001, BATCH002\nBATCH003", batch_count=""))

    assert here.assert_true(result) == {"approved": 3}


def test_asking_again_approves_nothing_again(deploy: Deploy) -> None:
    here = deploy(batches=3)
    here.finish(here.approve(batch_ids=["BATCH001"]))

    again = here.finish(here.approve(batch_ids=["BATCH001"]))

    assert here.assert_true(again) == {"already_approved": 1}
    assert here.system.truth()["approve_posts"] == 1


def test_a_number_of_batches_takes_the_oldest_and_names_them_afterwards(deploy: Deploy) -> None:
    here = deploy(batches=12)

    task_id = here.approve(batch_count=4)
    here.finish(task_id)

    params = here.api.status(task_id)["params"]
    assert len(params["batch_ids"]) == 4
    assert "batch_count" not in params
    assert here.system.truth()["approvals"] == 4


def test_two_tasks_over_the_same_batches_approve_each_once(deploy: Deploy) -> None:
    here = deploy(batches=8, concurrency=2)
    ids = [f"BATCH00{n}" for n in range(1, 9)]

    both = [here.approve(batch_ids=ids), here.approve(batch_ids=ids[::-1])]
    words = [here.assert_true(here.finish(task_id)) for task_id in both]

    assert sum((each["approved"] for each in words), 0) == 8
    assert sum((each["already_approved"] for each in words), 0) == 8
    assert here.system.truth()["approvals"] == 8


def test_an_empty_form_approves_nothing(deploy: Deploy) -> None:
    here = deploy(batches=3, workers=1)

    with pytest.raises(LauncherError, match="approves nothing"):
        here.approve(remark="all of them, please")

    assert here.system.truth()["approvals"] == 0


def test_a_wrong_password_is_tried_once_however_many_slots_there_are(deploy: Deploy) -> None:
    here = deploy(batches=6, concurrency=2, settings={"ESC_PASSWORD": "wrong"})

    result = here.finish(here.approve(batch_ids=[f"BATCH00{n}" for n in range(1, 7)]))

    assert result["state"] == "failed"
    assert here.system.truth()["failed_logins"] == 1
    assert {item["status"] for item in result["result"]["items"]} == {"failed"}


def test_a_test_task_needs_no_browser_and_echoes_what_it_got(deploy: Deploy) -> None:
    here = deploy(batches=1)

    task_id = here.api.assign("test_task", {"duration": 0.2, "steps": 2, "colour": "blue"})
    result = here.finish(task_id)

    assert result["result"]["counts"] == {"done": 2}
    assert result["result"]["items"][0]["details"]["echo"] == {"colour": "blue"}
    assert here.browser_processes() == []
