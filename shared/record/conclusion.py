"""The end of a task: what came of its items, in the words clients see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from shared.contracts import EvidenceKind
from shared.record import artifacts, items, tasks
from shared.record.task_types import TaskType, word
from shared.record.tasks import Task, TaskEnding
from shared.task_state import ItemStatus, TaskState

_SHOWN_FIRST = (EvidenceKind.AFTER, EvidenceKind.ERROR, EvidenceKind.BEFORE)
_NAMED_FIRST = (ItemStatus.DONE, ItemStatus.ALREADY_DONE, ItemStatus.REFUSED, ItemStatus.NOT_FOUND)


def public_counts(counts: Mapping[ItemStatus, int], task_type: TaskType | None) -> dict[str, int]:
    """How many items ended how, by the task type's public words, outcomes first."""
    ordered = [*_NAMED_FIRST, *(s for s in ItemStatus if s not in _NAMED_FIRST)]
    spoken: dict[str, int] = {}
    for status in ordered:
        if counts.get(status):
            public = word(task_type, status)
            spoken[public] = spoken.get(public, 0) + counts[status]
    return spoken


def message_of(counts: Mapping[str, int]) -> str:
    """The counts as a sentence: "3 approved, 1 already approved, 1 UNVERIFIED"."""
    spoken = [
        f"{n} {'UNVERIFIED' if told == ItemStatus.UNVERIFIED.value else told.replace('_', ' ')}"
        for told, n in counts.items()
    ]
    return ", ".join(spoken) or "Nothing to do"


def result_of(
    connection: Connection, task_id: str, task_type: TaskType | None, error: str | None = None
) -> dict[str, Any]:
    """The task's result as stored: message, counts, and plain paths of picture and files.

    `error` is why the task did not do its work; the message tells it where nothing can be counted.
    """
    by_status = items.counts(connection, [task_id]).get(task_id, {})
    counts = public_counts(by_status, task_type)
    files = artifacts.of_task(connection, task_id, EvidenceKind.FILE)
    return {
        "message": message_of(counts) if counts or not error else f"Nothing was done: {error}",
        "counts": counts,
        "screenshot": _picture(connection, task_id),
        "files": [piece.path for piece in files],
    }


def _picture(connection: Connection, task_id: str) -> str | None:
    for kind in _SHOWN_FIRST:
        newest = artifacts.of_task(connection, task_id, kind, limit=1)
        if newest:
            return newest[0].path
    return None


def conclude(connection: Connection, task: Task, task_type: TaskType | None) -> TaskState | None:
    """Make a locked task final if every item has its outcome; the final state, None if not yet.

    A cancelled task ends `cancelled`, one for which a failure was noted `failed`.
    """
    if task.total is None or task.finished < task.total:
        return None
    if task.state is TaskState.CANCELLING:
        state = TaskState.CANCELLED
    elif task.error is not None:
        state = TaskState.FAILED
    else:
        state = TaskState.COMPLETED
    end(connection, task, state, task_type)
    return state


def await_decision(connection: Connection, task: Task) -> bool:
    """Let a locked task wait for a decision once everything in it was looked at."""
    if task.state is not TaskState.RUNNING or task.decision is not None:
        return False
    counts = items.counts(connection, [task.id]).get(task.id, {})
    if counts.get(ItemStatus.NEW) or counts.get(ItemStatus.IN_PROGRESS):
        return False
    if not counts.get(ItemStatus.REVIEWED):
        return False
    tasks.set_state(connection, task, TaskState.AWAITING_DECISION)
    return True


def end(connection: Connection, task: Task, state: TaskState, task_type: TaskType | None) -> None:
    """Make a locked task final, with the error that was noted for it. TransitionRefused."""
    result = result_of(connection, task.id, task_type, task.error)
    tasks.set_state(connection, task, state, TaskEnding(result, task.error, task.error_code))
