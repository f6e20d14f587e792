"""GET /status, /result, /tasks/history and /tasks/: what clients are shown of the record."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from shared.task_state import ItemStatus
from tests.integration.orchestrator_service.running_edge import RunningEdge
from tests.integration.orchestrator_service.task_author import TaskAuthor

WAITS = "The task is waiting for a worker that offers 'test_task'. No worker is running."


def get(edge: RunningEdge, path: str, **query: Any) -> Any:
    answer = edge.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_new_task_has_every_key_of_a_status(edge: RunningEdge, author: TaskAuthor) -> None:
    # Given a worker that serves, when a task is given
    author.start_worker("test_task")
    task_id = edge.assign(steps="2")
    # Then its status has every key, those without a value as null
    shown = get(edge, f"/status/{task_id}")
    assert shown.pop("created_at").endswith("Z")
    assert shown.pop("ws_url").startswith("ws://")
    assert shown.pop("note") in (None, WAITS)
    assert shown == {
        "id": task_id,
        "task_id": task_id,
        "name": "test_task",
        "task_type": "test_task",
        "status": "pending",
        "state": "pending",
        "progress": 0,
        "started_at": None,
        "completed_at": None,
        "params": {"steps": 2},
        "error": None,
        "result": None,
        "counts": {},
        "can": ["cancel"],
        "retry_of": None,
    }


def test_items_are_counted_in_the_task_types_own_words(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    task_id = edge.assign("approve_batches", batch_ids=["B1", "B2"])
    author.begin(task_id, ["B1", "B2"])
    assert get(edge, f"/status/{task_id}")["counts"] == {"new": 2}
    author.finish_items(task_id, ItemStatus.DONE)
    shown = get(edge, f"/status/{task_id}")
    assert shown["counts"] == {"approved": 2}
    assert (shown["status"], shown["state"]) == ("running", "running")


def test_a_completed_task_shows_paths_that_open_when_appended_to_static(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    # Given a completed task with a screenshot and a file
    task_id = edge.assign()
    author.begin(task_id)
    picture = author.keep_file(task_id, "last.png", b"picture", "image/png")
    report = author.keep_file(task_id, "report.csv", b"a,b", "text/csv")
    author.complete(task_id, message="1 approved", screenshot=picture.path, files=[report.path])
    # When its status is read
    shown = get(edge, f"/status/{task_id}")
    # Then its paths open without a key
    assert (shown["status"], shown["progress"]) == ("completed", 100)
    assert shown["result"]["message"] == "1 approved"
    assert edge.stranger.get(f"/static/{shown['result']['screenshot']}").content == b"picture"
    assert edge.stranger.get(f"/static/{shown['result']['files'][0]}").content == b"a,b"
    # And so do the URLs of its result
    result = get(edge, f"/result/{task_id}")
    assert edge.stranger.get(result["screenshot_url"]).content == b"picture"
    assert edge.stranger.get(result["download_links"][0]).content == b"a,b"


def test_a_failed_task_has_its_error_as_text_and_a_result_too(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    task_id = edge.assign()
    author.begin(task_id)
    author.fail(task_id, "The account is locked.", "account_locked")
    shown = get(edge, f"/status/{task_id}")
    assert (shown["status"], shown["error"]) == ("failed", "The account is locked.")
    assert shown["result"] == {
        "message": "Nothing was done: The account is locked.",
        "screenshot": None,
        "files": [],
    }


def test_a_result_shows_each_item_with_evidence_that_opens(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    # Given a task with one item done and proved
    task_id = edge.assign("approve_batches", batch_ids=["B1"])
    author.begin(task_id, ["B1"])
    author.finish_items(task_id, ItemStatus.DONE, "Approved by us")
    piece = author.keep_file(task_id, "B1-after.png", b"proof", "image/png", item=0)
    author.log(task_id, "B1 approved")
    # When its result is read while it still runs
    result = get(edge, f"/result/{task_id}")
    # Then the item has its outcome, the portal's columns, and a link that opens its evidence
    (item,) = result["result"]["items"]
    (evidence,) = item.pop("evidence")
    assert edge.stranger.get(evidence["url"]).content == b"proof"
    assert (evidence["kind"], evidence["sha256"]) == ("after", piece.sha256)
    assert item.pop("finished_at").endswith("Z")
    assert item == {
        "key": "B1",
        "batch_id": "B1",
        "status": "approved",
        "detail": "Approved by us",
        "attempts": 0,
        "started_at": None,
        "details": {"District": "Pune"},
        "late_findings": [],
        "error": None,
        "task_version": None,
    }
    assert result["logs"][0].endswith("Z INFO B1 approved")
    assert (result["state"], result["finished_at"], result["next"]) == ("running", None, None)


def test_a_long_result_comes_in_pages_that_leave_nothing_out(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    # Given a task of 25 items and 30 lines
    task_id = edge.assign()
    keys = [f"B{number}" for number in range(25)]
    author.begin(task_id, keys)
    author.log(task_id, *(f"line {number}" for number in range(30)))
    # When it is read in pages of 10, from the first line on
    seen_items, seen_lines = [], []
    url: str | None = f"/result/{task_id}?limit=10&logs_after=0"
    while url:
        page = edge.client.get(url).json()
        seen_items += [item["key"] for item in page["result"]["items"]]
        seen_lines += [line.rpartition("line ")[2] for line in page["logs"]]
        url = page["next"]
    # Then everything was there once
    assert seen_items == keys
    assert seen_lines == [str(number) for number in range(30)]


def test_without_asking_a_result_has_the_last_lines(edge: RunningEdge, author: TaskAuthor) -> None:
    task_id = edge.assign()
    author.log(task_id, *(f"line {number}" for number in range(1200)))
    lines = get(edge, f"/result/{task_id}")["logs"]
    assert len(lines) == 1000
    assert lines[-1].endswith("line 1199")


@pytest.mark.parametrize(
    "task_id", ["550e8400-e29b-41d4-a716-446655440000", "x", "%00", "1" * 300, "%2e%2e"]
)
@pytest.mark.parametrize("call", ["status", "result"])
def test_an_unknown_id_is_not_found_never_pending(
    edge: RunningEdge, call: str, task_id: str
) -> None:
    answer = edge.client.get(f"/{call}/{task_id}")
    assert answer.status_code == 404
    assert answer.json()["code"] in ("unknown_task", "not_found")


def test_an_id_in_another_spelling_is_the_same_task(edge: RunningEdge, author: TaskAuthor) -> None:
    task_id = edge.assign()
    for spelling in (task_id.upper(), task_id.replace("-", ""), f"{task_id}/"):
        assert get(edge, f"/status/{spelling}")["id"] == task_id


def test_history_is_newest_first_in_pages_that_leave_nothing_out(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    # Given seven tasks
    given = [edge.assign(steps=number + 1) for number in range(7)]
    # When they are listed in pages of three, following the Link header
    seen: list[str] = []
    url: str | None = "/tasks/history?limit=3"
    while url:
        page = edge.client.get(url)
        assert page.headers["X-Total-Count"] == "7"
        seen += [task["id"] for task in page.json()]
        url = page.links.get("next", {}).get("url")
    # Then all are there, the newest first
    assert seen == given[::-1]


def test_history_can_be_asked_by_status_state_and_type(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    waiting = edge.assign()
    running = edge.assign("approve_batches", batch_count=1)
    author.begin(running)

    def listed(**query: Any) -> list[str]:
        return [task["id"] for task in get(edge, "/tasks/history", **query)]

    assert listed(status="pending") == [waiting]
    assert listed(state="running") == [running]
    assert listed(status="running", state="pending") == []
    assert listed(task_type="approve_batches") == [running]
    assert listed(task_type="unheard_of") == []


def cursor_of(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "query",
    [
        "status=done",
        "state=lost",
        "limit=0",
        "limit=1001",
        "limit=many",
        "cursor=made-up",
        "cursor=%F0%9F%98%80",
        "cursor=MDAwMS0wMS0wMVQwMDowMDowMCsxNDowMCB4",
        "cursor=" + cursor_of("2026-01-01T00:00:00+00:00 a\0b"),
        "cursor=" + cursor_of("2026-01-01T00:00:00+00:00 "),
        "task_type=%00",
        "colour=blue",
    ],
)
def test_a_history_that_cannot_be_listed_is_refused_saying_why(
    edge: RunningEdge, query: str
) -> None:
    answer = edge.client.get(f"/tasks/history?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["detail"]


def test_task_types_are_listed_with_forms_to_draw(edge: RunningEdge, author: TaskAuthor) -> None:
    # When task types are listed while a worker offers one of two
    author.start_worker("test_task")
    offered = {entry["name"]: entry for entry in get(edge, "/tasks/")}
    # Then each has every key
    approve = offered["approve_batches"]
    assert set(approve) == {
        "name",
        "display_name",
        "description",
        "available",
        "reason",
        "side_effect",
        "version",
        "queue",
        "params_schema",
        "params",
    }
    fields = {field["name"]: field for field in approve["params"]}
    assert fields["batch_ids"]["type"] == "textarea"
    assert fields["batch_count"] == {
        "name": "batch_count",
        "type": "number",
        "label": "Number of batches",
        "placeholder": "That many pending batches, oldest first; "
        "with batch_ids: at most that many.",
        "required": False,
        "validation": {"min": 1, "max": 10000},
    }
    assert fields["all_pending"]["type"] == "text"


def test_a_type_without_a_live_worker_stays_listed_with_the_reason(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    entries = get(edge, "/tasks/")
    assert [entry["name"] for entry in entries] == ["approve_batches", "test_task"]
    assert {(entry["available"], entry["reason"]) for entry in entries} == {
        (False, "No worker is running.")
    }
