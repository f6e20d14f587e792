"""What docs/tasks.md says of tasks with many items, and with a browser, as it is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import psutil
import pytest

from tests.acceptance.conftest import Deployment, assert_told_once, wait_for
from tests.acceptance.tutorial import block

pytestmark = pytest.mark.timeout(240)

IMPORTS = """
from pydantic import Field
from shared.errors import BusinessError
from worker_service.params import PortalParams, TaskParams
from worker_service.simple_task import simple_task
from worker_service.work import Work
"""


@pytest.fixture
def here(share: Callable[..., Deployment]) -> Deployment:
    """A running system into whose TASKS_DIR what the tutorial has you write was saved."""
    running = share(
        batches=6,
        worker_module="tests.acceptance.authored_worker",
        settings={
            "MAX_ATTEMPTS": "2",
            "SELENIUM_TIMEOUT": "10",
        },
    )
    blocks = [IMPORTS, block("python", "Many items"), block("python", "A browser")]
    running.save_task_file("authored.py", "\n".join(blocks))
    wait_for(lambda: "post_letters" in running.task_types())
    return running


def words(result: dict[str, Any]) -> dict[str, tuple[str, int]]:
    """How each item ended, and after how many attempts."""
    items = result["result"]["items"]
    return {item["key"]: (item["status"], item["attempts"]) for item in items}


def logged(result: dict[str, Any], line: str) -> int:
    return sum(line in one for one in result["logs"])


def post(here: Deployment, path: str) -> dict[str, Any]:
    key = {"x-api-key": here.system.api_key}
    answer = httpx.post(here.system.api_url + path, headers=key, trust_env=False)
    return dict(answer.raise_for_status().json())


def test_each_item_has_its_own_outcome_and_file_and_needs_no_browser(here: Deployment) -> None:
    task_id = here.api.assign("post_letters", {"letters": ["Ann", "nobody", "Ann", "Bea"]})
    events = list(here.api.follow(task_id, here.system.check))

    assert_told_once(events)
    told = [event["data"] for event in events if event["type"] == "progress"]
    assert [(one["progress"], one["message"]) for one in told][1:3] == [
        (16, "Page 1 to Ann"),
        (33, "Page 2 to Ann"),
    ]
    result = here.api.result(task_id)
    assert words(result) == {"Ann": ("done", 1), "nobody": ("refused", 1), "Bea": ("done", 1)}
    letters = [httpx.get(link, trust_env=False).text for link in result["download_links"]]
    assert sorted(letters) == ["Dear Ann", "Dear Bea"]


def test_a_crash_runs_only_what_has_no_outcome_again(here: Deployment) -> None:
    # Given a task of which one item is done and the next one in hand
    task_id = here.api.assign("post_letters", {"letters": ["Ann", "Bea", "Cy"], "pause": 1})
    here.until(task_id, lambda event: event["data"].get("message") == "Page 1 to Bea")
    # When its pool child dies
    psutil.Process(here.at_work(task_id)[0].pid).kill()
    # Then it goes on where it was
    result = here.finish(task_id)
    assert words(result) == {"Ann": ("done", 1), "Bea": ("done", 2), "Cy": ("done", 1)}
    assert len(result["download_links"]) == 3


def test_a_cancel_skips_what_was_not_begun(here: Deployment) -> None:
    task_id = here.api.assign("post_letters", {"letters": ["Ann", "Bea", "Cy"], "pause": 2})
    here.until(task_id, lambda event: event["type"] == "item")
    here.cancel(task_id)

    result = here.finish(task_id)
    assert result["state"] == "cancelled"
    assert words(result)["Ann"] == ("done", 1)
    assert words(result)["Cy"] == ("skipped", 0)


def test_a_retry_takes_what_failed_and_nothing_else(here: Deployment) -> None:
    task_id = here.api.assign("throw", {"stones": [1, 500, 2]})
    result = here.finish(task_id)
    assert words(result) == {"1": ("done", 1), "500": ("failed", 2), "2": ("done", 1)}

    again = post(here, f"/retry/{task_id}")["task_id"]

    assert words(here.finish(again)) == {"500": ("failed", 2)}


def test_a_browser_reads_the_portal_and_its_picture_is_evidence(here: Deployment) -> None:
    result = here.finish(here.api.assign("list_pending", {}), 180)

    (item,) = result["result"]["items"]
    assert item["error"] is None
    pending = [key for key, batch in here.batches().items() if batch["status"] == "Pending"]
    assert sorted(item["details"]["pending"]) == pending
    assert [piece["kind"] for piece in item["evidence"]] == ["after"]
    picture = httpx.get(result["screenshot_url"], trust_env=False).raise_for_status()
    assert picture.headers["content-type"] == "image/jpeg"


def test_a_browser_reaches_no_other_host(here: Deployment) -> None:
    # The truth's own port is on a host of another name than the portal's.
    other = here.system.truth_url.replace("127.0.0.1", "localhost")

    (item,) = here.finish(here.api.assign("walk", {"address": other}))["result"]["items"]

    assert (item["status"], item["attempts"]) == ("failed", 2)
    assert "The portal cannot be reached" in item["error"]


def test_a_failed_run_leaves_a_picture_of_what_the_page_showed(here: Deployment) -> None:
    asked = {"address": "/esc/pending-batches", "look_at": "#nowhere"}
    result = here.finish(here.api.assign("walk", asked))

    (item,) = result["result"]["items"]
    assert result["error"] == item["error"] == "The page has nothing at #nowhere."
    assert [piece["kind"] for piece in item["evidence"]] == ["error"]
