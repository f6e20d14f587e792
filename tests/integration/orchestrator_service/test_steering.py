"""POST /cancel/ and /retry/: in every state, repeated, and from two callers at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.record import claims, items, tables, tasks
from shared.record.task_types import TaskType
from shared.task_state import ItemStatus, TaskState
from shared.utils import utc_now
from tests.integration.orchestrator_service.running_edge import RunningEdge
from tests.integration.orchestrator_service.task_author import PORTAL, TaskAuthor

KEYS = ["B1", "B2", "B3"]


def approving(edge: RunningEdge, author: TaskAuthor) -> str:
    """A running task of three batches."""
    task_id = edge.assign("approve_batches", batch_ids=KEYS)
    author.begin(task_id, KEYS)
    with edge.record.write() as connection:
        task = tasks.lock(connection, task_id)
        assert task is not None
        tasks.set_planned(connection, task, len(KEYS), {"batch_ids": KEYS})
    return task_id


def item_words(edge: RunningEdge, task_id: str) -> dict[str, str]:
    body = edge.client.get(f"/result/{task_id}").json()
    return {item["key"]: item["status"] for item in body["result"]["items"]}


def last_event(edge: RunningEdge, task_id: str) -> dict[str, Any]:
    with edge.follow(task_id) as socket:
        heard = list(socket)
    return dict(json.loads(heard[-1]))


def test_a_pending_task_is_cancelled_at_once(edge: RunningEdge, author: TaskAuthor) -> None:
    task_id = edge.assign("test_task")

    body = edge.client.post(f"/cancel/{task_id}").json()

    assert (body["state"], body["status"], body["error"]) == (
        "cancelled",
        "failed",
        "Cancelled by default",
    )
    assert body["can"] == ["retry"]
    final = last_event(edge, task_id)
    assert (final["type"], final["data"]["code"]) == ("failed", "cancelled")


def test_items_nobody_works_on_are_skipped(edge: RunningEdge, author: TaskAuthor) -> None:
    task_id = approving(edge, author)

    body = edge.client.post(f"/cancel/{task_id}").json()

    assert body["state"] == "cancelled"
    assert item_words(edge, task_id) == dict.fromkeys(KEYS, "skipped")
    assert body["result"]["message"] == "3 skipped"


def test_what_is_in_hand_is_left_to_its_slot(edge: RunningEdge, author: TaskAuthor) -> None:
    task_id = approving(edge, author)
    with edge.record.write() as connection:
        claims.take_next(connection, task_id, "slot")

    body = edge.client.post(f"/cancel/{task_id}").json()

    assert (body["state"], body["status"], body["can"]) == ("cancelling", "running", [])
    assert item_words(edge, task_id) == {
        "B1": "in_progress",
        "B2": "skipped",
        "B3": "skipped",
    }


def test_what_may_have_been_clicked_is_left_to_be_read(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    task_id = approving(edge, author)
    with edge.record.write() as connection:
        item = items.page(connection, task_id, -1, 1)[0]
        connection.execute(
            tables.intents.insert().values(
                portal=PORTAL,
                action="approve",
                key=item.key,
                item_id=item.id,
                fence=1,
                attempt=1,
                marker="AAB-1",
                click_budget=1,
                settle=1,
                session="s",
                browser="b",
                permit_ends=1,
                stated_at=utc_now(),
            )
        )

    body = edge.client.post(f"/cancel/{task_id}").json()

    assert body["state"] == "cancelling"
    assert item_words(edge, task_id)["B1"] == "new"


def test_cancelling_again_changes_nothing(edge: RunningEdge, author: TaskAuthor) -> None:
    task_id = edge.assign("test_task")
    first = edge.client.post(f"/cancel/{task_id}")

    second = edge.client.post(f"/cancel/{task_id}")

    assert second.status_code == 200
    assert second.json()["completed_at"] == first.json()["completed_at"]


def test_many_callers_cancel_one_task_with_one_final_event(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    task_id = approving(edge, author)

    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda _: edge.client.post(f"/cancel/{task_id}"), range(8)))

    assert {answer.status_code for answer in answers} == {200}
    with edge.follow(task_id) as socket:
        kinds = [json.loads(text)["type"] for text in socket]
    assert kinds.count("failed") == 1
    assert kinds[-1] == "failed"


@pytest.mark.parametrize("path", ["cancel", "retry"])
def test_an_unknown_task_is_said_to_be_unknown(edge: RunningEdge, path: str) -> None:
    answer = edge.client.post(f"/{path}/00000000-0000-4000-8000-000000000000")

    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_task")


@pytest.mark.parametrize("path", ["cancel", "retry"])
def test_steering_needs_the_key(edge: RunningEdge, author: TaskAuthor, path: str) -> None:
    task_id = edge.assign("test_task")

    assert edge.stranger.post(f"/{path}/{task_id}").status_code == 401


def test_a_completed_task_cannot_be_cancelled(edge: RunningEdge, author: TaskAuthor) -> None:
    task_id = approving(edge, author)
    author.finish_items(task_id, ItemStatus.DONE)
    author.complete(task_id)

    answer = edge.client.post(f"/cancel/{task_id}")

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["state"]) == (
        409,
        "state_conflict",
        "completed",
    )
    assert edge.client.get(f"/status/{task_id}").json()["can"] == []


def test_a_retry_takes_what_ended_failed_or_unverified(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    task_id = approving(edge, author)
    ended(edge, author, task_id, {"B1": "done", "B2": "failed", "B3": "unverified"})

    body = edge.client.post(f"/retry/{task_id}").json()

    assert body["task_id"] != task_id
    assert (body["state"], body["retry_of"]) == ("pending", task_id)
    assert body["params"]["batch_ids"] == ["B2", "B3"]


def test_a_task_has_one_successor(edge: RunningEdge, author: TaskAuthor) -> None:
    task_id = approving(edge, author)
    ended(edge, author, task_id, {"B1": "failed", "B2": "done", "B3": "done"})

    with ThreadPoolExecutor(6) as callers:
        answers = list(callers.map(lambda _: edge.client.post(f"/retry/{task_id}"), range(6)))

    made = [answer.json() for answer in answers if answer.status_code == 200]
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert (len(made), len(refused)) == (1, 5)
    assert {problem["task_id"] for problem in refused} == {made[0]["task_id"]}
    assert edge.client.get(f"/status/{task_id}").json()["can"] == []


def test_an_unfinished_task_is_not_retried(edge: RunningEdge, author: TaskAuthor) -> None:
    task_id = approving(edge, author)

    answer = edge.client.post(f"/retry/{task_id}")

    assert (answer.status_code, answer.json()["state"]) == (409, "running")


def test_where_nothing_failed_there_is_nothing_to_retry(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    task_id = approving(edge, author)
    ended(edge, author, task_id, dict.fromkeys(KEYS, "done"))

    answer = edge.client.post(f"/retry/{task_id}")

    assert (answer.status_code, answer.json()["state"]) == (409, "completed")


def test_more_tasks_than_may_wait_are_refused_and_leave_nothing(
    start_edge: Callable[..., RunningEdge],
) -> None:
    edge = start_edge(max_pending_tasks=2)
    author = TaskAuthor(edge.record, edge.settings.results_dir, edge.settings.redis)
    author.announce(_any_type())
    asked = {"task_type": "anything", "params": {}}

    with ThreadPoolExecutor(6) as callers:
        answers = list(
            callers.map(lambda _: edge.client.post("/assign-task/", json=asked), range(6))
        )
    author.close()

    codes = sorted(answer.status_code for answer in answers)
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert codes == [200, 200, 503, 503, 503, 503]
    assert refused.json()["code"] == "too_many_tasks"
    assert int(refused.headers["Retry-After"]) > 0
    with edge.record.read() as connection:
        assert tasks.count(connection, states=[TaskState.PENDING]) == 2


def ended(edge: RunningEdge, author: TaskAuthor, task_id: str, words: dict[str, str]) -> None:
    """End the task's items, each in its way, and the task."""
    with edge.record.write() as connection:
        for key, word in words.items():
            connection.execute(
                tables.items.update()
                .where(tables.items.c.task_id == task_id, tables.items.c.key == key)
                .values(status=word)
            )
    author.complete(task_id)


def _any_type() -> TaskType:
    return TaskType(
        name="anything",
        title="Anything",
        description="Anything.",
        version="1",
        side_effect="none",
        params_schema={"type": "object"},
    )
