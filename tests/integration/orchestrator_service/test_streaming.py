"""WS /ws/task/{task_id}: every event once, in order, however the client comes and goes."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from orchestrator_service.links import Purpose, Signer
from orchestrator_service.schemas import ItemView
from shared.contracts import EventType, EvidenceKind
from shared.record.events import NewEvent
from tests.integration.orchestrator_service.running_edge import RunningEdge
from tests.integration.orchestrator_service.task_author import TaskAuthor
from tests.integration.orchestrator_service.waiting import until

SECONDS = 30
Message = dict[str, Any]


def receive(stream: ClientConnection) -> Message:
    message: Message = json.loads(stream.recv(timeout=SECONDS))
    return message


def read_to_the_end(stream: ClientConnection) -> tuple[list[Message], int]:
    """All messages until the server closes, and the code it closes with."""
    messages = []
    with suppress(ConnectionClosed):
        while True:
            messages.append(receive(stream))
    assert stream.close_code is not None
    return messages, stream.close_code


def close_code(stream: ClientConnection) -> int:
    messages, code = read_to_the_end(stream)
    assert messages == []
    return code


def numbers(messages: list[Message]) -> list[int]:
    return [message["id"] for message in messages]


def test_a_socket_opened_early_sees_everything_live(edge: RunningEdge, author: TaskAuthor) -> None:
    # Given a socket that is open before anything happens
    task_id = edge.assign()
    with edge.follow(task_id) as stream:
        assert receive(stream)["data"] == {"status": "pending", "state": "pending", "progress": 0}
        # When a worker works
        author.begin(task_id)
        author.log(task_id, "one")
        author.complete(task_id)
        # Then each event comes with the next number, and the last one ends the stream
        messages, code = read_to_the_end(stream)
    assert numbers(messages) == [2, 3, 4, 5]
    assert [message["type"] for message in messages] == ["status", "log", "status", "completed"]
    assert {message["task_id"] for message in messages} == {task_id}
    assert code == 1000


def test_a_socket_opened_late_is_told_the_whole_history(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    # Given a task that has ended, with a longer history than one reading of the record
    task_id = edge.assign()
    author.begin(task_id)
    author.log(task_id, *(f"line {number}" for number in range(1500)))
    author.complete(task_id)
    # When a socket opens
    with edge.follow(task_id) as stream:
        messages, code = read_to_the_end(stream)
    # Then it is told everything, once and in order
    assert numbers(messages) == list(range(1, 1505))
    assert code == 1000


def test_a_socket_that_drops_and_resumes_sees_every_event_once(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    # Given a task at work
    task_id = edge.assign()
    author.begin(task_id)
    seen: list[Message] = []
    for drop in range(5):
        author.log(task_id, *(f"{drop}.{line}" for line in range(7)))
        # When the client reads a part, drops the connection, and comes back with `after`
        with edge.follow(task_id, after=seen[-1]["id"] if seen else 0) as stream:
            seen.extend(receive(stream) for _ in range(5))
            stream.socket.shutdown(socket.SHUT_RDWR)
    author.complete(task_id)
    with edge.follow(task_id, after=seen[-1]["id"]) as stream:
        rest, code = read_to_the_end(stream)
    # Then it saw every event once
    assert numbers(seen + rest) == list(range(1, 2 + 5 * 7 + 2 + 1))
    assert code == 1000


def test_fifty_sockets_on_one_task_all_see_the_same(edge: RunningEdge, author: TaskAuthor) -> None:
    # Given fifty sockets on one task, each from another point of its history
    task_id = edge.assign()
    author.begin(task_id)
    author.log(task_id, *(f"before {line}" for line in range(50)))
    url = edge.socket_url(task_id)
    with ExitStack() as opened, ThreadPoolExecutor(50) as threads:
        streams = [
            opened.enter_context(connect(f"{url}&after={after}", proxy=None)) for after in range(50)
        ]
        # When the work goes on to its end
        reading = [threads.submit(read_to_the_end, stream) for stream in streams]
        for line in range(100):
            author.log(task_id, f"live {line}")
        author.complete(task_id)
        told = [future.result(SECONDS) for future in reading]
    # Then each one was told what follows its point, without a gap
    for after, (messages, code) in enumerate(told):
        assert numbers(messages) == list(range(after + 1, 155))
        assert code == 1000


def test_a_lost_wake_up_only_delays(edge: RunningEdge, author: TaskAuthor) -> None:
    # Given a socket that waits for news
    task_id = edge.assign()
    with edge.follow(task_id, after=1) as stream:
        # When something happens and its wake-up is lost
        author.log(task_id, "unheard", quietly=True)
        # Then it is told all the same
        assert receive(stream)["data"]["message"] == "unheard"


def test_a_stream_goes_on_while_redis_is_down(
    edge: RunningEdge, author: TaskAuthor, start_edge: Callable[..., RunningEdge]
) -> None:
    # Given an edge that never hears a wake-up
    deaf = start_edge(redis_url="redis://127.0.0.1:1/0")
    task_id = deaf.assign()
    with deaf.follow(task_id) as stream:
        author.begin(task_id)
        author.complete(task_id)
        # Then a socket there is told everything
        messages, code = read_to_the_end(stream)
    assert numbers(messages) == [1, 2, 3, 4]
    assert code == 1000


def test_a_slow_reader_slows_nobody_and_is_caught_up(edge: RunningEdge, author: TaskAuthor) -> None:
    # Given a client that reads nothing, and one that reads
    task_id = edge.assign()
    author.begin(task_id)
    with edge.follow(task_id, max_queue=1) as slow, edge.follow(task_id) as quick:
        # When more happens than any buffer between holds
        for _ in range(40):
            author.log(task_id, *("x" * 10_000 for _ in range(50)))
        author.complete(task_id)
        # Then the quick one is told all of it while the slow one has not begun
        messages, code = read_to_the_end(quick)
        assert numbers(messages) == list(range(1, 2005))
        assert code == 1000
        # And the slow one, when it reads at last, misses nothing
        messages, code = read_to_the_end(slow)
        assert numbers(messages) == list(range(1, 2005))
        assert code == 1000


def test_what_clients_say_is_ignored(edge: RunningEdge, author: TaskAuthor) -> None:
    task_id = edge.assign()
    with edge.follow(task_id) as stream:
        for _ in range(20):
            stream.send("hello?")
        stream.send(b"\x00\x01")
        author.begin(task_id)
        author.complete(task_id)
        messages, code = read_to_the_end(stream)
    assert numbers(messages) == [1, 2, 3, 4]
    assert code == 1000


@pytest.mark.parametrize("after", [4, 5, 999_999_999])
def test_resuming_after_the_last_event_ends_at_once(
    edge: RunningEdge, author: TaskAuthor, after: int
) -> None:
    task_id = edge.assign()
    author.begin(task_id)
    author.complete(task_id)
    with edge.follow(task_id, after=after) as stream:
        assert close_code(stream) == 1000


def test_a_number_that_has_not_happened_hides_nothing_to_come(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    task_id = edge.assign()
    with edge.follow(task_id, after=100) as stream:
        until(lambda: edge.followers == 1)
        author.begin(task_id)
        assert receive(stream)["id"] == 2


@pytest.mark.parametrize("after", ["-1", "x", "", "1e3", "9" * 12])
def test_an_after_that_is_no_number_is_told_4400(
    edge: RunningEdge, author: TaskAuthor, after: str
) -> None:
    with connect(f"{edge.socket_url(edge.assign())}&after={after}", proxy=None) as stream:
        assert close_code(stream) == 4400


def test_without_a_token_the_handshake_is_refused(edge: RunningEdge, author: TaskAuthor) -> None:
    task_id = edge.assign()
    with pytest.raises(InvalidStatus) as refused:
        connect(edge.socket_url(task_id).partition("?")[0], proxy=None)
    assert refused.value.response.status_code == 403


def test_a_bad_or_foreign_token_is_told_4401(edge: RunningEdge, author: TaskAuthor) -> None:
    # Given tokens that are made up, of another task, or for another purpose
    task_id, other = edge.assign(), edge.assign()
    secret = (edge.settings.data_dir / "secret_key").read_text().strip()
    tokens = [
        "made-up",
        "",
        edge.socket_url(other).partition("token=")[2],
        Signer(secret, 3600).sign(Purpose.FILES, task_id),
        Signer(secret, -60).sign(Purpose.SOCKET, task_id),
    ]
    # Then each one is let in only to be told so
    for token in tokens:
        url = edge.socket_url(task_id).partition("?")[0]
        with connect(f"{url}?token={token}", proxy=None) as stream:
            assert close_code(stream) == 4401


def test_a_program_may_show_the_key_instead(edge: RunningEdge, author: TaskAuthor) -> None:
    url = edge.socket_url(edge.assign()).partition("?")[0]
    with connect(url, additional_headers={"x-api-key": edge.key}, proxy=None) as stream:
        assert receive(stream)["id"] == 1


@pytest.mark.parametrize("name", ["550e8400-e29b-41d4-a716-446655440000", "not-a-task", "%00"])
def test_an_unknown_task_is_told_4404(edge: RunningEdge, name: str) -> None:
    url = f"{edge.url}/ws/task/{name}".replace("http", "ws", 1)
    with connect(url, additional_headers={"x-api-key": edge.key}, proxy=None) as stream:
        assert close_code(stream) == 4404


def test_task_id_mode_lets_in_on_the_id_alone(
    start_edge: Callable[..., RunningEdge], author: TaskAuthor
) -> None:
    # Given an edge for dashboards that cannot append a token
    trusting = start_edge(websocket_auth="task-id")
    task_id = trusting.assign()
    # When one connects with the bare id
    with connect(trusting.socket_url(task_id).partition("?")[0], proxy=None) as stream:
        # Then it is told the history
        assert receive(stream)["id"] == 1
    # And an unknown id gets one last message, so that it does not come back for ever
    unknown = str(uuid4())
    url = f"{trusting.url}/ws/task/{unknown}".replace("http", "ws", 1)
    with connect(url, proxy=None) as stream:
        messages, code = read_to_the_end(stream)
    assert [(m["type"], m["data"]["code"]) for m in messages] == [("failed", "unknown_task")]
    assert code == 1000


def test_an_edge_going_down_asks_to_come_back_with_after(
    edge: RunningEdge, author: TaskAuthor, start_edge: Callable[..., RunningEdge]
) -> None:
    # Given a socket on an edge, and a second edge on the same record
    task_id = edge.assign()
    going = start_edge()
    with going.follow(task_id) as stream:
        assert receive(stream)["id"] == 1
        # When the edge stops
        going.stop()
        assert close_code(stream) == 1013
    author.begin(task_id)
    # Then the client goes on elsewhere where it was
    with edge.follow(task_id, after=1) as stream:
        assert receive(stream)["id"] == 2


def test_a_client_that_goes_leaves_nothing_behind(edge: RunningEdge, author: TaskAuthor) -> None:
    task_id = edge.assign()
    with edge.follow(task_id) as stream:
        receive(stream)
        assert edge.followers == 1
    until(lambda: edge.followers == 0)


def test_links_in_messages_are_signed_also_on_replay(edge: RunningEdge, author: TaskAuthor) -> None:
    # Given a task with evidence, a screenshot and a file, stored as plain paths
    task_id = edge.assign("approve_batches", batch_ids=["B1"])
    author.begin(task_id, ["B1"])
    picture = author.keep_file(task_id, "after.png", b"picture", "image/png", item=0)
    report = author.keep_file(task_id, "report.csv", b"a,b", "text/csv")
    author.tell_item(task_id, "B1", picture)
    shot = {"path": picture.path, "kind": "after", "batch_id": "B1"}
    author.tell(task_id, NewEvent(EventType.SCREENSHOT, shot))
    author.complete(task_id, screenshot=picture.path, files=[report.path])
    # When it is replayed
    with edge.follow(task_id) as stream:
        messages, _ = read_to_the_end(stream)
    by_type = {message["type"]: message["data"] for message in messages}
    # Then every link opens its file without a key, and no plain path is left
    result = by_type["completed"]["result"]
    links = {
        by_type["item"]["evidence"][0]["url"]: b"picture",
        by_type["screenshot"]["url"]: b"picture",
        f"{edge.url}/static/{result['screenshot']}": b"picture",
        f"{edge.url}/static/{result['files'][0]}": b"a,b",
    }
    for url, content in links.items():
        assert edge.stranger.get(url).content == content
    assert set(by_type["screenshot"]) == {"url", "kind", "batch_id"}
    assert set(by_type["item"]["evidence"][0]) == {"kind", "url", "sha256", "taken_at"}
    # And an item is told as in the result, where alone it says which version worked on it
    assert set(by_type["item"]) == set(ItemView.model_fields) - {"task_version"}
    assert result["screenshot"].endswith(f"/{task_id}/after.png")


def test_a_failed_task_ends_with_its_error_and_screenshot(
    edge: RunningEdge, author: TaskAuthor
) -> None:
    task_id = edge.assign()
    author.begin(task_id)
    author.keep_file(task_id, "error.png", b"picture", "image/png", kind=EvidenceKind.ERROR)
    author.fail(task_id, "The portal refused our password.", "login_refused")
    with edge.follow(task_id) as stream:
        messages, code = read_to_the_end(stream)
    data = messages[-1]["data"]
    assert (data["error"], data["code"]) == ("The portal refused our password.", "login_refused")
    assert edge.stranger.get(f"/static/{data['screenshot']}").content == b"picture"
    assert code == 1000
