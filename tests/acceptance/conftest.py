"""What the acceptance tests share: the public API of a running system, and its own oracle."""

from __future__ import annotations

import hashlib
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import psutil
import pytest
from sqlalchemy import select

from launcher.api_client import ApiClient
from launcher.process import Process
from launcher.system import PracticeSystem
from shared.config import load_settings
from shared.record import Record, events, slots, tasks, workers
from shared.record.slots import Slot
from shared.record.tables import claims
from shared.record.workers import BrowserRow, Worker

PATIENCE_SECONDS = 90.0
QUIET_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 0.5


class Deployment:
    """A running system, seen through its public API and the portal's truth."""

    def __init__(self, system: PracticeSystem) -> None:
        self.system = system
        self.api = ApiClient(system.api_url, system.api_key)
        self.record = Record(load_settings(database_url=system.database_url).database)
        # One for all requests, as each loads certificates; no connection outlives what it was to.
        self._http = httpx.Client(
            limits=httpx.Limits(max_keepalive_connections=0), timeout=30, trust_env=False
        )
        self._given: set[str] = set()

    def end(self) -> None:
        """Leave it and kill all of it. May be called twice."""
        self.api.__exit__()
        self._http.close()
        self.record.close()
        self.system.abandon()

    @property
    def parts(self) -> list[Process]:
        """Its processes, each after those it needs."""
        system = self.system
        return [system.redis, system.portal, *system.orchestrators, *system.workers]

    def recover(self) -> None:
        """Bring back what a test broke; fail if anybody then still has something in hand."""
        for part in self.parts:
            if part.running:
                part.thaw()
            else:
                part.start()
        self.ask_truth("PUT", "/faults", [])
        wait_for(self.is_quiet, QUIET_SECONDS)

    def is_quiet(self) -> bool:
        """True if all parts serve, nobody works or holds a claim, and no approval is to come."""
        if not all(part.running for part in self.parts) or self.health()["status"] != "ok":
            return False
        truth = self.system.truth()
        held = select(claims.c.key).where(claims.c.holder.is_not(None))
        with self.record.read() as connection:
            working = slots.live(connection) or connection.execute(held).first()
        return not (working or truth["late_requests"] or truth["late_moves"])

    def health(self) -> dict[str, Any]:
        """What the API says of its own state."""
        answer = self._http.get(f"{self.system.api_url}/health")
        return dict(answer.json())

    def task_types(self) -> dict[str, dict[str, Any]]:
        """What GET /tasks/ lists, by name."""
        key = {"x-api-key": self.system.api_key}
        answer = self._http.get(f"{self.system.api_url}/tasks/", headers=key)
        return {entry["name"]: entry for entry in answer.raise_for_status().json()}

    def save_task_file(self, name: str, text: str) -> None:
        """Save a file into TASKS_DIR, in one step."""
        folder = self.system.folder / "tasks"
        folder.mkdir(exist_ok=True)
        new = folder / f"{name}.new"
        new.write_text(text)
        new.replace(folder / name)

    # -- the portal's own word -----------------------------------------------------------------

    def ask_truth(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the portal's second port."""
        url = self.system.truth_url + path
        answer = self._http.request(method, url, json=body)
        return answer.raise_for_status().json()

    def batches(self) -> dict[str, dict[str, Any]]:
        """What really happened to each batch, by its id, in the order of the ids."""
        return {batch["id"]: batch for batch in self.ask_truth("GET", "/truth/batches")}

    def take_batches(self, count: int) -> list[str]:
        """Ids of pending batches that nobody has touched, and that nobody else is given."""
        fresh = [
            key
            for key, batch in self.batches().items()
            if batch["status"] == "Pending" and not batch["posts"] and key not in self._given
        ]
        assert len(fresh) >= count, "The portal has too few batches for all these tests."
        self._given.update(fresh[:count])
        return fresh[:count]

    def approvals(self, keys: Iterable[str]) -> int:
        """How often these batches were approved, whoever did it."""
        batches = self.batches()
        return sum(len(batches[key]["approvals"]) for key in keys)

    def approve_posts(self, keys: Iterable[str]) -> int:
        """How many requests to approve these batches arrived."""
        batches = self.batches()
        return sum(int(batches[key]["posts"]) for key in keys)

    # -- what is asked of it -------------------------------------------------------------------

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
        self._http.post(url, headers=headers).raise_for_status()

    def workers_in_the_record(self) -> list[Worker]:
        """Workers that serve, as far as the record knows."""
        with self.record.read() as connection:
            return workers.serving(connection)

    def browsers_in_the_record(self) -> list[BrowserRow]:
        """Browsers of this machine that run, as far as the record knows."""
        with self.record.read() as connection:
            return workers.browsers_on(connection, socket.gethostname())

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
        items = result["result"]["items"]
        batches = self.batches()
        for item in items:
            approvals = batches[item["key"]]["approvals"] if item["key"] in batches else []
            assert len(approvals) <= 1, item
            if item["status"] in ("approved", "already_approved"):
                assert approvals, item
            if item["status"] == "approved":
                self._assert_proved(item)
        return Counter(item["status"] for item in items)

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
    """Wait until something holds; fail after a deadline.

    Looks often at first, and less the longer it takes: looking costs who is looked at.
    """
    began = time.monotonic()
    while not reached():
        waited = time.monotonic() - began
        assert waited < seconds, "What was awaited did not come in time."
        time.sleep(min(LONGEST_PAUSE_SECONDS, 0.05 + waited / 20))


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
    with ExitStack() as started:

        def start(**options: Any) -> Deployment:
            deployment = Deployment(running_system(**options))
            started.callback(deployment.end)
            return deployment

        yield start


@pytest.fixture(scope="module")
def kept_deployments() -> Iterator[dict[str, Deployment]]:
    """The systems that the tests of a module share, by their options."""
    kept: dict[str, Deployment] = {}
    yield kept
    for deployment in kept.values():
        deployment.end()


@pytest.fixture
def share(
    shared_system: Callable[..., PracticeSystem], kept_deployments: dict[str, Deployment]
) -> Iterator[Callable[..., Deployment]]:
    """The system with these options that a module's tests share: `share(batches=40, ...)`.

    The first test that asks starts it. Each takes batches of its own and may break what it likes:
    afterwards all parts are brought back. Where that fails, so does the test, and the next one
    gets a new system; as it does when a test has closed it.
    """
    used: dict[str, Deployment] = {}

    def find(**options: Any) -> Deployment:
        name = repr(sorted(options.items()))
        if name not in kept_deployments:
            kept_deployments[name] = Deployment(shared_system(**options))
        return used.setdefault(name, kept_deployments[name])

    yield find
    for name, deployment in used.items():
        del kept_deployments[name]
        with ExitStack() as doomed:
            doomed.callback(deployment.end)
            if any(part.running for part in deployment.parts):
                deployment.recover()
                kept_deployments[name] = deployment
                doomed.pop_all()
