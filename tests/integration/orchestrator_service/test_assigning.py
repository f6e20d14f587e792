"""POST /assign-task/: what is taken, what is refused, and that it is durable."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from shared.record import tasks
from tests.integration.orchestrator_service.running_edge import RunningEdge
from tests.integration.orchestrator_service.task_author import TaskAuthor

pytestmark = pytest.mark.usefixtures("author")


def approve(edge: RunningEdge, **params: Any) -> httpx.Response:
    return edge.client.post(
        "/assign-task/", json={"task_type": "approve_batches", "params": params}
    )


def stored_params(edge: RunningEdge, answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    with edge.record.read() as connection:
        task = tasks.get(connection, answer.json()["task_id"])
    assert task is not None
    return task.params


def test_an_answer_names_the_task_and_where_to_follow_it(edge: RunningEdge) -> None:
    # When a task is given
    answer = approve(edge, batch_ids=[1, 2, 3], auto_approve=True)
    # Then the answer has the words and links that frontends know
    body = answer.json()
    assert answer.status_code == 200
    assert body["status"] == "assigned"
    assert body["message"] == "Task 'approve_batches' successfully assigned"
    assert body["timestamp"].endswith("Z")
    assert body["status_url"] == f"{edge.url}/status/{body['task_id']}"
    assert body["result_url"] == f"{edge.url}/result/{body['task_id']}"
    assert body["ws_url"].startswith(
        f"{edge.url}/ws/task/{body['task_id']}?token=".replace("http", "ws", 1)
    )


@pytest.mark.parametrize("path", ["/assign-task/", "/assign-task", "/start_task/", "/start_task"])
def test_every_spelling_of_the_path_takes_a_task(edge: RunningEdge, path: str) -> None:
    answer = edge.client.post(path, json={"task_type": "test_task"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ({"batch_ids": "B1, B2\nB3,,"}, {"batch_ids": ["B1", "B2", "B3"]}),
        ({"batch_ids": [1, "two", " 3 "]}, {"batch_ids": [1, "two", "3"]}),
        ({"batch_ids": ["B1", "B1"]}, {"batch_ids": ["B1", "B1"]}),
        ({"batch_count": "5", "remark": ""}, {"batch_count": 5}),
        ({"max_batches": "5"}, {"batch_count": 5}),
        ({"all_pending": "true", "batch_count": ""}, {"all_pending": True}),
        ({"batch_count": 2, "remark": None}, {"batch_count": 2}),
    ],
)
def test_form_strings_are_read_as_what_the_schema_wants(
    edge: RunningEdge, given: dict[str, Any], understood: dict[str, Any]
) -> None:
    assert stored_params(edge, approve(edge, **given)) == understood


def test_a_deprecated_name_is_taken_and_its_end_is_announced(edge: RunningEdge) -> None:
    old = approve(edge, max_batches=3)
    new = approve(edge, batch_count=3)
    assert stored_params(edge, old) == stored_params(edge, new) == {"batch_count": 3}
    assert re.fullmatch(r"@\d+", old.headers["Deprecation"])
    assert parsedate_to_datetime(old.headers["Sunset"]).year >= 2028
    assert not {"deprecation", "sunset"} & set(new.headers)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"batch_ids": "", "batch_count": "", "all_pending": ""},
        {"batch_ids": " , \n"},
        {"batch_ids": []},
        {"batch_ids": None},
        {"all_pending": "false"},
        {"remark": "all of them"},
    ],
)
def test_an_empty_form_approves_nothing(edge: RunningEdge, form: dict[str, Any]) -> None:
    # When a form that names no batches is sent
    answer = approve(edge, **form)
    # Then it is refused, and no task exists
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_params"
    assert edge.client.get("/tasks/history").json() == []


def test_every_fault_is_named_with_its_place_and_the_fix(edge: RunningEdge) -> None:
    # When several params are wrong
    answer = approve(
        edge, batch_ids=[1, {}], batch_count="many", batch_cont=3, auto_approve="perhaps"
    )
    # Then each has an entry of its own, and the first is the sentence
    body = answer.json()
    assert answer.status_code == 422
    assert {fault["pointer"]: fault["detail"] for fault in body["errors"]} == {
        "#/params/batch_cont": "Unknown field 'batch_cont'; did you mean 'batch_count'?",
        "#/params/batch_ids/1": "'batch_ids[1]' must be text or a whole number.",
        "#/params/batch_count": "'batch_count' must be a whole number, not many.",
        "#/params/auto_approve": "'auto_approve' must be true or false, not perhaps.",
    }
    assert body["detail"].startswith(body["errors"][0]["detail"])


def test_unknown_fields_beside_params_are_refused_by_name(edge: RunningEdge) -> None:
    answer = edge.client.post("/assign-task/", json={"task_type": "test_task", "parms": {}})
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_request"
    assert "'parms'" in answer.json()["detail"]


def test_a_type_never_announced_is_not_found_and_the_known_ones_are_listed(
    edge: RunningEdge,
) -> None:
    answer = edge.client.post("/assign-task/", json={"task_type": "make_coffee"})
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown_task_type"
    assert "approve_batches, test_task" in answer.json()["detail"]


def test_a_type_that_no_live_worker_offers_is_accepted_and_waits(edge: RunningEdge) -> None:
    # Given no worker is alive, when a task is given
    task_id = edge.assign()
    # Then it waits, and its status says why
    status = edge.client.get(f"/status/{task_id}").json()
    assert status["state"] == "pending"
    assert status["note"] == (
        "The task is waiting for a worker that offers 'test_task'. No worker is running."
    )


def test_further_keys_of_a_type_that_allows_them_are_kept(edge: RunningEdge) -> None:
    answer = edge.client.post(
        "/assign-task/", json={"task_type": "test_task", "params": {"steps": "2", "hue": "blue"}}
    )
    assert stored_params(edge, answer) == {"steps": 2, "hue": "blue"}


def assign_with_key(edge: RunningEdge, key: str, **params: Any) -> httpx.Response:
    return edge.client.post(
        "/assign-task/",
        json={"task_type": "test_task", "params": params},
        headers={"Idempotency-Key": key},
    )


def test_the_same_key_and_body_gives_the_first_task_again(edge: RunningEdge) -> None:
    # Given a task given with a key
    first = assign_with_key(edge, "k1", steps=2)
    # When the same request comes again
    again = assign_with_key(edge, "k1", steps=2)
    # Then it is the same task, said to be replayed, and there is only one
    assert again.json()["task_id"] == first.json()["task_id"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(edge.client.get("/tasks/history").json()) == 1


def test_the_same_key_with_another_body_is_refused(edge: RunningEdge) -> None:
    first = assign_with_key(edge, "k1", steps=2)
    other = assign_with_key(edge, "k1", steps=3)
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_mismatch"
    assert other.json()["task_id"] == first.json()["task_id"]


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_of_no_or_too_great_length_is_refused(edge: RunningEdge, key: str) -> None:
    assert assign_with_key(edge, key).status_code == 422


def test_many_at_once_with_one_key_make_one_task_beside_others(edge: RunningEdge) -> None:
    # When twenty requests with one key and twenty without arrive together
    def ask(number: int) -> httpx.Response:
        if number % 2:
            return assign_with_key(edge, "same", steps=1)
        return edge.client.post("/assign-task/", json={"task_type": "test_task"})

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(ask, range(40)))
    # Then the first twenty are one task, and nobody else's was lost
    assert {answer.status_code for answer in answers} == {200}
    with_key = {answer.json()["task_id"] for answer in answers[1::2]}
    without = {answer.json()["task_id"] for answer in answers[::2]}
    assert len(with_key) == 1
    assert len(without) == 20
    assert edge.client.get("/tasks/history").headers["X-Total-Count"] == "21"


BAD_BODIES = [
    (b"", 400, "malformed_body"),
    (b"{", 400, "malformed_body"),
    (b"null", 422, "invalid_request"),
    (b"[1]", 422, "invalid_request"),
    (b"\xff\xfe{}", 400, "malformed_body"),
    (b'{"task_type": "test_task", "params": {"x": NaN}}', 400, "malformed_body"),
    (b'{"task_type": "test_task", "params": {"x": 1e999}}', 400, "malformed_body"),
    (b'{"task_type": "test_task", "params": {"x": "\\ud800"}}', 400, "malformed_body"),
    (b'{"task_type": "test_task", "params": {"x": ' + b"9" * 5000 + b"}}", 400, "malformed_body"),
    (b"[" * 100_000, 400, "malformed_body"),
    (
        b'{"task_type": "test_task", "params": {"x": ' + b"[" * 300 + b"]" * 300 + b"}}",
        400,
        "malformed_body",
    ),
    (b'{"task_type": 7}', 422, "invalid_request"),
    (b'{"task_type": "test_task", "params": "none"}', 422, "invalid_request"),
    (b'{"task_type": "test_\\u0000task"}', 404, "unknown_task_type"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD_BODIES)
def test_a_body_that_cannot_be_taken_is_refused_with_a_problem(
    edge: RunningEdge, body: bytes, status: int, code: str
) -> None:
    answer = edge.client.post(
        "/assign-task/", content=body, headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("declared", [True, False], ids=["with its length", "in chunks"])
def test_a_huge_body_is_refused_whether_or_not_it_says_its_length(
    edge: RunningEdge, declared: bool
) -> None:
    body = b" " * (edge.settings.max_body_bytes + 1)
    answer = edge.client.post(
        "/assign-task/",
        content=body if declared else (body[i : i + 65536] for i in range(0, len(body), 65536)),
        headers={"content-type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_body_that_does_not_say_what_it_is_is_read_as_json(edge: RunningEdge) -> None:
    answer = edge.client.post("/assign-task/", content=b'{"task_type": "test_task"}')
    assert "content-type" not in answer.request.headers
    assert answer.status_code == 200


def test_a_body_that_is_not_said_to_be_json_is_refused(edge: RunningEdge) -> None:
    answer = edge.client.post("/assign-task/", data={"task_type": "test_task"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_ten_thousand_batches_are_taken_at_once(edge: RunningEdge) -> None:
    ids = [f"BATCH{number:05}" for number in range(10_000)]
    assert stored_params(edge, approve(edge, batch_ids=",".join(ids))) == {"batch_ids": ids}
    assert approve(edge, batch_ids=[*ids, "one more"]).status_code == 422


def test_what_is_accepted_can_be_shown_whatever_it_holds(edge: RunningEdge) -> None:
    # Given params with every kind of character and value
    odd: dict[str, Any] = {
        "text": "\u0000 \U0001f600 \u2028 </script>",
        "big": 10**30,
        "none": None,
        "x": [None],
    }
    # When they are accepted
    task_id = edge.assign(**odd)
    # Then the status shows them as they were
    shown = edge.client.get(f"/status/{task_id}").json()["params"]
    assert shown == odd
    assert json.dumps(shown)


def test_a_task_is_accepted_while_redis_is_down(
    edge: RunningEdge, author: TaskAuthor, start_edge: Any
) -> None:
    # Given an edge whose Redis does not answer, and a worker that would be rung
    author.start_worker("test_task")
    cut_off = start_edge(redis_url="redis://127.0.0.1:1/0")
    # When a task is given there
    task_id = cut_off.assign()
    # Then it is in the record for everybody, and health says what is missing
    assert edge.client.get(f"/status/{task_id}").json()["state"] == "pending"
    health = cut_off.stranger.get("/health")
    assert health.status_code == 200
    assert health.json()["status"] == "degraded"
    assert health.json()["redis_status"] == "disconnected"
