"""A worker without processes: its task files, what it tells of them, and its slot."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from automation_service.browser import BrowserOptions
from automation_service.warm_browser import WarmBrowser
from shared.config import Settings
from shared.record import Record, slots, task_types, workers
from shared.record.task_types import TaskType
from shared.utils import new_id
from worker_service.announcing import Announcer, Offer
from worker_service.context import TaskContext
from worker_service.executor import Executor
from worker_service.repertoire import Repertoire
from worker_service.slot_rules import SlotRules
from worker_service.task_files.copies import Copies
from worker_service.task_files.shelf import TaskShelf
from worker_service.tasks import task_map
from worker_service.time_board import TimeBoard
from worker_service.time_limits import TimeLimits

PATIENCE_SECONDS = 30.0


class Branch:
    """One of several workers. Nothing happens in it but what a test calls for."""

    def __init__(self, name: str, record: Record, tasks_dir: Path, data_dir: Path) -> None:
        """Branches with one `data_dir` share their copies of old versions."""
        self.name = name
        self._record = record
        self._tasks_dir = tasks_dir
        self._settings = Settings(
            tasks_dir=tasks_dir, data_dir=data_dir, results_dir=data_dir / "results"
        )
        copies = Copies(data_dir / "task_code")
        self._shelf = TaskShelf(self._settings, copies, task_map, self._known)
        self._announcer = Announcer(
            record, name, self._offer, copies, lambda queue: True, self._shelf.find_out
        )
        rules = SlotRules(
            worker_id=name,
            pid=1,
            lease_seconds=30,
            turn_seconds=60,
            item_time_limit=60,
            max_attempts=3,
        )
        self._executor = Executor(
            record,
            Repertoire({}, copies, name),
            self._context_of,
            lambda task_id: None,
            lambda: False,
            rules,
        )

    def open(self) -> Branch:
        """Be there from now on."""
        self._tasks_dir.mkdir(parents=True, exist_ok=True)
        with self._record.write() as connection:
            workers.announce(connection, self.name, "host", 1, 1, [])
            self._announcer.begin(connection)
        return self

    def close(self) -> None:
        """Leave."""
        self._shelf.stop()
        with self._record.write() as connection:
            workers.bury(connection, self.name)

    def save(self, text: str) -> None:
        """Save its file, in one step."""
        new = self._tasks_dir / "new"
        new.write_text(text)
        new.replace(self._tasks_dir / "greet.py")

    def remove(self) -> None:
        """Remove its file."""
        (self._tasks_dir / "greet.py").unlink()

    def look_until(self, reached: Callable[[], bool]) -> None:
        """Do what a worker's parent does again and again, until something holds."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            self._shelf.look()
            self._announcer.look()
            self._announcer.sweep()
            if reached():
                return
            assert time.monotonic() < until, self._shelf.now
            time.sleep(0.02)

    def offers(self) -> str | None:
        """The version of its task type that it offers, as the record knows."""
        return self.known().versions.get("greet")

    def known(self) -> workers.Worker:
        """What the record knows of it."""
        with self._record.read() as connection:
            found = workers.get(connection, self.name)
        assert found is not None
        return found

    def serve(self, task_id: str) -> str:
        """Answer a doorbell of this task, which this worker happened to get."""
        slot_id = new_id()
        with self._record.write() as connection:
            slots.ring(connection, task_id, [slot_id])
        return self._executor.serve(slot_id, task_id)

    def _offer(self) -> Offer:
        now = self._shelf.now
        types = [one.announced(["esc"]) for one in now.declared]
        return Offer(types, now.refused, now.withdrawn, now.tried)

    def _known(self) -> list[TaskType]:
        with self._record.read() as connection:
            return task_types.every(connection)

    def _context_of(self, task_id: str, slot_id: str) -> TaskContext:
        folder = self._settings.data_dir
        options = BrowserOptions(True, "", "", 10, folder / "browsers", folder / "downloads", 10)
        browser = WarmBrowser(options, lambda _: None)
        return TaskContext(
            task_id=task_id,
            slot_id=slot_id,
            settings=self._settings,
            record=self._record,
            browser=browser,
            profile=_no_profile,
            limits=TimeLimits(browser.keeper, TimeBoard(1).place(0)),
        )


def _no_profile(name: str) -> NoReturn:
    raise AssertionError(f"No task here asks for a portal, such as {name}.")
