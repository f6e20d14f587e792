"""What every answer has: keys, problems, CORS, request ids, documentation of our own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import make_url, text

from orchestrator_service.links import Links, Signer
from orchestrator_service.schemas import ItemView, TaskResult
from tests.integration.orchestrator_service.running_edge import RunningEdge
from tests.integration.orchestrator_service.task_author import TaskAuthor
from tests.integration.orchestrator_service.waiting import until
from tests.postgresql_server import PostgresqlServer

EXPOSED = ("link", "x-total-count", "idempotent-replayed", "retry-after", "x-request-id")
ORIGIN = "http://localhost:5173"
KEYED = [
    ("GET", "/tasks/"),
    ("POST", "/assign-task/"),
    ("POST", "/start_task/"),
    ("GET", "/status/550e8400-e29b-41d4-a716-446655440000"),
    ("GET", "/result/550e8400-e29b-41d4-a716-446655440000"),
    ("GET", "/tasks/history"),
    ("GET", "/result/550e8400-e29b-41d4-a716-446655440000/evidence.zip"),
    ("POST", "/cancel/550e8400-e29b-41d4-a716-446655440000"),
    ("POST", "/decision/550e8400-e29b-41d4-a716-446655440000"),
    ("POST", "/retry/550e8400-e29b-41d4-a716-446655440000"),
    ("GET", "/static/550e8400-e29b-41d4-a716-446655440000/x.png"),
]
STATUS = "/status/550e8400-e29b-41d4-a716-446655440000"
OPEN = ["/", "/health", "/health/live", "/docs", "/redoc", "/openapi.json"]


def is_problem(answer: httpx.Response) -> bool:
    body = answer.json()
    return (
        answer.headers["content-type"] == "application/problem+json"
        and {"type", "title", "status", "detail", "code", "request_id"} <= set(body)
        and body["status"] == answer.status_code
        and body["request_id"] == answer.headers["x-request-id"]
        and re.fullmatch("[a-z_]+", body["code"]) is not None
    )


@pytest.mark.parametrize(("method", "path"), KEYED)
def test_no_key_and_a_wrong_key_are_told_the_same(
    edge: RunningEdge, method: str, path: str
) -> None:
    # When a call comes without a key, with a wrong one, and with one too long
    answers = [
        edge.stranger.request(method, path, headers=headers, content=b"{not json")
        for headers in ({}, {"x-api-key": "wrong"}, {"x-api-key": edge.key + "x"})
    ]
    # Then all are refused alike before anything else is looked at, naming the header
    told = [{**answer.json(), "request_id": None} for answer in answers]
    assert told == [told[0]] * 3
    assert "x-api-key" in told[0]["detail"]
    for answer in answers:
        assert answer.status_code == 401
        assert is_problem(answer)


def test_a_route_that_asks_for_a_key_is_among_those_tried_without_one(edge: RunningEdge) -> None:
    operations = edge.stranger.get("/openapi.json").json()["paths"]
    keyed = {
        (method.upper(), path.partition("{")[0])
        for path, methods in operations.items()
        for method, operation in methods.items()
        if "security" in operation
    }
    assert all(
        any(method == tried and path.startswith(start) for tried, path in KEYED)
        for method, start in keyed
    )


@pytest.mark.parametrize("path", OPEN)
def test_what_needs_no_key_answers_without(edge: RunningEdge, path: str) -> None:
    assert edge.stranger.get(path).status_code == 200


def test_the_documentation_loads_nothing_from_elsewhere(edge: RunningEdge) -> None:
    for path in ("/docs", "/redoc"):
        page = edge.stranger.get(path).text
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert loaded
        for asset in loaded:
            assert asset.startswith("/")
            assert edge.stranger.get(asset).status_code == 200


def test_unknown_paths_and_methods_are_problems(edge: RunningEdge) -> None:
    for method, path, status, code in [
        ("GET", "/nothing/here", 404, "not_found"),
        ("GET", "/assign-task/", 405, "method_not_allowed"),
        ("DELETE", "/tasks/", 405, "method_not_allowed"),
        ("GET", "/cancel/550e8400-e29b-41d4-a716-446655440000", 405, "method_not_allowed"),
        ("GET", "/docs-assets/nothing.js", 404, "not_found"),
    ]:
        answer = edge.client.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert is_problem(answer)


def test_a_fault_of_ours_is_a_problem_that_leaks_nothing(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    # Given a row of the record that cannot be read any more
    task_id = edge.assign()
    with edge.record.write() as connection:
        connection.execute(text("UPDATE tasks SET state = 'broken'"))
    # When it is asked for from another origin
    answer = edge.client.get(f"/status/{task_id}", headers={"Origin": ORIGIN})
    # Then the answer tells nothing but the request's id, and a browser may read it
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert is_problem(answer)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "broken" not in answer.text
    assert "Traceback" not in answer.text


@pytest.fixture
def lose_record(request: pytest.FixtureRequest, edge: RunningEdge) -> Callable[[], None]:
    """Put the record out of reach, each database in its own way."""
    url = make_url(edge.settings.database)

    def lose() -> None:
        if url.get_backend_name() == "sqlite":
            with edge.record.write() as connection:
                connection.execute(text("ALTER TABLE tasks RENAME TO gone"))
            return
        name = str(url.database)
        server: PostgresqlServer = request.getfixturevalue("postgresql")
        server.execute("postgres", f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        server.disconnect_everyone(name)

    return lose


def test_a_record_out_of_reach_is_503_and_says_to_try_again(
    edge: RunningEdge, author: TaskAuthor, lose_record: Callable[[], None]
) -> None:
    # Given a record that is not there any more
    task_id = edge.assign()
    lose_record()
    # Then reading and assigning say so, without SQL
    for answer in (
        edge.client.get(f"/status/{task_id}"),
        edge.client.post("/assign-task/", json={"task_type": "test_task"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, "record_unavailable")
        assert answer.headers["retry-after"]
        assert "SELECT" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "body", "place"),
    [
        ("GET", "/tasks/?colour=blue", b"", "query/colour"),
        ("GET", f"{STATUS}?colour=blue&after=1", b"", "query/colour"),
        ("GET", f"{STATUS.replace('status', 'result')}?colour=blue", b"", "query/colour"),
        ("POST", f"{STATUS.replace('status', 'cancel')}?force=true", b"", "query/force"),
        ("POST", STATUS.replace("status", "cancel"), b'{"force": true}', "#/force"),
        ("POST", STATUS.replace("status", "retry"), b'{"batch_ids": [1]}', "#/batch_ids"),
        ("POST", STATUS.replace("status", "retry"), b"[1]", "#"),
    ],
)
def test_what_a_call_does_not_take_is_refused_by_name(
    edge: RunningEdge, method: str, path: str, body: bytes, place: str
) -> None:
    answer = edge.client.request(method, path, content=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["pointer"] == place


@pytest.mark.parametrize("given", ["my-request.1", "550e8400-e29b-41d4-a716-446655440000"])
def test_a_request_id_is_taken_over(edge: RunningEdge, given: str) -> None:
    answer = edge.stranger.get("/", headers={"X-Request-ID": given})
    assert answer.headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 200, "a b", 'quote"d'])
def test_a_request_id_that_cannot_be_taken_is_replaced(edge: RunningEdge, given: str) -> None:
    answer = edge.stranger.get("/", headers={"X-Request-ID": given})
    assert answer.headers["x-request-id"] not in ("", given)


def test_every_kind_of_answer_can_be_read_from_an_allowed_origin(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    # Given a file with its link
    task_id = edge.assign()
    piece = author.keep_file(task_id, "shot.png", b"picture", "image/png")
    secret = (edge.settings.data_dir / "secret_key").read_text().strip()
    link = Links(Signer(secret, 3600), edge.url).file(piece.path)
    # When a page of an allowed origin calls, well and badly
    answers = [
        edge.client.get("/tasks/history", headers={"Origin": ORIGIN}),
        edge.stranger.get(link, headers={"Origin": ORIGIN}),
        edge.stranger.get("/tasks/", headers={"Origin": ORIGIN}),
        edge.stranger.get("/nothing", headers={"Origin": ORIGIN}),
        edge.client.post("/assign-task/", content=b"{", headers={"Origin": ORIGIN}),
    ]
    # Then it may read every answer and the headers it needs
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        exposed = answer.headers["access-control-expose-headers"].lower()
        for name in EXPOSED:
            assert name in exposed.split(", ")


@pytest.mark.parametrize(
    "header",
    [
        "content-type",
        "x-api-key",
        "authorization",
        "idempotency-key",
        "last-event-id",
        "x-request-id",
    ],
)
def test_a_preflight_needs_no_key(edge: RunningEdge, header: str) -> None:
    answer = edge.stranger.options(
        "/assign-task/",
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": header,
        },
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert header in answer.headers["access-control-allow-headers"].lower()


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://my-app.lovable.app", True),
        ("https://id-preview--1.lovable.app", True),
        ("https://a.b.lovable.app", True),
        ("https://exact.example", True),
        ("https://lovable.app", False),
        ("http://my-app.lovable.app", False),
        ("https://my-app.lovable.app.evil.example", False),
        ("https://evil.example/.lovable.app", False),
        ("https://exactxexample", False),
        ("null", False),
    ],
)
def test_origins_are_allowed_by_name_and_by_pattern(
    start_edge: Callable[..., RunningEdge], origin: str, allowed: bool
) -> None:
    edge = start_edge(cors_origins="https://*.lovable.app, https://exact.example")
    answer = edge.stranger.get("/health/live", headers={"Origin": origin})
    assert answer.headers.get("access-control-allow-origin") == (origin if allowed else None)


def test_links_name_the_host_the_caller_used(edge: RunningEdge, author: TaskAuthor) -> None:
    port = edge.url.rpartition(":")[2]
    task_id = edge.assign()
    for host in (f"backend.example:{port}", "backend.example"):
        shown = edge.client.get(f"/status/{task_id}", headers={"Host": host}).json()
        assert shown["ws_url"].startswith(f"ws://{host}/ws/task/")
    odd = edge.client.get(f"/status/{task_id}", headers={"Host": "a/b@c"}).json()
    assert odd["ws_url"].startswith(f"ws://127.0.0.1:{port}/")


def test_links_name_the_public_address_where_it_is_set(
    start_edge: Callable[..., RunningEdge], author: TaskAuthor
) -> None:
    edge = start_edge(public_base_url="https://agent.example/api/")
    task_id = edge.assign()
    shown = edge.client.get(f"/status/{task_id}").json()
    assert shown["ws_url"].startswith(f"wss://agent.example/api/ws/task/{task_id}?token=")


def test_no_token_or_signature_reaches_the_log(
    edge: RunningEdge, author: TaskAuthor, capfd: pytest.CaptureFixture[str]
) -> None:
    # Given calls whose URLs hold secrets
    task_id = edge.assign()
    piece = author.keep_file(task_id, "shot.png", b"picture", "image/png")
    secret = (edge.settings.data_dir / "secret_key").read_text().strip()
    links = Links(Signer(secret, 3600), edge.url)
    edge.stranger.get(links.file(piece.path))
    edge.client.get(f"/tasks/history?cursor={'hidden' * 3}")
    with edge.follow(task_id) as stream:
        stream.recv(timeout=30)
    # Then none of it is in what was logged
    logged = "".join(capfd.readouterr())
    assert f"{task_id}/shot.png" in logged
    for hidden in ("hidden", "token=", links.file_path(piece.path).partition("/")[0]):
        assert hidden not in logged


def test_the_schema_has_what_a_generated_client_needs(edge: RunningEdge) -> None:
    schema = edge.stranger.get("/openapi.json").json()
    operations = {
        operation["operationId"]: operation
        for path in schema["paths"].values()
        for operation in path.values()
    }
    assert set(operations) == {
        "assign_task",
        "cancel_task",
        "decide_task",
        "get_evidence",
        "get_evidence_by_link",
        "get_evidence_key",
        "get_file",
        "get_file_by_link",
        "get_health",
        "get_liveness",
        "get_service",
        "get_task_result",
        "get_task_status",
        "list_task_types",
        "list_tasks",
        "retry_task",
    }
    for operation in operations.values():
        assert operation["summary"]
        failure = operation["responses"]["default"]["content"]["application/problem+json"]
        assert failure["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert "/start_task/" not in schema["paths"]
    assert operations["assign_task"]["security"] == [{"ApiKey": []}]
    shapes = schema["components"]["schemas"]
    for shape in ("AssignRequest", "TaskResult", "ItemView", "ServiceInfo", "Alive"):
        assert shapes[shape]["examples"]
    for model in (TaskResult, ItemView):
        (example,) = model.model_json_schema()["examples"]
        assert set(model.model_validate(example).model_dump()) == set(example)
    for name, status, headers in (
        ("assign_task", "200", {"Idempotent-Replayed", "Deprecation", "Sunset"}),
        ("assign_task", "503", {"Retry-After"}),
        ("get_task_status", "503", {"Retry-After"}),
        ("get_evidence", "503", {"Retry-After"}),
        ("list_tasks", "200", {"Link", "X-Total-Count"}),
    ):
        assert set(operations[name]["responses"][status]["headers"]) == headers
    assert "HTTPValidationError" not in json.dumps(schema)


def test_health_is_ok_only_with_a_worker(edge: RunningEdge, author: TaskAuthor) -> None:
    assert edge.stranger.get("/health").json()["status"] == "degraded"
    author.start_worker("test_task")
    until(lambda: edge.stranger.get("/health").json()["status"] == "ok")
    health = edge.stranger.get("/health").json()
    assert health["workers"] == "1 worker, 2 slots"
    assert (health["database"], health["redis_status"]) == ("ok", "connected")
