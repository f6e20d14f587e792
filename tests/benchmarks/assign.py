"""POST /assign-task/ against the FastAPI + Celery application that every tutorial shows."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import quantiles

import httpx

from launcher.inheritance import practice_environment
from launcher.process import Process, stop_all
from launcher.redis_server import RedisServer, free_port
from launcher.system import PracticeSystem
from tests.benchmarks.comparison import BenchmarkBrokenError, Comparison, Tell, in_turn
from tests.benchmarks.load import Load, send

TITLE = "POST /assign-task/ against the tutorial's application"
GOAL = 1.0
UNIT = "answers/s"
ROUNDS = 5
REQUESTS_A_TURN = 300
CONNECTIONS = 16
WARM_UP = 100
REST_SECONDS = 120.0
BODY = json.dumps({"task_type": "test_task", "params": {"duration": 0, "steps": 1}})
APPLICATION = "tests.benchmarks.tutorial_api"


def compare(rounds: int, tell: Tell) -> Comparison:
    """One process each answers and one slot each works; both rest before the other's turn."""
    with PracticeSystem(batches=1) as system, tutorial_application(system) as tutorial:
        ours = Assigning(system.api_url, {"x-api-key": system.api_key})
        reference = Assigning(tutorial, {})

        def measure_ours(requests: int = REQUESTS_A_TURN) -> float:
            speed = ours.measure(requests)
            _wait(lambda: _unfinished(system) == 0)
            return speed

        def measure_reference(requests: int = REQUESTS_A_TURN) -> float:
            speed = reference.measure(requests)
            last = httpx.post(f"{tutorial}/assign-task/", json=json.loads(BODY), trust_env=False)
            task = last.json()["task_id"]  # its one slot takes tasks in turn
            _wait(lambda: _tutorial_state(tutorial, task) == "SUCCESS")
            return speed

        measure_ours(WARM_UP)
        measure_reference(WARM_UP)
        ours.latencies.clear()
        reference.latencies.clear()
        pairs = in_turn(rounds, measure_ours, measure_reference, UNIT, tell)
    notes = [f"ours: {_spread(ours.latencies)}", f"tutorial: {_spread(reference.latencies)}"]
    return Comparison(TITLE, GOAL, UNIT, pairs, notes)


class Assigning:
    """The same load on one of the two applications, again and again."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        """`latencies` collects how long each answer took, in seconds."""
        self._url = url
        self._headers = headers
        self.latencies: list[float] = []

    def measure(self, requests: int) -> float:
        """Answers a second. Raises BenchmarkBrokenError if a task is not accepted."""
        load = Load(f"{self._url}/assign-task/", self._headers, BODY, requests, CONNECTIONS)
        answered = send(load)
        self.latencies += answered.latencies
        return requests / answered.seconds


@contextmanager
def tutorial_application(system: PracticeSystem) -> Iterator[str]:
    """The tutorial's application with a Redis and a Celery worker of its own; gives its URL."""
    folder = system.folder / "tutorial"
    environment = practice_environment(system.folder, system.folder.parent)
    redis = RedisServer(folder / "redis", log=folder / "redis.log", environment=environment)
    port = free_port()
    commands = {
        "api": ["uvicorn", f"{APPLICATION}:app", "--port", str(port)],
        "worker": ["celery", "-A", f"{APPLICATION}.celery", "worker", "--concurrency", "1"],
    }
    started: list[Process] = []
    try:
        redis.start_on_a_free_port()
        for name, command in commands.items():
            process = Process(
                f"the tutorial's {name}",
                [sys.executable, "-m", *command],
                log=folder / f"{name}.log",
                environment={**environment, "REDIS_URL": redis.url},
                # The worker shows that it is there by what it does while warming up.
                is_ready=lambda _: _answers(port),
            )
            started.append(process)
            process.start()
        yield f"http://127.0.0.1:{port}"
    finally:
        stop_all(started)
        redis.stop()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _unfinished(system: PracticeSystem) -> int:
    """How many of our tasks are not over."""
    waiting = 0
    for state in ("pending", "running"):
        answer = httpx.get(
            f"{system.api_url}/tasks/history",
            params={"state": state, "limit": 1},
            headers={"x-api-key": system.api_key},
            trust_env=False,
        )
        waiting += int(answer.raise_for_status().headers["X-Total-Count"])
    return waiting


def _tutorial_state(url: str, task: str) -> str:
    answer = httpx.get(f"{url}/status/{task}", trust_env=False)
    return str(answer.raise_for_status().json()["status"])


def _wait(is_over: Callable[[], bool]) -> None:
    deadline = time.monotonic() + REST_SECONDS
    while not is_over():
        if time.monotonic() > deadline:
            raise BenchmarkBrokenError(f"accepted tasks are not done after {REST_SECONDS:.0f} s")
        time.sleep(0.2)


def _spread(latencies: Sequence[float]) -> str:
    steps = quantiles(latencies, n=100)
    half, nearly_all = steps[49] * 1000, steps[98] * 1000
    return f"half of the answers within {half:.0f} ms, 99 % within {nearly_all:.0f} ms"
