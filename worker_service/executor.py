"""One slot at work on one task: claim, run, decide, record, report.

A slot takes items of its task one at a time until none is left, its turn is over while another
task waits, an item was taken from it, or the worker is told to leave.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, Protocol

import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection

from shared.correlation import about_task
from shared.errors import ParamsOutdated, WorkerKilled
from shared.record import Record, seats, slots, tasks
from shared.record.task_types import VERSION_DIGITS
from shared.record.tasks import Task
from shared.task_state import TaskState
from worker_service import bookkeeping
from worker_service.attempt import Attempt, guarded
from worker_service.context import TaskContext
from worker_service.outcomes import decide
from worker_service.registry import Plan, TaskDefinition
from worker_service.repertoire import Found
from worker_service.second_looks import SecondLooks
from worker_service.slot_rules import SlotRules

log = structlog.get_logger()


class Programs(Protocol):
    """What a worker can do."""

    def find(self, connection: Connection, task: Task) -> Found | None:
        """What a task goes by here; None if it cannot be served here now."""
        ...

    def names(self, connection: Connection) -> Collection[str]:
        """The task types that are served here."""
        ...


class Executor:
    """Serves doorbells in one worker process, one at a time."""

    def __init__(
        self,
        record: Record,
        programs: Programs,
        context_of: Callable[[str, str], TaskContext],
        tell: Callable[[str], None],
        draining: Callable[[], bool],
        rules: SlotRules,
    ) -> None:
        """`context_of` takes a task's and a slot's id; `tell` wakes whoever watches a task."""
        self._record = record
        self._programs = programs
        self._context_of = context_of
        self._tell = tell
        self._draining = draining
        self._rules = rules

    def serve(self, slot_id: str, task_id: str) -> str:
        """Answer a doorbell; returns the state the task is left in, for Flower."""
        rules = self._rules
        answered = bookkeeping.answer(
            self._record, slot_id, task_id, rules.worker_id, rules.pid, self._programs.find
        )
        if answered is None:
            return "answered before"
        found = answered.found
        if found is None:
            log.warning("task type not offered here", task_id=task_id)
            return "not offered here"
        ended = None
        try:
            if answered.task is None:
                return self._look_again(slot_id, task_id, found)
            ended = self._serve(slot_id, answered.task, found)
        finally:
            if ended is None:
                bookkeeping.leave(self._record, slot_id, task_id)
                self._tell(task_id)
        return ended.value if ended else self._state_of(task_id)

    def _serve(self, slot_id: str, task: Task, found: Found) -> TaskState | None:
        """The state the task ended in by what we did, and our slot with it; None otherwise."""
        task_id = task.id
        with about_task(task_id, task.request_id):
            self._tell(task_id)
            context = self._context_of(task_id, slot_id)
            planned = task if task.total is not None else self._plan(task, found, context)
            if planned is None:
                return None
            definition = self._load(self._as_planned(slot_id, planned, found), context)
            return self._take_turn(slot_id, planned, definition, context)

    def _load(self, found: Found, context: TaskContext) -> TaskDefinition[Any]:
        with context.limits.busy(self._limit()):
            return found.load()

    def _as_planned(self, slot_id: str, task: Task, found: Found) -> Found:
        """The version that planned the task, should another slot have been faster than ours."""
        if task.task_version in (None, found.sha256):
            return found
        with self._record.read() as connection:
            begun = self._programs.find(connection, task) or found
        if begun.sha256 != found.sha256:
            bookkeeping.goes_by(self._record, slot_id, begun.sha256)
        return begun

    def _look_again(self, slot_id: str, task_id: str, found: Found) -> str:
        with self._record.read() as connection:
            task = tasks.get(connection, task_id)
        if task is None or not task.state.is_final:
            return "not open"
        with about_task(task_id, task.request_id):
            context = self._context_of(task_id, slot_id)
            definition = self._load(found, context)
            if definition.look_again is not None:
                looks = SecondLooks(
                    self._record,
                    definition,
                    definition.look_again,
                    context,
                    self._draining,
                    self._rules,
                )
                looks.make(task, slot_id)
        return task.state.value

    def _plan(self, task: Task, found: Found, context: TaskContext) -> Task | None:
        attempt = task.plan_attempts
        plan: Plan | Exception
        if attempt > self._rules.max_attempts:
            plan = WorkerKilled(
                f"The worker died {attempt - 1} times while it planned this task,"
                " or was ended because planning took longer than ITEM_TIME_LIMIT allows."
            )
        else:
            until = self._limit()
            with context.limits.browser_until(until), context.limits.busy(until):
                definition = found.load()
                planning = replace(context, planning=attempt)
                plan = guarded(
                    lambda: definition.plan(_params(definition, task), planning),
                    "planning failed",
                )
        if isinstance(plan, Exception):
            most = self._rules.max_attempts
            decision = decide(plan, attempt=attempt, max_attempts=most, intent_open=False)
            bookkeeping.planning_failed(self._record, task, decision, context.kept)
            return None
        planned = bookkeeping.planned(self._record, task.id, definition, plan)
        self._tell(task.id)
        return planned

    def _take_turn(
        self, slot_id: str, task: Task, definition: TaskDefinition[Any], context: TaskContext
    ) -> TaskState | None:
        params = guarded(lambda: _params(definition, task), "params do not fit")
        if isinstance(params, Exception):
            bookkeeping.cannot_go_on(self._record, task, definition, params)
            return None
        attempt = Attempt(self._record, definition, params, context, self._tell, self._rules)
        turn_ends = time.monotonic() + self._rules.turn_seconds
        while not self._draining():
            claimed = bookkeeping.claim_next(self._record, task.id, slot_id)
            if claimed is None:
                break
            ended = attempt.make(claimed)
            if ended is not None:
                return ended
            if attempt.lost_claim or attempt.has_to_wait:
                break
            if time.monotonic() >= turn_ends and self._another_waits(task.id, slot_id):
                break
        return None

    def _limit(self) -> float:
        return time.monotonic() + self._rules.item_time_limit

    def _another_waits(self, task_id: str, slot_id: str) -> bool:
        with self._record.read() as connection:
            names = self._programs.names(connection)
            others = slots.another_task_waits(connection, task_id, names)
            return others or seats.is_wanted(connection, slot_id)

    def _state_of(self, task_id: str) -> str:
        with self._record.read() as connection:
            task = tasks.get(connection, task_id)
        return "unknown" if task is None else task.state.value


def _params(definition: TaskDefinition[Any], task: Task) -> BaseModel:
    """The task's params as its definition wants them. Raises ParamsOutdated if they do not fit."""
    try:
        params: BaseModel = definition.params.model_validate(task.params)
    except ValidationError as error:
        places = {".".join(map(str, fault["loc"])): fault["msg"] for fault in error.errors()}
        told = "; ".join(f"{place or 'params'}: {fault}" for place, fault in places.items())
        raise ParamsOutdated(
            f"The params do not fit {definition.name} at version"
            f" {definition.sha256[:VERSION_DIGITS]}, which came after the task was asked for."
            f" {told}."
        ) from error
    return params
