"""Writes into the record what a worker would, without one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from shared.contracts import EventType, Evidence, EvidenceKind, ItemOutcome
from shared.notifications import NewsPublisher
from shared.record import (
    Record,
    artifacts,
    conclusion,
    events,
    items,
    outcomes,
    steering,
    task_types,
    tasks,
    workers,
)
from shared.record.events import NewEvent
from shared.record.task_types import TaskType
from shared.record.tasks import TaskEnding
from shared.task_state import ItemStatus, TaskState
from shared.utils import new_id, rfc3339, utc_now
from worker_service.tasks import task_map

PORTAL = "https://portal.test"

TEST_TASK = task_map["test_task"].announcement
APPROVE_BATCHES = task_map["approve_batches"].announcement


class TaskAuthor:
    """Each method is one transaction, followed by the wake-up a worker would send."""

    def __init__(self, record: Record, results_dir: Path, redis_url: str) -> None:
        """`redis_url` is where wake-ups go."""
        self._record = record
        self._results_dir = results_dir
        self._news = NewsPublisher(redis_url)

    def close(self) -> None:
        """No more news."""
        self._news.close()

    def announce(self, *offered: TaskType) -> None:
        """Make task types known, as a worker does when it starts."""
        with self._record.write() as connection:
            for task_type in offered:
                task_types.announce(connection, task_type)

    def start_worker(self, *names: str) -> None:
        """A worker that offers these task types and never answers."""
        with self._record.write() as connection:
            workers.announce(connection, new_id(), "host", 1, 2, names)

    def begin(self, task_id: str, keys: Sequence[str] = ()) -> None:
        """Set the task running, with items of these keys."""
        with self._record.write() as connection:
            self._set_state(connection, task_id, TaskState.RUNNING)
            items.insert(connection, task_id, PORTAL, "approve", keys)
        self._news.publish(task_id)

    def log(self, task_id: str, *messages: str, quietly: bool = False) -> None:
        """Add lines to the task's log; `quietly` without a wake-up, as if it were lost."""
        new = [NewEvent(EventType.LOG, {"message": text, "level": "info"}) for text in messages]
        self.tell(task_id, *new, quietly=quietly)

    def tell(self, task_id: str, *new: NewEvent, quietly: bool = False) -> None:
        """Add events."""
        with self._record.write() as connection:
            assert events.append(connection, task_id, new)
        if not quietly:
            self._news.publish(task_id)

    def finish_items(self, task_id: str, status: ItemStatus, detail: str = "") -> None:
        """Give every item that has no outcome yet this one."""
        outcome = ItemOutcome(status, detail, details={"District": "Pune"})
        with self._record.write() as connection:
            assert outcomes.end_unbegun(connection, task_id, outcome)

    def keep_file(
        self,
        task_id: str,
        name: str,
        content: bytes,
        content_type: str,
        *,
        item: int | None = None,
        kind: EvidenceKind = EvidenceKind.AFTER,
    ) -> Evidence:
        """Store a file with its row; `item` is the item's position, `kind` that of a picture."""
        path = f"{task_id}/{name}"
        place = self._results_dir / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        piece = Evidence(
            kind if content_type.startswith("image/") else EvidenceKind.FILE,
            path,
            hashlib.sha256(content).hexdigest(),
            len(content),
            content_type,
            utc_now(),
        )
        with self._record.write() as connection:
            item_id = None
            if item is not None:
                item_id = items.page(connection, task_id, item - 1, 1)[0].id
            artifacts.insert(connection, task_id, item_id, [piece])
        return piece

    def tell_item(self, task_id: str, key: str, *evidence: Evidence) -> None:
        """The event of an approved item."""
        now = rfc3339(utc_now())
        data = {
            "key": key,
            "batch_id": key,
            "status": "approved",
            "detail": "Approved",
            "attempts": 1,
            "started_at": now,
            "finished_at": now,
            "details": {},
            "evidence": [
                {
                    "kind": piece.kind.value,
                    "path": piece.path,
                    "sha256": piece.sha256,
                    "taken_at": rfc3339(piece.taken_at),
                }
                for piece in evidence
            ],
            "error": None,
        }
        self.tell(task_id, NewEvent(EventType.ITEM, data))

    def complete(self, task_id: str, **result: Any) -> None:
        """End the task well."""
        stored: dict[str, Any] = {
            "message": "1 done",
            "counts": {"done": 1},
            "screenshot": None,
            "files": [],
        }
        ending = TaskEnding(result=stored | result)
        with self._record.write() as connection:
            self._set_state(connection, task_id, TaskState.COMPLETED, ending)
        self._news.publish(task_id)

    def fail(self, task_id: str, error: str, code: str) -> None:
        """End the task badly, and with it the items that are not ended."""
        with self._record.write() as connection:
            task = tasks.lock(connection, task_id)
            assert task is not None
            task = steering.fail(connection, task, code, error, APPROVE_BATCHES)
            conclusion.end(connection, task, TaskState.FAILED, APPROVE_BATCHES)
        self._news.publish(task_id)

    def _set_state(
        self,
        connection: Connection,
        task_id: str,
        wanted: TaskState,
        ending: TaskEnding | None = None,
    ) -> None:
        task = tasks.lock(connection, task_id)
        assert task is not None
        tasks.set_state(connection, task, wanted, ending)
