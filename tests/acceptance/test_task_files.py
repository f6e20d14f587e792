"""A task type saved as a file into a system that runs: found, changed, refused, removed."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.logging_config import LOG_FILE
from tests.acceptance.conftest import Deployment, wait_for

pytestmark = pytest.mark.timeout(180)

TASK = """
from pathlib import Path

from worker_service.params import TaskParams
from worker_service.simple_task import simple_task
from worker_service.work import Work


class Params(TaskParams):
    gate: str


@simple_task(
    name="NAME", title="Wait", description="Waits for a file.", side_effect="none", queue="QUEUE"
)
def work(context: Work, params: Params) -> dict[str, str]:
    context.log("begun")
    while not Path(params.gate).exists():
        context.wait(0.2)
    return {"said": "SAID"}
"""


class Author:
    """Somebody who saves a task file of their own into the running system."""

    def __init__(self, here: Deployment, name: str, gates: Path) -> None:
        self.here = here
        self.name = name
        self._gates = gates
        self.path = here.system.folder / "tasks" / f"{name}.py"

    def save(self, said: str, queue: str = "default") -> str:
        """Save the file so that its task says this; its version, once every worker offers it."""
        before = self.entry(self.name).get("version")
        self.write(self.text(said, queue))
        wait_for(lambda: self.entry(self.name).get("version") not in (None, before))
        version = self.entry(self.name)["version"]
        wait_for(lambda: all(offered == version for offered in self.offered()))
        return str(version)

    def write(self, text: str) -> None:
        """Save the file in one step."""
        self.here.save_task_file(self.path.name, text)

    def text(self, said: str, queue: str = "default") -> str:
        """A file whose task says this."""
        return TASK.replace("NAME", self.name).replace("SAID", said).replace("QUEUE", queue)

    def offered(self) -> list[str | None]:
        """The version that each worker offers."""
        workers = self.here.workers_in_the_record()
        return [(worker.versions.get(self.name) or "")[:12] or None for worker in workers]

    def entry(self, name: str) -> dict[str, Any]:
        """What GET /tasks/ lists by this name; empty if nothing."""
        return self.here.task_types().get(name, {})

    def begin(self, gate: str) -> str:
        """Ask for a task, and wait until it works, up to its gate."""
        task_id = self.assign(gate)
        self.here.until(task_id, lambda event: event["data"].get("message") == "begun")
        return task_id

    def assign(self, gate: str) -> str:
        """Ask for a task that waits at this gate."""
        return self.here.api.assign(self.name, {"gate": str(self._gates / gate)})

    def open(self, gate: str) -> None:
        """Let tasks through."""
        (self._gates / gate).touch()

    def result(self, task_id: str) -> tuple[str, str, str]:
        """What a task said, the version that planned it, and the one that worked on it."""
        result = self.here.finish(task_id)
        (item,) = result["result"]["items"]
        return item["details"]["said"], result["task_version"], item["task_version"]

    def kill_who_works_on(self, task_id: str) -> None:
        """End the process that has the task in hand."""
        (slot,) = self.here.at_work(task_id)
        assert slot.pid is not None
        os.kill(slot.pid, signal.SIGKILL)

    def logged(self, event: str) -> int:
        """How often the workers logged something about the file."""
        logs = (self.here.system.folder / "logs").glob(f"{LOG_FILE}*")
        lines = [line for path in logs for line in path.read_text().splitlines()]
        return sum(f'"{event}"' in line and self.path.name in line for line in lines)


@pytest.fixture
def author(share: Callable[..., Deployment], tmp_path: Path) -> Iterator[Author]:
    """An author with a file of their own, on a system of two workers with a slot each."""
    here = share(batches=1, workers=2)
    author = Author(here, f"wait_{tmp_path.name}", tmp_path)
    yield author
    author.path.unlink(missing_ok=True)


def test_a_running_task_ends_on_the_version_it_began_with_and_the_next_runs_the_new_one(
    author: Author,
) -> None:
    # Given a file saved while everything runs, and a task of it at work in each slot
    children = {child.pid for child in author.here.pool_children()}
    old = author.save("old")
    assert author.entry(author.name)["params"][0]["name"] == "gate"
    running = [author.begin("old"), author.begin("old")]
    # When the file changes, and another task is asked for
    new = author.save("new")
    waiting = author.assign("new")
    author.open("new")
    author.open("old")
    # Then who began ends on what it began with, and the next runs what is there now
    assert [author.result(task_id) for task_id in running] == [("old", old, old)] * 2
    assert author.result(waiting) == ("new", new, new)
    # And no process ended for it
    assert {child.pid for child in author.here.pool_children()} == children
    # And the signed manifest names the version with its whole hash
    manifest = author.here.system.results / running[0] / "manifest.json"
    wait_for(manifest.exists)
    told = json.loads(manifest.read_text())
    (item,) = told["items"]
    code = item["worked_by"]["task_code"]
    assert (code["name"], code["version"]) == (author.name, old)
    assert told["task"]["task_version"] == code["sha256"]
    assert len(code["sha256"]) == 64


def test_a_worker_that_dies_leaves_its_task_to_another_on_the_same_version(author: Author) -> None:
    # Given a task that began on one version, and a file that has another one now
    old = author.save("old")
    task_id = author.begin("gate")
    author.save("new")
    # When the process at work on it is killed
    author.kill_who_works_on(task_id)
    author.open("gate")
    # Then whoever takes it over runs what it began with
    assert author.result(task_id) == ("old", old, old)


def test_a_removed_file_is_offered_no_more_and_what_it_began_is_ended(author: Author) -> None:
    # Given a task at work
    version = author.save("all")
    task_id = author.begin("gate")
    # When its file is removed
    author.path.unlink()
    wait_for(lambda: author.entry(author.name)["available"] is False)
    # Then the listing and the status of another task, which is taken and waits, say why
    reason = author.entry(author.name)["reason"]
    assert reason == f"Its file {author.path.name} was removed from TASKS_DIR."
    waiting = author.assign("again")
    assert reason in author.here.api.status(waiting)["note"]
    # And what was begun is ended, even if it has to be begun again
    author.kill_who_works_on(task_id)
    author.open("gate")
    assert author.result(task_id) == ("all", version, version)
    # And the file can come back, to what waits for it
    author.save("again")
    author.open("again")
    assert author.result(waiting)[0] == "again"


@pytest.fixture
def apart(author: Author, tmp_path: Path) -> Iterator[Path]:
    """A folder that the second worker has for a TASKS_DIR meanwhile."""
    _, second = author.here.system.workers
    usual, folder = second.environment["TASKS_DIR"], tmp_path / "apart"
    folder.mkdir()
    for place in (str(folder), usual):
        second.stop(timeout=30)
        second.environment["TASKS_DIR"] = place
        second.start()
        if place != usual:
            yield folder


def test_workers_with_folders_of_their_own_lose_nothing_between_them(
    author: Author, apart: Path
) -> None:
    # Given a file that one worker has, and the other one has under its name what is none
    first, _ = author.here.system.workers
    (apart / author.path.name).write_text("def broken(:")
    author.write(author.text("one"))
    wait_for(lambda: bool(author.entry(author.name)) and bool(author.entry(author.path.name)))
    # Then it is listed as available, and who refuses it is told apart
    entry = author.entry(author.name)
    assert (entry["available"], entry["reason"]) == (True, None)
    assert author.entry(author.path.name)["reason"].endswith("1 of 2 workers refuses it.")
    # When tasks of it are asked for, whoever is rung
    author.open("gate")
    asked = [author.assign("gate") for _ in range(4)]
    # Then nobody waits for anything, and all are done
    assert author.here.api.status(asked[-1])["note"] is None
    version = entry["version"]
    assert [author.result(task_id) for task_id in asked] == [("one", version, version)] * 4
    # When the file goes while its worker is away
    first.stop(timeout=30)
    author.path.unlink()
    first.start()
    # Then the listing and the status of what waits say so
    gone = f"Its file {author.path.name} is not in TASKS_DIR."
    wait_for(lambda: author.entry(author.name)["reason"] == gone)
    assert author.entry(author.name)["available"] is False
    waiting = author.assign("gate")
    assert gone in author.here.api.status(waiting)["note"]
    # And it is done as soon as the file is back
    author.write(author.text("again"))
    assert author.result(waiting)[0] == "again"


def test_a_file_may_name_a_queue_that_running_workers_have_never_heard_on(author: Author) -> None:
    # Given a file of the default queue, which both workers have served
    author.open("gate")
    author.save("by day")
    assert author.result(author.assign("gate"))[0] == "by day"
    # When it is saved with a queue of its own
    author.save("by night", queue="night")
    assert author.entry(author.name)["queue"] == "night"
    # Then its doorbells are heard there, by whoever runs already
    children = {child.pid for child in author.here.pool_children()}
    assert author.result(author.assign("gate"))[0] == "by night"
    assert {child.pid for child in author.here.pool_children()} == children


def test_a_file_that_breaks_is_refused_once_and_what_was_there_goes_on(author: Author) -> None:
    # Given a file that is offered
    version = author.save("sound")
    author.open("gate")
    # When it is saved with a fault
    author.write("def broken(:")
    wait_for(lambda: bool(author.entry(author.path.name)))
    # Then the listing shows file and reason, beside the version that serves
    refused = author.entry(author.path.name)
    assert (refused["available"], refused["params"]) == (False, [])
    assert "line 1: SyntaxError" in refused["reason"]
    assert f"Version {version} of it keeps serving." in refused["reason"]
    entry = author.entry(author.name)
    assert (entry["available"], entry["reason"], entry["version"]) == (True, None, version)
    assert author.result(author.assign("gate")) == ("sound", version, version)
    # And each worker logged it once
    wait_for(lambda: author.logged("task file refused") == 2)
    # And a mended file is no longer refused
    author.save("mended")
    wait_for(lambda: not author.entry(author.path.name))
    assert author.result(author.assign("gate"))[0] == "mended"
    assert author.logged("task file refused") == 2
