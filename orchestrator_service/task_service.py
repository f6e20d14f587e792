"""What may be asked for: assign a task, read one, list them, cancel, decide, retry."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from orchestrator_service.catalogue import Catalogue, KnownType
from orchestrator_service.dispatcher import Dispatcher
from orchestrator_service.intake import Intake
from shared.contracts import Evidence
from shared.errors import IdempotencyMismatch, UnknownTask
from shared.notifications import NewsPublisher
from shared.record import (
    Record,
    artifacts,
    events,
    items,
    late_findings,
    seals,
    slots,
    steering,
    tasks,
)
from shared.record.decisions import Decision
from shared.record.events import Event
from shared.record.items import Item
from shared.record.seals import Seal
from shared.record.tasks import Task
from shared.task_state import ItemStatus, TaskState
from shared.utils import new_id, utc_now

LARGE_PARAMS = 200
"""Params with more values than this are checked in a thread, so that nobody else waits."""


@dataclass(frozen=True)
class Assignment:
    """The task that stands; `replayed` if an earlier request with the same key made it."""

    task: Task
    replayed: bool


@dataclass(frozen=True)
class TaskReading:
    """A task, how many of its items have each status, and whether another task retries it."""

    task: Task
    counts: dict[ItemStatus, int]
    retried: bool


@dataclass(frozen=True)
class ResultPage:
    """A task with a page of its items and log lines; `next_query` asks for the page after it.

    `versions` has what each slot went by; `seal` is there once the task is final.
    """

    reading: TaskReading
    items: Sequence[Item]
    evidence: dict[int, list[Evidence]]
    late_findings: dict[int, list[tuple[str, datetime]]]
    versions: dict[str, str]
    logs: Sequence[Event]
    next_query: str | None
    seal: Seal | None


@dataclass(frozen=True)
class HistoryPage:
    """A page of tasks, newest first; `total` counts all pages."""

    readings: Sequence[TaskReading]
    total: int
    has_more: bool


class TaskService:
    """Everything the endpoints ask of the record."""

    def __init__(
        self,
        record: Record,
        catalogue: Catalogue,
        intake: Intake,
        dispatcher: Dispatcher,
        news: NewsPublisher,
    ) -> None:
        """Tasks come in by way of `intake`; `dispatcher` is woken for each, `news` wakes others."""
        self._record = record
        self._catalogue = catalogue
        self._intake = intake
        self._dispatcher = dispatcher
        self._news = news

    async def assign(
        self,
        task_type: str,
        given: dict[str, Any],
        *,
        caller: str,
        idempotency_key: str | None,
        request_id: str | None,
    ) -> Assignment:
        """Accept a task durably, or find the one an earlier request with the same key made.

        Raises UnknownTaskType, InvalidParams, and IdempotencyMismatch if the key came with
        another task type or other params before.
        """
        asked = _fingerprint(task_type, given) if idempotency_key else None
        if idempotency_key:
            earlier = await asyncio.to_thread(self._earlier, caller, idempotency_key)
            if earlier is not None:
                return _replay(earlier, asked)
        params = await self._checked(task_type, given)
        task = Task(
            id=new_id(),
            task_type=task_type,
            params=params,
            state=TaskState.PENDING,
            caller=caller,
            created_at=utc_now(),
            request_id=request_id,
            idempotency_key=idempotency_key,
            idempotency_hash=asked,
        )
        standing = await self._intake.accept(task)
        if standing.id != task.id:
            return _replay(standing, asked)
        self._dispatcher.wake()
        return Assignment(task, replayed=False)

    def status(self, task_id: str) -> TaskReading:
        """How the task stands. Raises UnknownTask."""
        with self._record.read() as connection:
            task = _known(tasks.get(connection, task_id), task_id)
            return _reading(connection, task)

    def cancel(self, task_id: str, caller: str) -> TaskReading:
        """Stop the task before its next item. Raises UnknownTask, StateConflict."""
        with self._record.write() as connection:
            task = _known(tasks.lock(connection, task_id), task_id)
            steering.cancel(connection, task, caller)
            reading = _reading(connection, _known(tasks.get(connection, task_id), task_id))
        self._tell(task_id)
        return reading

    def decide(self, task_id: str, decision: Decision, caller: str) -> TaskReading:
        """Let the task go on with what was chosen.

        Raises UnknownTask, StateConflict, and InvalidParams for what was not shown.
        """
        with self._record.write() as connection:
            task = _known(tasks.lock(connection, task_id), task_id)
            steering.decide(connection, task, decision, caller)
            reading = _reading(connection, _known(tasks.get(connection, task_id), task_id))
        self._tell(task_id)
        return reading

    def retry(self, task_id: str, caller: str, request_id: str | None) -> TaskReading:
        """Make a task of what ended failed or unverified.

        Raises UnknownTask, StateConflict, and TooManyTasks if too many wait already.
        """
        with self._record.write() as connection:
            task = _known(tasks.lock(connection, task_id), task_id)
            successor = steering.retry(connection, task, caller, request_id)
            self._intake.keep_to_limit(connection)
            reading = _reading(connection, successor)
        self._tell(successor.id)
        return reading

    def result(
        self, task_id: str, items_after: int, logs_after: int | None, limit: int
    ) -> ResultPage:
        """The task with a page of items and logs: without `logs_after`, the last lines.

        Raises UnknownTask.
        """
        with self._record.read() as connection:
            task = _known(tasks.get(connection, task_id), task_id)
            reading = _reading(connection, task)
            page = items.page(connection, task_id, items_after, limit + 1)
            lines = events.log_lines(connection, task_id, limit + 1, after_id=logs_after)
            evidence = artifacts.of_items(connection, [item.id for item in page[:limit]])
            late = late_findings.of_items(connection, [item.id for item in page[:limit]])
            by_slots = {item.slot_id for item in page[:limit] if item.slot_id}
            versions = slots.versions(connection, by_slots)
            seal = seals.get(connection, task_id)
        has_more = len(page) > limit or (logs_after is not None and len(lines) > limit)
        page = page[:limit]
        lines = lines[-limit:] if logs_after is None else lines[:limit]
        after_items = page[-1].position if page else items_after
        after_lines = lines[-1].id if lines else logs_after or 0
        following = f"?items_after={after_items}&logs_after={after_lines}&limit={limit}"
        next_query = following if has_more else None
        return ResultPage(reading, page, evidence, late, versions, lines, next_query, seal)

    def history(
        self,
        states: Sequence[TaskState] | None,
        task_type: str | None,
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> HistoryPage:
        """Tasks, newest first, that were created before the position `before`."""
        with self._record.read() as connection:
            total = tasks.count(connection, states=states, task_type=task_type)
            page = tasks.page(
                connection, states=states, task_type=task_type, before=before, limit=limit + 1
            )
            shown = page[:limit]
            ids = [task.id for task in shown]
            counts = items.counts(connection, ids)
            retried = steering.retried(connection, ids)
        readings = [
            TaskReading(task, counts.get(task.id, {}), task.id in retried) for task in shown
        ]
        return HistoryPage(readings, total, has_more=len(page) > limit)

    def _tell(self, task_id: str) -> None:
        self._dispatcher.wake()
        self._news.publish(task_id)

    async def _checked(self, task_type: str, given: dict[str, Any]) -> dict[str, Any]:
        known: KnownType | None = self._catalogue.fresh(task_type)
        if known is None:
            known = await asyncio.to_thread(self._catalogue.find, task_type)
        if _size(given) > LARGE_PARAMS:
            return await asyncio.to_thread(known.check, given)
        return known.check(given)

    def _earlier(self, caller: str, key: str) -> Task | None:
        with self._record.read() as connection:
            return tasks.by_idempotency_key(connection, caller, key)


def _replay(earlier: Task, asked: str | None) -> Assignment:
    if earlier.idempotency_hash != asked:
        raise IdempotencyMismatch(
            "This Idempotency-Key was used before with another task type or other params; "
            "use a new key for a new task.",
            task_id=earlier.id,
        )
    return Assignment(earlier, replayed=True)


def _reading(connection: Connection, task: Task) -> TaskReading:
    counts = items.counts(connection, [task.id]).get(task.id, {})
    return TaskReading(task, counts, bool(steering.retried(connection, [task.id])))


def _known(task: Task | None, task_id: str) -> Task:
    if task is None:
        raise UnknownTask(f"There is no task {task_id[:60]}.", task_id=task_id[:60])
    return task


def _fingerprint(task_type: str, given: dict[str, Any]) -> str:
    text = json.dumps([task_type, given], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _size(given: dict[str, Any]) -> int:
    return sum(len(v) if isinstance(v, (list, dict, str)) else 1 for v in given.values())
