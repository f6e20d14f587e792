"""Delays: items left alone for a while before they are tried again.

The record keeps how long, not until when: the clocks of two machines cannot be compared. Whoever
watches measures on its own monotonic clock, from when it first saw the delay.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from shared.record import tasks
from shared.record.tables import items


@dataclass(frozen=True)
class Delay:
    """An item to be left alone for `seconds`; `fence` tells one delay from the next."""

    item_id: int
    task_id: str
    fence: int | None
    seconds: float


def running(connection: Connection) -> list[Delay]:
    """Every delay that nobody ended yet."""
    query = select(items.c.id, items.c.task_id, items.c.fence, items.c.delay)
    return [Delay(*row) for row in connection.execute(query.where(items.c.delay.is_not(None)))]


def end(connection: Connection, over: Collection[Delay]) -> None:
    """Let these items be tried again, but for those that were claimed meanwhile."""
    concerned = {delay.task_id for delay in over}
    tasks.lock_all(connection, concerned)
    for delay in over:
        unchanged = items.c.id == delay.item_id, items.c.fence.is_not_distinct_from(delay.fence)
        connection.execute(update(items).where(*unchanged).values(delay=None))
    for task_id in concerned:
        tasks.ring_now(connection, task_id)
