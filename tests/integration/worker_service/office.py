"""A record with tasks about letters, and executors that serve them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from automation_service.browser import BrowserOptions
from automation_service.warm_browser import WarmBrowser
from shared.config import Settings
from shared.contracts import (
    Claim,
    IntentTerms,
    ItemOutcome,
)
from shared.errors import (
    ProfileMismatch,
)
from shared.record import Record, events, items, migrate, slots, steering, tables, tasks
from shared.record.tasks import Task
from shared.task_state import ItemStatus, TaskState
from shared.utils import new_id, utc_now
from worker_service.context import TaskContext
from worker_service.executor import Executor
from worker_service.params import TaskParams
from worker_service.registry import Plan, TaskDefinition, task
from worker_service.repertoire import Found
from worker_service.slot_rules import SlotRules
from worker_service.time_board import TimeBoard
from worker_service.time_limits import TimeLimits

TERMS = IntentTerms(click_budget=1, settle=1, session="s", browser="b", permit_ends=1000)


class LetterParams(TaskParams):
    letters: list[str]


def plan_letters(params: LetterParams, context: TaskContext) -> Plan:
    return Plan(
        portal="https://letters.example",
        action="stamp",
        keys=params.letters,
        params_for=lambda keys: {"letters": list(keys)},
    )


def stamping(
    stamp: Callable[[Claim], ItemOutcome],
    plan: Callable[[LetterParams, TaskContext], Plan] = plan_letters,
    show: Callable[[Claim], ItemOutcome] | None = None,
    enter: Callable[[TaskContext], None] = lambda _: None,
) -> TaskDefinition[Any]:
    """Letters that are stamped one by one; `enter` is done before each."""

    def review(claim: Claim, params: LetterParams, context: TaskContext) -> ItemOutcome:
        assert show is not None
        return show(claim)

    @task(
        name="stamp_letters",
        title="Stamp",
        description="Stamps letters.",
        side_effect="write",
        params=LetterParams,
        plan=plan,
        words={ItemStatus.DONE: "stamped"},
        review_item=review if show else None,
        wants_review=lambda params: show is not None,
    )
    def stamp_letters(claim: Claim, params: LetterParams, context: TaskContext) -> ItemOutcome:
        enter(context)
        return stamp(claim)

    return stamp_letters


def stamped(claim: Claim) -> ItemOutcome:
    return ItemOutcome(ItemStatus.DONE, f"{claim.key} stamped")


class OneProgram:
    """A worker's programs, of which there is one."""

    def __init__(self, definition: TaskDefinition[Any]) -> None:
        self._definition = definition

    def find(self, connection: Connection, task: Task) -> Found | None:
        definition = self._definition
        if task.task_type != definition.name:
            return None
        return Found(definition.sha256, lambda: definition)

    def names(self, connection: Connection) -> list[str]:
        return [self._definition.name]


class Office:
    """A record, and executors that serve it."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.record = Record(database_url)
        migrate(self.record)
        self.told: list[str] = []
        self.draining = threading.Event()

    def accept(self, *letters: str) -> str:
        task_id = new_id()
        wanted = Task(
            id=task_id,
            task_type="stamp_letters",
            params={"letters": list(letters)},
            state=TaskState.PENDING,
            caller="default",
            created_at=utc_now(),
        )
        with self.record.write() as connection:
            tasks.insert(connection, wanted)
        return task_id

    def serve(self, task_id: str, definition: TaskDefinition[Any], **rules: Any) -> str:
        slot_id = new_id()
        with self.record.write() as connection:
            slots.ring(connection, task_id, [slot_id])
        return self.executor(definition, **rules).serve(slot_id, task_id)

    def executor(self, definition: TaskDefinition[Any], **rules: Any) -> Executor:
        defaults: dict[str, Any] = {
            "worker_id": "w",
            "pid": 1,
            "lease_seconds": 30,
            "turn_seconds": 60,
            "item_time_limit": 60,
            "max_attempts": 3,
        }
        return Executor(
            self.record,
            OneProgram(definition),
            self._context_of,
            self.told.append,
            self.draining.is_set,
            SlotRules(**{**defaults, **rules}),
        )

    def task(self, task_id: str) -> Task:
        with self.record.read() as connection:
            found = tasks.get(connection, task_id)
        assert found is not None
        return found

    def items(self, task_id: str) -> dict[str, items.Item]:
        with self.record.read() as connection:
            return {item.key: item for item in items.page(connection, task_id, -1, 100)}

    def events(self, task_id: str) -> list[events.Event]:
        with self.record.read() as connection:
            return events.after(connection, task_id, 0, 1000)

    def cancel(self, task_id: str) -> None:
        """Cancel it, as its caller may at any moment."""
        with self.record.write() as connection:
            found = tasks.lock(connection, task_id)
            assert found is not None
            steering.cancel(connection, found, "the caller")

    def fail(self, task_id: str) -> None:
        """Let another item of it turn out to be fatal."""
        with self.record.write() as connection:
            found = tasks.lock(connection, task_id)
            assert found is not None
            steering.fail(connection, found, "login_refused", "Wrong password.", None)

    def make_due(self, task_id: str) -> None:
        """Let the backoff of every item be over."""
        with self.record.write() as connection:
            for item in items.page(connection, task_id, -1, 100):
                connection.execute(
                    tables.items.update().where(tables.items.c.id == item.id).values(delay=None)
                )

    def _context_of(self, task_id: str, slot_id: str) -> TaskContext:
        settings = Settings(data_dir=self.folder, results_dir=self.folder / "results")
        options = BrowserOptions(
            True, "", "", 10, self.folder / "browsers", self.folder / "downloads", 10
        )
        browser = WarmBrowser(options, lambda _: None)
        return TaskContext(
            task_id=task_id,
            slot_id=slot_id,
            settings=settings,
            record=self.record,
            browser=browser,
            profile=_no_profile,
            limits=TimeLimits(browser.keeper, TimeBoard(1).place(0)),
        )


def _no_profile(name: str) -> Any:
    raise ProfileMismatch(f"No profile {name} here.")
