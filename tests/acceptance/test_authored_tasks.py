"""docs/tasks.md as it is written, from the file to the WebSocket, and how such tasks end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import httpx
import psutil
import pytest

from launcher.errors import LauncherError
from tests.acceptance.conftest import Deployment, assert_told_once, wait_for
from tests.acceptance.tutorial import block

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def here(share: Callable[..., Deployment]) -> Deployment:
    """A running system into whose TASKS_DIR the tutorial's file was saved."""
    running = share(
        batches=1,
        concurrency=4,
        worker_module="tests.acceptance.authored_worker",
        settings={"ITEM_TIME_LIMIT": "8"},
    )
    running.save_task_file("count_words.py", block("python"))
    wait_for(lambda: "count_words" in running.task_types())
    return running


def logged(events: list[dict[str, Any]]) -> list[str]:
    """The lines of the task's log."""
    return [event["data"]["message"] for event in events if event["type"] == "log"]


def test_the_tutorial_goes_from_its_file_to_the_result_on_the_websocket(here: Deployment) -> None:
    # Given the tutorial's file, which is short
    assert len(block("python").strip().splitlines()) < 25
    offered = here.task_types()["count_words"]
    assert offered["available"]
    assert [param["name"] for param in offered["params"]] == ["text", "pause"]

    # When the tutorial's task is asked for and followed
    asked = json.loads(block("json"))
    task_id = here.api.assign(asked["task_type"], asked["params"])
    events = list(here.api.follow(task_id, here.system.check))

    # Then it tells what the tutorial says
    assert_told_once(events)
    said = block("text").splitlines()
    assert [line for line in logged(events) if line.startswith("Word")] == said
    result = here.api.result(task_id)
    (item,) = result["result"]["items"]
    assert (item["key"], item["status"], item["details"]) == (task_id, "done", {"words": 2})
    # And the file is there, whole, and in the manifest
    (link,) = result["download_links"]
    content = httpx.get(link, trust_env=False).raise_for_status().content
    assert content == b"word\ntwo\nwords"
    sha256 = hashlib.sha256(content).hexdigest()
    assert [piece["sha256"] for piece in item["evidence"]] == [sha256]
    manifest = here.system.results / task_id / "manifest.json"
    wait_for(manifest.exists)
    assert sha256 in manifest.read_text()


def test_params_that_do_not_fit_are_refused_when_it_is_asked_for(here: Deployment) -> None:
    with pytest.raises(LauncherError, match="422"):
        here.api.assign("count_words", {"text": 7})


def test_a_line_is_seen_while_it_works_and_a_cancel_ends_it(here: Deployment) -> None:
    # Given a task that would take half an hour
    task_id = here.api.assign("count_words", {"text": "so " * 31, "pause": 60})
    quick = here.api.assign("count_words", {"text": "so " * 3000, "pause": 0.2})
    here.cancel(task_id)
    # When a line came from one that is at work, and it is cancelled too
    here.until(quick, lambda event: event["data"].get("message") == "Word 1: so")
    here.cancel(quick)
    # Then both end with nothing done
    for cancelled in (task_id, quick):
        result = here.finish(cancelled)
        assert result["state"] == "cancelled"
        assert [item["status"] for item in result["result"].get("items", [])] in ([], ["skipped"])


def test_a_business_error_refuses_and_is_not_tried_again(here: Deployment) -> None:
    result = here.finish(here.api.assign("count_words", {"text": "so " * 5001}))

    (item,) = result["result"]["items"]
    assert (item["status"], item["attempts"]) == ("refused", 1)
    assert item["detail"] == "More than 5000 words are not counted here."


def test_an_application_error_is_tried_again_and_leaves_one_file(here: Deployment) -> None:
    result = here.finish(here.api.assign("stumble", {}))

    (item,) = result["result"]["items"]
    assert (item["status"], item["attempts"]) == ("done", 2)
    assert item["detail"] == "Arrived \ufffd after all"
    (link,) = result["download_links"]
    assert httpx.get(link, trust_env=False).text == "attempt 2"


def test_what_json_cannot_hold_fails_the_task_and_is_named(here: Deployment) -> None:
    result = here.finish(here.api.assign("babble", {}))

    assert result["state"] == "failed"
    assert "the returned dict['said'][0] holds type" in result["error"]


@pytest.mark.parametrize("name", ["../stray.csv", "manifest.json", "no_ending", "a./../b"])
def test_a_file_whose_name_cannot_be_one_fails_the_task(here: Deployment, name: str) -> None:
    result = here.finish(here.api.assign("save_as", {"name": name}))

    assert result["state"] == "failed"
    assert f"cannot keep a file named {name!r}" in result["error"]
    assert result["download_links"] == []


def test_a_task_whose_time_is_over_is_ended_and_can_be_asked_for_again(here: Deployment) -> None:
    # Given a task that takes longer than it may
    task_id = here.api.assign("count_words", {"text": "so", "pause": 60})
    result = here.finish(task_id)
    (item,) = result["result"]["items"]
    assert (item["status"], item["attempts"]) == ("failed", 1)
    assert "ITEM_TIME_LIMIT" in item["error"]
    # When it is tried again
    key = {"x-api-key": here.system.api_key}
    url = f"{here.system.api_url}/retry/{task_id}"
    again = httpx.post(url, headers=key, trust_env=False).raise_for_status().json()["task_id"]
    # Then it is a task of its own, with the params of the first
    (item,) = here.finish(again)["result"]["items"]
    assert (item["key"], item["status"]) == (again, "failed")
    assert "ITEM_TIME_LIMIT" in item["error"]


def test_what_never_hears_that_its_time_is_over_is_ended_once_and_disturbs_nobody(
    here: Deployment,
) -> None:
    # Given tasks that hear nothing, in three ways, and one that works beside them meanwhile
    children = {child.pid for child in here.pool_children()}
    deaf = [here.api.assign("deaf", {"way": way}) for way in ("program", "pattern", "loop")]
    beside = here.practise(steps=40, seconds=16)
    started = here.until(deaf[0], lambda event: "started" in event["data"].get("message", ""))
    program = psutil.Process(int(started["data"]["message"].split()[1]))

    # When their time is over, Then each is ended, with that for an error, and is not begun again
    for task_id in deaf:
        result = here.finish(task_id)
        (item,) = result["result"]["items"]
        assert item["status"] == "failed"
        assert item["error"] == "It took longer than ITEM_TIME_LIMIT allows."
        assert sum("begun" in line for line in result["logs"]) == 1
    # And what it had started is gone, and the other task never noticed
    wait_for(lambda: not program.is_running(), 5)
    steps = here.finish(beside)["result"]["items"]
    assert {(step["status"], step["attempts"]) for step in steps} == {("done", 1)}
    # And there are others in their place
    wait_for(lambda: len(here.pool_children()) == 4, 30)
    assert len(children & {child.pid for child in here.pool_children()}) == 1
