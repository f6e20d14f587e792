"""POST /cancel/ and /retry/: in every state, repeated, and from two callers at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from shared.record import claims, items, tables, tasks
from shared.record.task_types import TaskType
from shared.task_state import ItemStatus, TaskState
from shared.utils import utc_now
from tests.integration.orchestrator_service.running_edge import RunningEdge
from tests.integration.orchestrator_service.task_author import (
    APPROVE_BATCHES,
    PORTAL,
    TaskAuthor,
)
from tests.integration.orchestrator_service.waiting import until

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
    assert body["can"] == []
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
    assert {(told["task_id"], told["state"]) for told in refused} == {(task_id, "completed")}
    assert all(made[0]["task_id"] in told["detail"] for told in refused)
    assert edge.client.get(f"/status/{task_id}").json()["can"] == []


def test_a_retry_keeps_to_the_limit_of_tasks_that_wait(
    start_edge: Callable[..., RunningEdge], author: TaskAuthor
) -> None:
    edge = start_edge(max_pending_tasks=1)
    task_id = approving(edge, author)
    ended(edge, author, task_id, dict.fromkeys(KEYS, "failed"))
    waiting = edge.assign()

    refused = edge.client.post(f"/retry/{task_id}")
    edge.client.post(f"/cancel/{waiting}")
    taken = edge.client.post(f"/retry/{task_id}", content=b"{}")

    assert (refused.status_code, refused.json()["code"]) == (503, "too_many_tasks")
    assert refused.headers["retry-after"]
    assert taken.status_code == 200


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


def shown(edge: RunningEdge, author: TaskAuthor) -> str:
    """A task of three batches that waits for a decision."""
    task_id = approving(edge, author)
    with edge.record.write() as connection:
        connection.execute(
            tables.items.update()
            .where(tables.items.c.task_id == task_id)
            .values(status="reviewed", details={"District": "Pune"})
        )
        task = tasks.lock(connection, task_id)
        assert task is not None
        tasks.set_state(connection, task, TaskState.AWAITING_DECISION)
    return task_id


def test_a_decision_lets_the_chosen_go_on_and_skips_the_rest(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    task_id = shown(edge, author)
    before = edge.client.get(f"/status/{task_id}").json()

    after = edge.client.post(f"/decision/{task_id}", json={"approve": ["B1"], "reject": ["B2"]})

    assert (before["state"], before["can"]) == ("awaiting_decision", ["cancel", "decide"])
    assert (after.status_code, after.json()["state"]) == (200, "running")
    assert item_words(edge, task_id) == {"B1": "new", "B2": "skipped", "B3": "skipped"}


def test_the_same_decision_again_changes_nothing_and_another_is_refused(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    task_id = shown(edge, author)
    url = f"/decision/{task_id}"

    answers = [
        edge.client.post(url, json=body)
        for body in (
            {"approve": ["B1", "B2"]},
            {"approve": ["B2", "B1"], "reject": []},
            {"approve": [1, 2.0]},
            {"approve": ["B3"]},
        )
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 409]
    assert answers[3].json()["state"] == "running"


def test_all_means_all_but_the_rejected(edge: RunningEdge, author: TaskAuthor) -> None:
    task_id = shown(edge, author)

    edge.client.post(f"/decision/{task_id}", json={"approve": "all", "reject": ["B2"]})

    assert item_words(edge, task_id) == {"B1": "new", "B2": "skipped", "B3": "new"}


def test_a_decision_for_nothing_ends_the_task_without_a_click(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    task_id = shown(edge, author)

    body = edge.client.post(f"/decision/{task_id}", json={"approve": []}).json()

    assert body["state"] == "completed"
    assert item_words(edge, task_id) == dict.fromkeys(KEYS, "skipped")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"approve": ["B1", "B9"]}, "#/approve/1"),
        ({"approve": [9]}, "#/approve/0"),
        ({"approve": "all", "reject": ["B9"]}, "#/reject/0"),
        ({"approve": ["B1"], "reject": ["B1"]}, "#/approve/0"),
        ({"reject": ["B1"]}, "#/approve"),
        ({"approve": "some"}, "#/approve"),
        ({"approve": ["B1"], "surprise": 1}, "#/surprise"),
        ({"approve": [True]}, "#/approve/0"),
        ({"approve": ["B1", {}], "reject": "B2"}, "#/approve/1"),
        (["B1"], "#"),
        ("B1", "#"),
    ],
)
def test_a_decision_about_what_was_not_shown_is_refused_and_decides_nothing(
    edge: RunningEdge, author: TaskAuthor, body: Any, place: str
) -> None:
    task_id = shown(edge, author)

    answer = edge.client.post(f"/decision/{task_id}", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == place
    assert edge.client.get(f"/status/{task_id}").json()["state"] == "awaiting_decision"


def test_a_task_that_does_not_wait_takes_no_decision(edge: RunningEdge, author: TaskAuthor) -> None:
    task_id = approving(edge, author)

    answer = edge.client.post(f"/decision/{task_id}", json={"approve": "all"})

    assert (answer.status_code, answer.json()["state"]) == (409, "running")


def test_a_waiting_task_is_cancelled_at_once(edge: RunningEdge, author: TaskAuthor) -> None:
    task_id = shown(edge, author)

    body = edge.client.post(f"/cancel/{task_id}").json()

    assert body["state"] == "cancelled"
    assert item_words(edge, task_id) == dict.fromkeys(KEYS, "skipped")


def test_nobody_decides_in_time(start_edge: Callable[..., RunningEdge]) -> None:
    edge = start_edge(decision_ttl=60)
    author = TaskAuthor(edge.record, edge.settings.results_dir, edge.settings.redis)
    author.announce(APPROVE_BATCHES)
    task_id = shown(edge, author)
    author.close()
    with edge.record.write() as connection:
        connection.execute(
            tables.tasks.update()
            .where(tables.tasks.c.id == task_id)
            .values(awaiting_since=utc_now() - timedelta(seconds=61))
        )

    until(lambda: edge.client.get(f"/status/{task_id}").json()["state"] == "cancelled")

    error = edge.client.get(f"/status/{task_id}").json()["error"]
    assert "nobody decided in time" in error


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
