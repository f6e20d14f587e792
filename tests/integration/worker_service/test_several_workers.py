"""Workers that do not have the same task files: what each leaves to another, and to which."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.record import Record, events, migrate, tables, task_types, tasks
from shared.record.tasks import Task
from shared.task_state import TaskState
from shared.utils import new_id, utc_now
from tests.integration.worker_service.branch import Branch

GREET = """
import os

from shared.errors import ApplicationError
from worker_service.params import TaskParams
from worker_service.simple_task import simple_task
from worker_service.work import Work

if os.environ.get("GREETINGS") == "unknown":
    raise RuntimeError("no greetings here")


class Params(TaskParams):
    text: str
    FIELD


@simple_task(name="greet", title="Greet", description="Greets.", side_effect="none")
def greet(context: Work, params: Params) -> str:
    if context.attempt == 1 and params.text == "stumble":
        raise ApplicationError("A stone.")
    return "SAID"
"""

NOT_HERE = "not offered here"


def greeting(said: str, field: str = "") -> str:
    """A file whose task type says this, and perhaps takes one field more."""
    return GREET.replace("SAID", said).replace("FIELD", field)


class Counter:
    """Where tasks are asked for, and what the record tells of them."""

    def __init__(self, record: Record) -> None:
        self.record = record

    def accept(self, **params: Any) -> str:
        """Accept a task; its id."""
        wanted = Task(
            id=new_id(),
            task_type="greet",
            params=params,
            state=TaskState.PENDING,
            caller="default",
            created_at=utc_now(),
        )
        with self.record.write() as connection:
            tasks.insert(connection, wanted)
        return wanted.id

    def task(self, task_id: str) -> Task:
        """The task as it stands."""
        with self.record.read() as connection:
            found = tasks.get(connection, task_id)
        assert found is not None
        return found

    def said(self, task_id: str) -> str:
        """What the task said in the end."""
        with self.record.read() as connection:
            told = events.after(connection, task_id, 0, 1000)
        return next(str(one.data["detail"]) for one in told if one.type.value == "item")

    def code(self, task_id: str) -> str:
        """The code of the error that the task ended with."""
        with self.record.read() as connection:
            return str(events.after(connection, task_id, 0, 1000)[-1].data["code"])

    def make_due(self, task_id: str) -> None:
        """Let what is to be tried again be tried now."""
        with self.record.write() as connection:
            mine = tables.items.c.task_id == task_id
            connection.execute(tables.items.update().where(mine).values(delay=None))

    def listed(self) -> task_types.TaskType:
        """The task type as it is listed."""
        with self.record.read() as connection:
            found = task_types.get(connection, "greet")
        assert found is not None
        return found


@pytest.fixture
def counter(database_url: str) -> Iterator[Counter]:
    record = Record(database_url)
    migrate(record)
    yield Counter(record)
    record.close()


@pytest.fixture
def branch(counter: Counter, tmp_path: Path) -> Iterator[Callable[..., Branch]]:
    """Open a branch: `branch("north", tasks="tasks", data="data")`, in folders of these names."""
    opened: list[Branch] = []

    def start(name: str, tasks: str = "tasks", data: str = "data") -> Branch:
        new = Branch(name, counter.record, tmp_path / tasks, tmp_path / data).open()
        opened.append(new)
        return new

    yield start
    for one in opened:
        one.close()


def test_what_was_begun_is_left_to_a_worker_that_can_load_it(
    counter: Counter, branch: Callable[..., Branch], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a file in one folder for two workers, of which the second one has not what it imports
    north, south = branch("north"), branch("south")
    north.save(greeting("hello"))
    north.look_until(lambda: north.offers() is not None)
    monkeypatch.setenv("GREETINGS", "unknown")
    south.look_until(lambda: bool(south.known().refused))
    # And a task that the first one began, and that is to be tried again
    monkeypatch.delenv("GREETINGS")
    task_id = counter.accept(text="stumble")
    assert north.serve(task_id) == "running"
    # When the second one gets the doorbell, before and after it has tried what it was begun with
    monkeypatch.setenv("GREETINGS", "unknown")
    assert south.serve(task_id) == NOT_HERE
    south.look_until(lambda: bool(south.known().finishing))
    # Then it leaves the task alone, whether or not the first one is there
    assert south.known().serves == set()
    assert south.serve(task_id) == NOT_HERE
    north.close()
    assert south.serve(task_id) == NOT_HERE
    assert counter.task(task_id).state is TaskState.RUNNING


def test_a_task_runs_on_the_version_that_its_params_were_checked_by(
    counter: Counter, branch: Callable[..., Branch]
) -> None:
    # Given two workers with folders of their own, and another content of one file in each
    north, south = branch("north", "n", "n-data"), branch("south", "s", "s-data")
    north.save(greeting("hello"))
    north.look_until(lambda: north.offers() is not None)
    south.save(greeting("good day", field="tone: str"))
    south.look_until(lambda: south.offers() is not None)
    assert "tone" in counter.listed().params_schema["properties"]
    # When the first one gets the doorbell of a task that was checked by the second one's
    task_id = counter.accept(text="friend", tone="low")
    # Then it leaves the task to the second one
    assert north.serve(task_id) == NOT_HERE
    assert counter.task(task_id).state is TaskState.PENDING
    assert south.serve(task_id) == "completed"
    assert counter.said(task_id) == "good day"
    # And once that has left, what is listed is what the first one runs
    south.close()
    north.look_until(lambda: counter.listed().sha256 == north.offers())
    task_id = counter.accept(text="friend")
    assert north.serve(task_id) == "completed"
    assert counter.said(task_id) == "hello"


def test_what_another_worker_began_is_left_to_it_while_it_lives(
    counter: Counter, branch: Callable[..., Branch]
) -> None:
    north, south = branch("north", "n", "n-data"), branch("south", "s", "s-data")
    for one, said in ((north, "hello"), (south, "good day")):
        one.save(greeting(said))
        one.look_until(lambda one=one: one.offers() is not None)  # type: ignore[misc]
    task_id = counter.accept(text="stumble")
    assert south.serve(task_id) == "running"
    # When the one that began it has another content by now
    south.save(greeting("welcome"))
    before = south.offers()
    south.look_until(lambda: south.offers() != before)
    # Then it still ends it, and nobody else does
    assert north.serve(task_id) == NOT_HERE
    assert counter.task(task_id).task_version == before
    assert south.known().can_run("greet", before)
    # And if it leaves, with all it kept, the other one takes over
    south.close()
    assert north.serve(task_id) == "running"


def test_a_new_worker_ends_what_was_begun_with_a_file_that_changed_meanwhile(
    counter: Counter, branch: Callable[..., Branch]
) -> None:
    # Given a task that a worker began which has left, and a file that has another content now
    north = branch("north")
    north.save(greeting("hello"))
    north.look_until(lambda: north.offers() is not None)
    task_id = counter.accept(text="stumble")
    assert north.serve(task_id) == "running"
    north.close()
    north.save(greeting("good day"))
    # When another one begins
    south = branch("south")
    south.look_until(lambda: south.offers() is not None)
    # Then it mixes no versions: it waits until it knows whether it can end what was begun
    begun_with = counter.task(task_id).task_version
    if not south.known().can_run("greet", begun_with):
        assert south.serve(task_id) == NOT_HERE
    south.look_until(lambda: south.known().can_run("greet", begun_with))
    assert south.serve(task_id) == "running"
    assert counter.task(task_id).task_version == begun_with


def test_a_file_that_went_while_no_worker_ran_is_told_by_the_next_one(
    counter: Counter, branch: Callable[..., Branch]
) -> None:
    north = branch("north")
    north.save(greeting("hello"))
    north.look_until(lambda: north.offers() is not None)
    north.close()
    north.remove()

    south = branch("south")
    south.look_until(lambda: counter.listed().withdrawn is not None)

    assert counter.listed().withdrawn == "Its file greet.py is not in TASKS_DIR."
    assert south.serve(counter.accept(text="friend")) == NOT_HERE
    # And it is offered again as soon as somebody has it
    west = branch("west", "w", "w-data")
    west.save(greeting("hello"))
    west.look_until(lambda: counter.listed().withdrawn is None)


@pytest.mark.parametrize(
    ("field", "given", "told"),
    [
        ("tone: str", {}, "tone: Field required"),
        ("", {"tone": "low"}, "tone: Extra inputs are not permitted"),
        ("tone: int", {"tone": "low"}, "tone: Input should be a valid integer"),
    ],
)
def test_a_waiting_task_whose_params_do_not_fit_a_new_version_fails_and_names_the_field(
    counter: Counter, branch: Callable[..., Branch], field: str, given: dict[str, Any], told: str
) -> None:
    # Given a task that was accepted, and waits
    north = branch("north")
    north.save(greeting("hello", field="tone: str = ''" if given else ""))
    north.look_until(lambda: north.offers() is not None)
    task_id, before = counter.accept(text="friend", **given), north.offers()
    # When the file is saved with other params
    north.save(greeting("good day", field=field))
    north.look_until(lambda: north.offers() != before)
    # Then the task ends at once, with the reason, and nothing was done for it
    assert north.serve(task_id) == "failed"
    task = counter.task(task_id)
    assert task.error is not None
    assert told in task.error
    assert counter.code(task_id) == "params_outdated"
    assert task.total is None


def test_a_begun_task_ends_on_its_version_though_its_params_do_not_fit_the_new_one(
    counter: Counter, branch: Callable[..., Branch]
) -> None:
    north = branch("north")
    north.save(greeting("hello"))
    north.look_until(lambda: north.offers() is not None)
    task_id, before = counter.accept(text="stumble"), north.offers()
    assert north.serve(task_id) == "running"

    north.save(greeting("good day", field="tone: str"))
    north.look_until(lambda: north.offers() != before)

    counter.make_due(task_id)
    assert north.serve(task_id) == "completed"
    assert counter.said(task_id) == "hello"
