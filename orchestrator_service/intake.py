"""Accepts tasks: those that arrive together are committed together, then all are answered.

A commit that reaches the disk costs the same for one task as for a hundred. While one commit is
under way the tasks that arrive wait for the next, so the more arrive, the less each one costs.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from itertools import zip_longest

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from shared.errors import TooManyTasks
from shared.record import Record, tasks
from shared.record.tasks import Task

MOST_AT_ONCE = 200
MANY = 8
MANY_WITHIN_SECONDS = 0.25
"""So many tasks in such a time are a rush, and what can wait a little lets them through."""
_NO_ROOM = "{} tasks wait already; nothing was accepted. Try again when some have begun."


class Intake:
    """The way in for new tasks. Belongs to the event loop it is used on."""

    def __init__(self, record: Record, most_pending: int) -> None:
        """Tasks go into `record` while fewer than `most_pending` wait there."""
        self._record = record
        self._most_pending = most_pending
        self._arrived: list[tuple[Task, asyncio.Future[Task]]] = []
        self._committing: asyncio.Task[None] | None = None
        self._arrivals: deque[float] = deque(maxlen=MANY)

    @property
    def is_busy(self) -> bool:
        """True while tasks come in a rush; for any thread to ask."""
        arrivals = list(self._arrivals)
        return len(arrivals) == MANY and time.monotonic() - arrivals[0] < MANY_WITHIN_SECONDS

    async def accept(self, task: Task) -> Task:
        """The task that stands once it is durable: this one, or the caller's earlier one.

        It is an earlier one if the caller used the task's idempotency key before. Raises
        TooManyTasks if too many wait already, sqlalchemy.exc.SQLAlchemyError if the record did
        not take it.
        """
        standing: asyncio.Future[Task] = asyncio.get_running_loop().create_future()
        self._arrived.append((task, standing))
        self._arrivals.append(time.monotonic())
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_arrived())
        return await standing

    def keep_to_limit(self, connection: Connection) -> None:
        """For who took a task in by another way. Raises TooManyTasks if more wait than may."""
        if not tasks.claim_room(connection, self._most_pending + 1):
            raise TooManyTasks(_NO_ROOM.format(self._most_pending))

    async def _commit_arrived(self) -> None:
        try:
            while self._arrived:
                await asyncio.sleep(0)  # whoever has arrived by now comes along
                together = self._arrived[:MOST_AT_ONCE]
                del self._arrived[:MOST_AT_ONCE]
                await self._commit(together)
        finally:
            self._committing = None

    async def _commit(self, together: list[tuple[Task, asyncio.Future[Task]]]) -> None:
        try:
            standing = await asyncio.to_thread(self._write, [task for task, _ in together])
        except Exception as error:  # every caller that waits must hear of it, whatever it is
            for _, future in together:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), task in zip_longest(together, standing):
            if future.done():
                continue
            if task is None:
                future.set_exception(TooManyTasks(_NO_ROOM.format(self._most_pending)))
            else:
                future.set_result(task)

    def _write(self, together: Sequence[Task]) -> list[Task]:
        """The tasks that stand; those at the end for which there is no room are missing."""
        try:
            with self._record.write() as connection:
                accepted = self._with_room(connection, together)
                if accepted:
                    tasks.insert_all(connection, accepted)
            return list(accepted)
        except IntegrityError:
            with self._record.write() as connection:
                accepted = self._with_room(connection, together)
                return [_insert_or_find(connection, task) for task in accepted]

    def _with_room(self, connection: Connection, together: Sequence[Task]) -> Sequence[Task]:
        return together[: tasks.claim_room(connection, self._most_pending)]


def _insert_or_find(connection: Connection, task: Task) -> Task:
    try:
        with connection.begin_nested():
            tasks.insert_all(connection, [task])
    except IntegrityError:
        earlier = tasks.by_idempotency_key(connection, task.caller, task.idempotency_key or "")
        if earlier is None:
            raise
        return earlier
    return task
