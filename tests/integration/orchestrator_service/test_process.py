"""The orchestrator as a process: its start, its end, and several beside each other."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from launcher.environment import ROOT
from launcher.process import STOP_SECONDS, wait_until_ready
from launcher.redis_server import RedisServer
from shared.record import Record, migrate
from tests.integration.orchestrator_service.orchestrator_process import OrchestratorProcess
from tests.integration.orchestrator_service.task_author import TEST_TASK, TaskAuthor

Orchestrate = Callable[..., OrchestratorProcess]


@pytest.fixture
def orchestrator(tmp_path: Path, redis_url: str, database_url: str) -> Iterator[Orchestrate]:
    """Make orchestrators, not started yet, that share one folder."""
    with ExitStack() as made:

        def make(**settings: str) -> OrchestratorProcess:
            settings = {"REDIS_URL": redis_url, "DATABASE_URL": database_url, **settings}
            process = OrchestratorProcess(tmp_path, **settings)
            made.callback(process.stop)
            return process

        yield make


@pytest.fixture
def author(tmp_path: Path, redis_url: str, database_url: str) -> Iterator[TaskAuthor]:
    """Writes into the record that the orchestrators share."""
    record = Record(database_url)
    migrate(record)
    writer = TaskAuthor(record, tmp_path / "results", redis_url)
    writer.announce(TEST_TASK)
    yield writer
    writer.close()
    record.close()


def test_a_first_start_makes_the_keys_and_prints_the_api_key_once(
    orchestrator: Orchestrate, tmp_path: Path
) -> None:
    # When an orchestrator starts for the first time, and once more
    first = orchestrator()
    first.start()
    key = (tmp_path / "data" / "api_key").read_text().strip()
    with first.client() as client:
        assert client.get("/tasks/").status_code == 200
    first.stop()
    second = orchestrator()
    second.start()
    # Then the key is kept, readable by its owner only, and was printed the first time only
    assert (tmp_path / "data" / "api_key").read_text().strip() == key
    assert first.said.count(f"(kept in {tmp_path}/data/api_key): {key}") == 1
    assert first.said.count(key) == 1
    assert key not in second.said
    for name in ("api_key", "secret_key", "evidence_key"):
        assert (tmp_path / "data" / name).stat().st_mode & 0o777 == 0o600
    assert key not in (tmp_path / "logs" / "automation.log").read_text()


def test_it_starts_from_its_own_folder_too_and_uses_keys_that_are_set_instead_of_making_some(
    orchestrator: Orchestrate, tmp_path: Path
) -> None:
    process = orchestrator(API_KEY="chosen by us", SECRET_KEY="also chosen")
    folder = ROOT / "orchestrator_service"
    process.command = ["/bin/sh", "-c", f"cd '{folder}' && exec '{sys.executable}' main.py"]
    process.start()
    key = {"x-api-key": "chosen by us"}
    answer = httpx.get(f"{process.url}/tasks/", headers=key, trust_env=False, verify=False)
    assert answer.status_code == 200
    assert not (tmp_path / "data" / "api_key").exists()
    assert not (tmp_path / "data" / "secret_key").exists()


def test_two_orchestrators_on_one_record_are_one_service(
    orchestrator: Orchestrate, author: TaskAuthor, tmp_path: Path
) -> None:
    # Given two orchestrators that start at once
    pair = [orchestrator(), orchestrator()]
    for process in pair:
        process.launch()
    wait_until_ready(pair)
    with pair[0].client() as one, pair[1].client() as other:
        # When the same request reaches both many times at once, with one key
        def assign(number: int) -> Any:
            return (one, other)[number % 2].post(
                "/assign-task/",
                json={"task_type": "test_task", "params": {"steps": 2}},
                headers={"Idempotency-Key": "only once"},
            )

        with ThreadPoolExecutor(16) as threads:
            answers = list(threads.map(assign, range(32)))
        # Then there is one task, and one answer was not a replay
        assert {answer.status_code for answer in answers} == {200}
        task_ids = {answer.json()["task_id"] for answer in answers}
        assert len(task_ids) == 1
        assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
        # And what is given at one is followed at the other, with either's links
        (task_id,) = task_ids
        author.begin(task_id)
        author.complete(task_id)
        here = one.get(f"/status/{task_id}").json()["ws_url"]
        there = here.replace(pair[0].url.removeprefix("http"), pair[1].url.removeprefix("http"))
        assert there != here
        with connect(there, proxy=None) as stream:
            told = [json.loads(message)["id"] for message in stream]
        assert told == [1, 2, 3, 4]
    # And the shared file names the one that was first, until it goes
    shared = json.loads((tmp_path / "data" / "orchestrator.json").read_text())
    assert shared["pid"] in (pair[0].pid, pair[1].pid)
    for process in pair:
        process.stop()
    assert list((tmp_path / "data").glob("orchestrator*.json")) == []


def test_a_taken_port_is_one_clear_line(orchestrator: Orchestrate) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = orchestrator(FASTAPI_PORT=str(port))
        process.launch()
        process.wait(60)
    assert process.exit_status == 1
    assert f"orchestrator: cannot listen on 127.0.0.1:{port}: " in process.said
    assert "Traceback" not in process.said


def test_a_wrong_setting_is_one_clear_line(orchestrator: Orchestrate) -> None:
    process = orchestrator(FASTAPI_PORT="eighty")
    process.launch()
    process.wait(60)
    assert process.exit_status == 2
    assert process.said.startswith("orchestrator: FASTAPI_PORT is 'eighty': ")
    assert process.said.count("\n") == 1


def test_a_record_that_cannot_be_opened_is_one_clear_line(orchestrator: Orchestrate) -> None:
    process = orchestrator(DATABASE_URL="sqlite:////proc/nowhere/record.sqlite3")
    process.launch()
    process.wait(60)
    assert process.exit_status == 1
    assert "orchestrator: cannot start: DATABASE_URL: " in process.said
    assert "Traceback" not in process.said
    # And the key is not made before it can be shown
    assert not (process.data / "api_key").exists()


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_ends_promptly_and_sends_its_sockets_away(
    orchestrator: Orchestrate, author: TaskAuthor, sent: signal.Signals, status: int
) -> None:
    # Given an orchestrator with a socket open and a connection that says nothing
    process = orchestrator()
    process.start()
    with process.client() as client:
        body = {"task_type": "test_task"}
        task_id = client.post("/assign-task/", json=body).json()["task_id"]
        url = client.get(f"/status/{task_id}").json()["ws_url"]
        host, _, port = process.url.removeprefix("http://").partition(":")
        with connect(url, proxy=None) as stream, socket.create_connection((host, int(port))):
            stream.recv(timeout=30)
            # When it is told to end
            os.kill(process.pid, sent)
            # Then the socket is asked to come back later, and the process is gone
            with pytest.raises(ConnectionClosed) as closed:
                stream.recv(timeout=30)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1013
            process.wait(30)
    assert process.exit_status == status
    assert "Traceback" not in process.said


def test_it_takes_tasks_and_ends_while_redis_is_frozen(
    orchestrator: Orchestrate, author: TaskAuthor, tmp_path: Path
) -> None:
    # Given a Redis that answers nobody, and a worker that the dispatcher wants to ring
    environment = {"PATH": os.environ["PATH"]}
    redis = RedisServer(tmp_path / "redis", log=tmp_path / "redis.log", environment=environment)
    try:
        redis.start_on_a_free_port()
        process = orchestrator(REDIS_URL=redis.url)
        process.start()
        author.start_worker("test_task")
        redis.freeze()
        with process.client() as client:
            # When tasks are given
            for _ in range(5):
                assert client.post("/assign-task/", json={"task_type": "test_task"}).is_success
            # Then they are accepted, health says what is missing
            health = client.get("/health").json()
            assert (health["status"], health["redis_status"]) == ("degraded", "disconnected")
        # And the orchestrator ends when it is told to, sooner than a supervisor loses patience
        process.terminate()
        process.wait(STOP_SECONDS)
        assert process.exit_status == 0
    finally:
        redis.kill()
