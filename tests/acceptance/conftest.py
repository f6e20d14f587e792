"""What the acceptance tests share: the public API of a running system, and its own oracle."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psutil
import pytest

from launcher.api_client import ApiClient
from launcher.system import PracticeSystem
from shared.config import load_settings
from shared.record import Record, events, slots, tasks, workers
from shared.record.slots import Slot
from shared.record.workers import Worker

PATIENCE_SECONDS = 90.0


class Deployment:
    """A running system, seen through its public API and the portal's truth."""

    def __init__(self, system: PracticeSystem) -> None:
        self.system = system
        self.api = ApiClient(system.api_url, system.api_key)
        self.record = Record(load_settings(database_url=system.database_url).database)

    def approve(self, **params: Any) -> str:
        """Ask for approvals; the task's id."""
        return self.api.assign("approve_batches", params)

    def until(self, task_id: str, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Follow the task live until an event fits; that event."""
        for event in self.api.follow(task_id, self.system.check):
            if reached(event):
                return event
        raise AssertionError("The task ended before the awaited event came.")

    def practise(self, steps: int = 1, seconds: float = 0) -> str:
        """Ask for a task without a browser that takes so many seconds in all; its id."""
        return self.api.assign("test_task", {"steps": steps, "duration": seconds})

    def cancel(self, task_id: str) -> None:
        """Ask for a task to be cancelled."""
        url = f"{self.system.api_url}/cancel/{task_id}"
        headers = {"x-api-key": self.system.api_key}
        httpx.post(url, headers=headers, timeout=30, trust_env=False).raise_for_status()

    def workers_in_the_record(self) -> list[Worker]:
        """Workers that serve, as far as the record knows."""
        with self.record.read() as connection:
            return workers.serving(connection)

    def done_items(self, task_id: str) -> int:
        """How many items of a task have their outcome."""
        with self.record.read() as connection:
            task = tasks.get(connection, task_id)
        assert task is not None
        return task.finished

    def events_of(self, task_id: str) -> int:
        """How many events the record holds of a task."""
        with self.record.read() as connection:
            return events.last_numbers(connection, [task_id])[task_id]

    def at_work(self, task_id: str) -> list[Slot]:
        """The slots that have the task in hand right now."""
        with self.record.read() as connection:
            return [slot for slot in slots.live(connection) if slot.task_id == task_id]

    def finish(self, task_id: str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """Wait until the task is final; its result with all items."""
        final = ("completed", "failed", "cancelled")
        wait_for(lambda: self.api.status(task_id)["state"] in final, seconds)
        return self.api.result(task_id)

    def pool_children(self) -> list[psutil.Process]:
        """The processes that do the work of the first worker."""
        return psutil.Process(self.system.workers[0].pid).children()

    def browser_processes(self) -> list[psutil.Process]:
        """Processes of browsers that this system's workers started."""
        mark = str(self.system.folder / "data" / "browsers")
        return [p for p in psutil.process_iter() if mark in " ".join(_command(p))]

    def assert_true(self, result: dict[str, Any]) -> Counter[str]:
        """Hold the result against the portal's own count; how many items ended how.

        Nothing approved twice, nothing reported approved that is not, and evidence that matches.
        """
        truth = self.system.portal.truth()
        assert truth["double_approved"] == 0
        words = Counter(item["status"] for item in result["result"]["items"])
        for item in result["result"]["items"]:
            if item["status"] == "approved":
                self._assert_proved(item)
        return words

    def _assert_proved(self, item: dict[str, Any]) -> None:
        kinds = [piece["kind"] for piece in item["evidence"]]
        assert "before" in kinds, item
        assert "after" in kinds, item
        for piece in item["evidence"]:
            path = self.system.results / piece["url"].split("/static/", 1)[1].split("/", 1)[1]
            assert hashlib.sha256(path.read_bytes()).hexdigest() == piece["sha256"]


def assert_told_once(told: list[dict[str, Any]]) -> None:
    """Hold the whole history of a task against what the stream promises."""
    assert [event["id"] for event in told] == list(range(1, len(told) + 1))
    final = [number for number, e in enumerate(told) if e["type"] in ("completed", "failed")]
    assert final == [len(told) - 1]
    progress = [event["data"]["progress"] for event in told if event["type"] == "progress"]
    assert progress == sorted(progress)
    keys = [event["data"]["key"] for event in told if event["type"] == "item"]
    assert len(keys) == len(set(keys))


def wait_for(reached: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until something holds, looking often; fail after a deadline."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "What was awaited did not come in time."
        time.sleep(0.05)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture
def deploy(
    running_system: Callable[..., PracticeSystem],
) -> Iterator[Callable[..., Deployment]]:
    """Start a system and look at it from outside: `deploy(batches=3, workers=2, ...)`."""
    deployments: list[Deployment] = []

    def start(**options: Any) -> Deployment:
        deployments.append(Deployment(running_system(**options)))
        return deployments[-1]

    yield start
    for deployment in deployments:
        deployment.api.__exit__()
        deployment.record.close()
