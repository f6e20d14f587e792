"""What the tests of the record begin with: tasks, items, readings, evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Connection

from shared.contracts import (
    Attribution,
    Condition,
    Evidence,
    EvidenceKind,
    HistoryLine,
    IntentTerms,
    ItemOutcome,
    Reading,
    Verdict,
)
from shared.record import Record, claims, items, outcomes, slots, tasks
from shared.record.claims import HeldClaim
from shared.record.conclusion import conclude
from shared.record.persistence import persist
from shared.record.tasks import Task
from shared.task_state import ItemStatus, TaskState
from shared.utils import new_id, utc_now

PORTAL = "https://esc.example.org"
ACTION = "approve"
NOON = datetime(2026, 1, 1, 12, 0, tzinfo=timezone.utc)
LATER = timedelta(minutes=1)
"""Sooner than a moment that only a wrong clock can have written."""
TERMS = IntentTerms(
    click_budget=2.5, settle=10.0, session="a session", browser="a browser", permit_ends=1234.5
)
DONE = ItemOutcome(ItemStatus.DONE, "approved", verdict=Verdict.TAKEN, clicks=1)


def a_task(**values: Any) -> Task:
    """A task as the edge would accept it, not yet in the record."""
    usual: dict[str, Any] = {
        "id": new_id(),
        "task_type": "approve_batches",
        "params": {"batch_ids": ["BATCH001"]},
        "state": TaskState.PENDING,
        "caller": "default",
        "created_at": utc_now(),
    }
    return Task(**(usual | values))


def accepted(record: Record, **values: Any) -> Task:
    """A pending task in the record."""
    task = a_task(**values)
    with record.write() as connection:
        tasks.insert_all(connection, [task])
    return stored(record, task.id)


def stored(record: Record, task_id: str) -> Task:
    """The task as the record holds it."""
    with record.read() as connection:
        task = tasks.get(connection, task_id)
    assert task is not None
    return task


def looked_at(record: Record, task_id: str) -> None:
    """The dispatcher has looked at the task, and will again a while later."""
    with record.write() as connection:
        (task,) = [task for task in slots.due(connection, 100) if task.id == task_id]
        assert slots.take_turn_to_ring(connection, task, LATER)


def running(record: Record, **values: Any) -> Task:
    """A running task in the record that is not planned yet."""
    task = accepted(record, **values)
    with record.write() as connection:
        tasks.set_state(connection, task, TaskState.RUNNING)
    return replace(task, state=TaskState.RUNNING, last_event=2)


def planned(record: Record, keys: Sequence[str], portal: str = PORTAL, **values: Any) -> Task:
    """A running task in the record whose items have these keys."""
    task = running(record, **values)
    with record.write() as connection:
        items.insert(connection, task.id, portal, ACTION, keys)
        return tasks.set_planned(connection, task, len(keys), task.params)


def claimed(record: Record, task_id: str, slot_id: str = "slot-1") -> HeldClaim:
    """The claim on the next item of a task."""
    with record.write() as connection:
        held = claims.take_next(connection, task_id, slot_id)
    assert held is not None
    return held


def finished(record: Record, held: HeldClaim, outcome: ItemOutcome = DONE) -> bool:
    """Write an item's outcome as a slot does; True if it was the task's last."""

    def write(connection: Connection) -> bool:
        task = tasks.lock(connection, held.item.task_id)
        assert task is not None
        if outcomes.is_recorded(connection, held):
            return task.state.is_final
        outcomes.record(connection, held, outcome)
        return conclude(connection, tasks.count_finished(connection, task, 1), None) is not None

    return persist(record, write)


def a_reading(words: str = "Approved", **values: Any) -> Reading:
    """A look at a batch that the portal shows as approved."""
    usual: dict[str, Any] = {
        "began_at": NOON,
        "ended_at": NOON + timedelta(seconds=1),
        "logged_in": True,
        "printed_key": "BATCH001",
        "words": words,
        "condition": Condition.DONE,
        "columns": {"District": "Pune"},
        "history": (HistoryLine("officer", "12:00", "Approved", "AAB-1"),),
    }
    return Reading(**(usual | values))


def a_piece(path: str, kind: EvidenceKind = EvidenceKind.AFTER) -> Evidence:
    """A picture that lies below the results folder."""
    return Evidence(kind, path, "ab" * 32, 1234, "image/webp", NOON)


def done_after_reading() -> ItemOutcome:
    """An outcome with everything it may rest on."""
    return replace(
        DONE, reading=a_reading(), attribution=Attribution.OURS, details={"District": "Pune"}
    )
