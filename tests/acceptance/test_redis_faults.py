"""Whatever happens to Redis: what was accepted is done, and every socket hears of it once.

It happens to one system, one fault after the other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import redis
from websockets.sync.client import connect

from launcher.redis_server import RedisServer
from launcher.system import PracticeSystem
from shared.contracts import TASK_QUEUE
from tests.acceptance.conftest import Deployment, assert_told_once, wait_for
from tests.acceptance.occupied_slot import seen_from_outside

pytestmark = pytest.mark.timeout(240)

LEAST_MEMORY = 1
UNLIMITED = 0
CUTS = 5


class Fault:
    """Something that happens to Redis, and its end."""

    noticed = "doorbell not taken"
    """What the dispatcher's log says meanwhile; empty where it may notice nothing."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server

    fetched_meanwhile = False
    """Whether workers that become idle fetch doorbells while it lasts."""

    def begin(self) -> None:
        """Let it happen."""

    def end(self) -> None:
        """Let it be over."""


class Killed(Fault):
    """kill -9; the append-only file remembers."""

    def begin(self) -> None:
        self.server.kill()

    def end(self) -> None:
        self.server.start()


class Stopped(Killed):
    """Ended in its own way, and away for a while."""

    def begin(self) -> None:
        self.server.stop()


class Frozen(Fault):
    """SIGSTOP: connections stay open, and nobody answers."""

    def begin(self) -> None:
        self.server.freeze()

    def end(self) -> None:
        self.server.thaw()


class Emptied(Fault):
    """All keys gone at once, doorbells among them."""

    noticed = ""

    def begin(self) -> None:
        administer(self.server, lambda client: client.flushall())


class OutOfMemory(Fault):
    """Reads are answered, writes refused: of a doorbell fetched kombu cannot note that it was."""

    fetched_meanwhile = True

    def begin(self) -> None:
        administer(self.server, lambda client: client.config_set("maxmemory", LEAST_MEMORY))

    def end(self) -> None:
        administer(self.server, lambda client: client.config_set("maxmemory", UNLIMITED))


class CutOff(Fault):
    """Every connection closed, and every new one too, several times."""

    noticed = ""

    def begin(self) -> None:
        for _ in range(CUTS):
            administer(self.server, cut_everyone)

    def end(self) -> None:
        self.begin()


FAULTS = (Killed, Stopped, Frozen, Emptied, OutOfMemory, CutOff)


def administer(server: RedisServer, work: Callable[[Any], object]) -> None:
    with redis.Redis.from_url(server.url) as client:
        work(client)


def cut_everyone(client: Any) -> None:
    for kind in ("normal", "pubsub"):
        client.client_kill_filter(_type=kind, skipme=True)


def doorbells_in_line(server: RedisServer) -> int:
    with redis.Redis.from_url(server.url) as client:
        count: Any = client.llen(TASK_QUEUE)
    return int(count)


def everything_told(here: Deployment, task_id: str) -> list[dict[str, Any]]:
    """All that one socket, opened once and never again, hears of a task until it is final."""
    with connect(here.api.status(task_id)["ws_url"], proxy=None, max_size=None) as socket:
        return [json.loads(message) for message in socket]


@pytest.fixture(scope="module")
def here(shared_system: Callable[..., PracticeSystem]) -> Iterator[Deployment]:
    """Two workers."""
    with seen_from_outside(shared_system(batches=1, workers=2)) as deployment:
        yield deployment


def log_of(here: Deployment) -> str:
    """Everything that services have logged so far."""
    return (here.system.folder / "logs" / "automation.log").read_text()


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.__name__)
def test_what_was_accepted_is_done_and_every_event_is_heard_once(
    here: Deployment, kind: type[Fault]
) -> None:
    # Given two workers at a task that somebody follows, and doorbells in line
    logged_before = len(log_of(here))
    fault = kind(here.system.redis)
    with ThreadPoolExecutor(1) as thread:
        given = [here.practise(steps=20, seconds=10)]
        heard: Future[list[dict[str, Any]]] = thread.submit(everything_told, here, given[0])
        wait_for(lambda: len(here.at_work(given[0])) == 2)
        given += [here.practise(steps=2) for _ in range(3)]

        # When it happens, and tasks are given meanwhile
        fault.begin()
        given += [here.practise(steps=2) for _ in range(3)]
        if fault.noticed:
            wait_for(lambda: fault.noticed in log_of(here)[logged_before:])
        if fault.fetched_meanwhile:
            here.finish(given[0])
            wait_for(lambda: doorbells_in_line(here.system.redis) == 0)
        fault.end()
        given += [here.practise(steps=2)]

        # Then all are done, every item once
        for task_id in given:
            result = here.finish(task_id)
            assert result["state"] == "completed"
            assert {item["status"] for item in result["result"]["items"]} == {"done"}
            assert {item["attempts"] for item in result["result"]["items"]} == {1}

        # And everyone hears of everything once, whether he listened all along or asks now
        told = heard.result(60)
    assert_told_once(told)
    assert len(told) == here.events_of(given[0])
    for task_id in given[1:]:
        assert_told_once(everything_told(here, task_id))
    assert all(worker.running for worker in here.system.workers)
