"""The events that tell how a task gets on, as clients of the stream know them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from shared.contracts import EventType
from shared.record import artifacts, items
from shared.record.events import NewEvent
from shared.record.task_types import TaskType, word
from shared.record.tasks import Task
from shared.utils import rfc3339


def item_events(
    connection: Connection, item_ids: Sequence[int], task_type: TaskType | None
) -> list[NewEvent]:
    """An `item` event for each of these items, as they stand in this transaction."""
    evidence = artifacts.of_items(connection, item_ids)
    return [
        NewEvent(EventType.ITEM, _item_data(item, evidence, task_type))
        for item in items.of_ids(connection, item_ids)
    ]


def log_event(message: str, level: str = "info") -> NewEvent:
    """A line of the task's own log."""
    return NewEvent(EventType.LOG, {"message": message, "level": level})


def progress_event(task: Task, message: str) -> NewEvent:
    """How far the task is."""
    data = {
        "progress": task.progress,
        "done": task.finished,
        "total": task.total,
        "message": message,
    }
    return NewEvent(EventType.PROGRESS, data)


def _item_data(
    item: items.Item, evidence: dict[int, Any], task_type: TaskType | None
) -> dict[str, Any]:
    pieces = [
        {
            "kind": piece.kind.value,
            "path": piece.path,
            "sha256": piece.sha256,
            "taken_at": rfc3339(piece.taken_at),
        }
        for piece in evidence.get(item.id, [])
    ]
    return {
        "key": item.key,
        "batch_id": item.key,
        "status": word(task_type, item.status),
        "detail": item.detail,
        "attempts": item.attempts,
        "started_at": None if item.started_at is None else rfc3339(item.started_at),
        "finished_at": None if item.finished_at is None else rfc3339(item.finished_at),
        "details": item.details or {},
        "evidence": pieces,
        "error": item.error,
    }
