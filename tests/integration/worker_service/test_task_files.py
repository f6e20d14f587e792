"""Files in TASKS_DIR as a worker's parent takes them up: tried apart, offered, refused."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.config import Settings
from shared.record.task_types import TaskType
from worker_service.task_files.copies import UNUSED_SECONDS, Copies
from worker_service.task_files.installed import installed
from worker_service.task_files.loading import load
from worker_service.task_files.shelf import TaskShelf
from worker_service.tasks import task_map

PATIENCE_SECONDS = 30.0
CHECK_SECONDS = 4.0

TASK = """
from worker_service.params import TaskParams
from worker_service.simple_task import simple_task
from worker_service.work import Work


class Params(TaskParams):
    text: str = "{default}"


@simple_task(name="{name}", title="Greet", description="Greets.", side_effect="none")
def greet(context: Work, params: Params) -> str:
    return params.text
"""


def greeting(name: str = "greet", default: str = "hello") -> str:
    """A file with one task type."""
    return TASK.replace("{name}", name).replace("{default}", default)


class Desk:
    """A folder of task files, and a shelf that looks at it whenever it is told to."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(tasks_dir=folder / "tasks", data_dir=folder / "data")
        self.settings.tasks_dir.mkdir()
        self.copies = Copies(folder / "data" / "task_code")
        self.known: list[TaskType] = []
        self.shelf = self.new_shelf()

    def new_shelf(self) -> TaskShelf:
        """One that knows nothing but what the record does."""
        return TaskShelf(self.settings, self.copies, task_map, lambda: self.known, CHECK_SECONDS)

    def save(self, name: str, text: str) -> None:
        """Save a file in one step."""
        new = self.settings.tasks_dir / "new"
        new.write_text(text)
        new.replace(self.settings.tasks_dir / name)

    def remove(self, name: str) -> None:
        """Remove a file."""
        (self.settings.tasks_dir / name).unlink()

    def look_until(self, reached: Callable[[], bool]) -> None:
        """Look again and again until something holds."""
        until = time.monotonic() + PATIENCE_SECONDS
        self.shelf.look()
        while not reached():
            assert time.monotonic() < until, self.shelf.now
            time.sleep(0.02)
            self.shelf.look()

    def offered(self) -> dict[str, str]:
        """The default of `text` of each task type offered, by its name."""
        return {
            one.task_type.name: one.task_type.params_schema["properties"]["text"]["default"]
            for one in self.shelf.now.declared
        }

    def refused(self) -> dict[str, str]:
        """Why files are refused."""
        return {one.file: one.reason for one in self.shelf.now.refused}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk whose trials are ended in the end."""
    desk = Desk(tmp_path)
    yield desk
    desk.shelf.stop()


def test_a_saved_file_is_offered_and_a_changed_one_as_it_is_now(desk: Desk) -> None:
    # Given a file that is offered
    desk.save("greet.py", greeting())
    desk.look_until(lambda: desk.offered() == {"greet": "hello"})
    (before,) = desk.shelf.now.declared
    # When it is saved otherwise
    desk.save("greet.py", greeting(default="good day"))
    # Then the new content is offered, under another version, and both are kept
    desk.look_until(lambda: desk.offered() == {"greet": "good day"})
    (now,) = desk.shelf.now.declared
    assert now.task_type.version != before.task_type.version
    assert desk.copies.all() == {before.task_type.sha256, now.task_type.sha256}
    kept = desk.copies.content(before.task_type.sha256)
    assert kept is not None
    old = load("greet.py", kept, before.task_type.sha256, Path("greet.py"))["greet"]
    assert old.params().model_dump() == {"text": "hello"}
    assert old.sha256 == before.task_type.sha256


def test_a_removed_file_is_withdrawn_and_offered_again_when_it_is_back(desk: Desk) -> None:
    desk.save("greet.py", greeting())
    desk.look_until(lambda: bool(desk.offered()))

    desk.remove("greet.py")
    desk.look_until(lambda: not desk.offered())
    gone = "Its file greet.py was removed from TASKS_DIR."
    assert desk.shelf.now.withdrawn == (("greet", gone),)

    desk.save("greet.py", greeting())
    desk.look_until(lambda: bool(desk.offered()))
    assert not desk.shelf.now.withdrawn


def test_a_name_that_a_file_declares_no_more_is_withdrawn(desk: Desk) -> None:
    desk.save("greet.py", greeting())
    desk.look_until(lambda: bool(desk.offered()))

    desk.save("greet.py", greeting("welcome"))
    desk.look_until(lambda: desk.offered() == {"welcome": "hello"})

    gone = "Its file greet.py does not declare it any more."
    assert desk.shelf.now.withdrawn == (("greet", gone),)


BROKEN = {
    "no Python": ("def broken(:", "line 1: SyntaxError"),
    "a missing import": ("\nimport no_such_package\n", "line 2: ModuleNotFoundError"),
    "no task type": ("x = 1", "declares no task type"),
    "no typed params": (greeting().replace("params: Params", "params"), "line 11: greet: the func"),
    "an unknown side effect": (greeting().replace('"none"', '"some"'), "side_effect is 'some'"),
    "a name with a space": (greeting("gr eet"), "'gr eet' cannot name a task type"),
    "the end of the process": ("import os; os._exit(7)", "ended the process (exit code 7)"),
    "sys.exit": ("import sys; sys.exit()", "line 1: SystemExit"),
    "a crash": (
        "import faulthandler, os; faulthandler.disable(); os.abort()",
        "ended the process (exit code -6)",
    ),
    "a built-in's name": (greeting("test_task"), "'test_task' is the name of a task type that"),
    "no text": (greeting(default="\\x00"), "says a character that is no text"),
    "no JSON Schema": (
        greeting().replace('text: str = "hello"', "text: type = int"),
        "PydanticInvalidForJsonSchema",
    ),
    "a path": ("raise ValueError('see /home/someone/secret/plan.txt')", "ValueError: see plan.txt"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_what_cannot_be_offered_is_refused_and_the_version_before_serves(
    desk: Desk, fault: str
) -> None:
    # Given a file that is offered
    desk.save("greet.py", greeting())
    desk.look_until(lambda: bool(desk.offered()))
    (before,) = desk.shelf.now.declared
    # When it is saved with a fault
    text, reason = BROKEN[fault]
    desk.save("greet.py", text)
    desk.look_until(lambda: "greet.py" in desk.refused())
    # Then the reason is told, and what was there before goes on to be offered
    told = desk.refused()["greet.py"]
    assert reason in told
    assert told.endswith(f". Version {before.task_type.version} of it keeps serving.")
    assert desk.offered() == {"greet": "hello"}
    # And a fault that is mended is forgotten
    desk.save("greet.py", greeting(default="mended"))
    desk.look_until(lambda: desk.offered() == {"greet": "mended"})
    assert desk.refused() == {}


def test_what_blocks_is_ended_and_holds_up_no_other_file(desk: Desk) -> None:
    # Given a file whose import never ends, and starts a process that does not either
    mark = desk.settings.data_dir / "pid"
    mark.parent.mkdir(exist_ok=True)
    desk.save(
        "block.py",
        "import os, subprocess\n"
        "started = subprocess.Popen(['sleep', '3600'])\n"
        f"open({str(mark)!r}, 'w').write(f'{{os.getpid()}} {{started.pid}}')\n"
        "while True: pass\n",
    )
    desk.look_until(lambda: mark.exists() and len(mark.read_text().split()) == 2)
    # When another file is saved meanwhile
    desk.save("greet.py", greeting())
    desk.look_until(lambda: bool(desk.offered()))
    # Then it need not wait, and the one that blocks is refused, with all that it started ended
    assert desk.refused() == {}
    desk.look_until(lambda: "block.py" in desk.refused())
    assert f"took longer than {CHECK_SECONDS:g} s" in desk.refused()["block.py"]
    for pid in mark.read_text().split():
        desk.look_until(lambda pid=pid: not _runs(int(pid)))  # type: ignore[misc]


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def test_of_two_files_with_one_name_the_first_serves_until_it_is_gone(desk: Desk) -> None:
    # Given two files that declare the same name
    desk.save("z_first.py", greeting())
    desk.look_until(lambda: bool(desk.offered()))
    desk.save("a_second.py", greeting(default="mine"))
    desk.look_until(lambda: "a_second.py" in desk.refused())
    assert "'greet' is offered by z_first.py already" in desk.refused()["a_second.py"]
    assert desk.offered() == {"greet": "hello"}
    (first,) = desk.shelf.now.declared
    # When a new worker finds both, Then it knows from the record which one was first
    desk.shelf.stop()
    os.utime(desk.settings.tasks_dir / "z_first.py")
    desk.known = [first.task_type]
    desk.shelf = desk.new_shelf()
    desk.look_until(lambda: "a_second.py" in desk.refused())
    assert desk.offered() == {"greet": "hello"}
    # And once the first one is removed, the second serves
    desk.remove("z_first.py")
    desk.look_until(lambda: desk.offered() == {"greet": "mine"})
    assert desk.refused() == {}
    assert not desk.shelf.now.withdrawn


def test_a_new_worker_that_finds_a_broken_file_serves_what_was_kept_of_it(desk: Desk) -> None:
    desk.save("greet.py", greeting())
    desk.look_until(lambda: bool(desk.offered()))
    desk.known = [desk.shelf.now.declared[0].task_type]
    desk.save("greet.py", "def broken(:")

    desk.shelf = desk.new_shelf()
    desk.look_until(lambda: desk.offered() == {"greet": "hello"})

    assert "SyntaxError" in desk.refused()["greet.py"]


def test_a_file_is_taken_up_once_it_stands_still(desk: Desk) -> None:
    # Given a file that grows between any two looks
    path = desk.settings.tasks_dir / "greet.py"
    for line in greeting().splitlines(keepends=True):
        with path.open("a") as file:
            file.write(line)
        desk.shelf.look()
        assert (desk.offered(), desk.refused()) == ({}, {})
    # When nothing is added any more, Then it is offered
    desk.look_until(lambda: desk.offered() == {"greet": "hello"})


def test_what_is_no_task_file_is_left_alone_or_refused_unread(desk: Desk) -> None:
    for name in ("_part.py", ".hidden.py", "notes.txt", "greet.py~"):
        desk.save(name, "def broken(:")
    os.mkfifo(desk.settings.tasks_dir / "pipe.py")
    desk.save("two words.py", greeting())
    desk.save("long.py", "#" * 1_000_001)

    desk.look_until(lambda: len(desk.refused()) == 2)

    assert "its name may have" in desk.refused()["two words.py"]
    assert "larger than 1000000 bytes" in desk.refused()["long.py"]
    assert desk.offered() == {}


def test_a_portal_that_a_file_asks_for_is_one_of_the_known_ones(desk: Desk) -> None:
    text = greeting().replace("TaskParams", "PortalParams")
    desk.save("greet.py", text)
    desk.look_until(lambda: bool(desk.shelf.now.declared))

    offered = desk.shelf.now.declared[0].announced(["esc", "north"])

    assert offered.params_schema["properties"]["portal"]["enum"] == ["esc", "north"]


def test_old_copies_are_let_go_unless_something_goes_by_them(tmp_path: Path) -> None:
    copies = Copies(tmp_path)
    for content, age in ((b"used", 2), (b"unused", 2), (b"new", 0)):
        sha256 = kept_with_age(copies, content, age * UNUSED_SECONDS)
        assert copies.content(sha256) == content
    used = next(sha for sha in copies.all() if copies.content(sha) == b"used")

    copies.sweep([used])

    assert {copies.content(sha) for sha in copies.all()} == {b"used", b"new"}
    copies.path(used).write_bytes(b"changed")
    assert copies.content(used) is None


def kept_with_age(copies: Copies, content: bytes, seconds: float) -> str:
    """Keep a content as if that was so many seconds ago; its SHA-256."""
    sha256 = hashlib.sha256(content).hexdigest()
    copies.keep(sha256, content)
    moment = time.time() - seconds
    os.utime(copies.path(sha256), (moment, moment))
    return sha256


def test_installed_packages_offer_task_types_through_an_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a package with four entry points, of which one is good
    site = tmp_path / "site"
    info = site / "acme_tasks-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-tasks\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(
        "[ai_agent_backend.tasks]\n"
        "good = acme_good\nagain = acme_good:greet\nbroken = acme_broken\nours = acme_ours\n"
    )
    (site / "acme_good.py").write_text(greeting("acme_greet"))
    (site / "acme_ours.py").write_text(greeting("test_task"))
    (site / "acme_broken.py").write_text("raise RuntimeError('no licence')")
    monkeypatch.syspath_prepend(site)
    # When the worker asks what is there
    found = installed(Settings(data_dir=tmp_path), task_map)
    # Then the good one is offered once, and the others are refused, each with its reason
    assert list(found.definitions) == ["acme_greet"]
    assert len(found.definitions["acme_greet"].announcement.version) == 12
    refused = {one.file: one.reason for one in found.refused}
    assert refused.keys() == {f"acme-tasks ({name})" for name in ("good", "broken", "ours")}
    assert "'acme_greet' is the name of another" in refused["acme-tasks (good)"]
    assert "RuntimeError: no licence" in refused["acme-tasks (broken)"]
    assert "'test_task' is the name of another" in refused["acme-tasks (ours)"]
