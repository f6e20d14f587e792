"""Slots: doorbells rung, and the worker processes that answered them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, or_, select, update

from shared.record import claims, logins, seats
from shared.record import tasks as tasks_room
from shared.record.claims import ClaimSign
from shared.record.tables import items, slots, tasks
from shared.task_state import ItemStatus, TaskState
from shared.utils import utc_now

FARTHEST_LOOK = timedelta(seconds=90)
"""No task is ever put off for longer. A later time was written by a clock that ran ahead, on
another machine or before it was set right, and is due at once."""

RUNG_STATES = (TaskState.PENDING, TaskState.RUNNING, TaskState.CANCELLING)
"""States in which a worker can do something for a task."""


@dataclass(frozen=True)
class DueTask:
    """A task the dispatcher must look at.

    `claimable` counts items that could be claimed now (1 for a task not planned yet), `in_progress`
    those that are being worked on, `live` its slots at work, `queued` its doorbells not answered
    yet, `delay` the seconds to leave it alone from now on. `version` is the version that planned
    it, if one did.
    """

    id: str
    task_type: str
    next_ring_at: datetime
    claimable: int
    live: int
    queued: int
    delay: float | None = None
    version: str | None = None
    in_progress: int = 0

    def missing(self, slots_serving: int) -> int:
        """How many doorbells to ring where so many slots serve its type; 0 or less for none.

        A slot that has an item in hand is at nobody else's service: it may take long, or hang.
        """
        if self.delay is not None:
            return 0
        useful = self.claimable + min(self.in_progress, self.live)
        return min(useful, slots_serving) - self.live - self.queued


@dataclass(frozen=True)
class Slot:
    """One doorbell and what became of it so far."""

    id: str
    task_id: str
    worker_id: str | None
    pid: int | None


def due(
    connection: Connection, limit: int, task_types: Collection[str] | None = None
) -> list[DueTask]:
    """Unfinished tasks whose time to be looked at has come, the longest waiting first.

    With `task_types`, those of these types only.
    """
    now = utc_now()
    claimable = select(func.count()).where(
        items.c.task_id == tasks.c.id,
        items.c.status == ItemStatus.NEW.value,
        items.c.delay.is_(None),
    )
    in_progress = select(func.count()).where(
        items.c.task_id == tasks.c.id, items.c.status == ItemStatus.IN_PROGRESS.value
    )
    open_slots = select(func.count()).where(
        slots.c.task_id == tasks.c.id, slots.c.ended_at.is_(None)
    )
    # Chosen before anything is counted: SQLite would count for every due task, and then sort.
    longest_waiting = (
        select(tasks.c.id)
        .where(
            tasks.c.state.in_([state.value for state in RUNG_STATES]),
            or_(tasks.c.next_ring_at <= now, tasks.c.next_ring_at > now + FARTHEST_LOOK),
        )
        .order_by(tasks.c.next_ring_at)
        .limit(limit)
    )
    if task_types is not None:
        longest_waiting = longest_waiting.where(tasks.c.task_type.in_(sorted(task_types)))
    query = (
        select(
            tasks.c.id,
            tasks.c.task_type,
            tasks.c.next_ring_at,
            tasks.c.delay,
            tasks.c.total,
            tasks.c.task_version,
            claimable.scalar_subquery().label("claimable"),
            in_progress.scalar_subquery().label("in_progress"),
            open_slots.where(slots.c.started_at.is_not(None)).scalar_subquery().label("live"),
            open_slots.where(slots.c.started_at.is_(None)).scalar_subquery().label("queued"),
        )
        .where(tasks.c.id.in_(longest_waiting))
        .order_by(tasks.c.next_ring_at)
    )
    return [
        DueTask(
            id=row.id,
            task_type=row.task_type,
            next_ring_at=row.next_ring_at,
            claimable=1 if row.total is None else row.claimable,
            live=row.live,
            queued=row.queued,
            delay=row.delay,
            version=row.task_version,
            in_progress=row.in_progress,
        )
        for row in connection.execute(query)
    ]


def take_turn_to_ring(connection: Connection, task: DueTask, look_again: timedelta) -> bool:
    """Compare-and-set that lets one dispatcher look after a due task until the next look.

    A delay of the task begins now and lasts until then.
    """
    result = connection.execute(
        update(tasks)
        .where(tasks.c.id == task.id, tasks.c.next_ring_at == task.next_ring_at)
        .values(next_ring_at=utc_now() + look_again, delay=None)
    )
    return result.rowcount == 1


def ring(connection: Connection, task_id: str, slot_ids: Sequence[str]) -> None:
    """Note doorbells that are about to be sent."""
    now = utc_now()
    rows = [{"id": slot_id, "task_id": task_id, "rung_at": now} for slot_id in slot_ids]
    connection.execute(slots.insert(), rows)


def was_rung(connection: Connection, task_id: str) -> bool:
    """True once any doorbell of the task was noted: the first one bears the task's id."""
    query = select(slots.c.id).where(slots.c.id == task_id)
    return connection.execute(query).first() is not None


def start(
    connection: Connection, slot_id: str, worker_id: str, pid: int, version: str | None = None
) -> bool:
    """A worker's process answers a doorbell, however late; False if it was answered before.

    `version` is the SHA-256 of the source of the task type that it goes by.

    A process serves one doorbell at a time: if the slot is its own and not over, it answered just
    now and never heard that this was written. Any other slot of its own is over, though nobody
    could write so; what it held is free, and its task is looked at.
    """
    own = and_(slots.c.worker_id == worker_id, slots.c.pid == pid, slots.c.ended_at.is_(None))
    result = connection.execute(
        update(slots)
        .where(slots.c.id == slot_id, or_(slots.c.started_at.is_(None), own))
        .values(
            started_at=utc_now(),
            ended_at=None,
            worker_id=worker_id,
            pid=pid,
            task_version=version,
        )
    )
    if result.rowcount != 1:
        return False
    for left in live(connection, worker_id):
        if left.pid == pid and left.id != slot_id:
            end(connection, left.id)
            tasks_room.ring_now(connection, left.task_id)
    return True


def note_profile(connection: Connection, slot_id: str, name: str, sha256: str) -> None:
    """The slot goes by this portal profile; `sha256` is that of the profile's file."""
    connection.execute(
        update(slots).where(slots.c.id == slot_id).values(profile=name, profile_hash=sha256)
    )


def note_version(connection: Connection, slot_id: str, version: str | None) -> None:
    """The slot goes by this version of its task type after all."""
    connection.execute(update(slots).where(slots.c.id == slot_id).values(task_version=version))


def versions(connection: Connection, slot_ids: Collection[str]) -> dict[str, str]:
    """The SHA-256 of the task type's source that each slot goes by, as far as it is known."""
    query = select(slots.c.id, slots.c.task_version).where(
        slots.c.id.in_(slot_ids), slots.c.task_version.is_not(None)
    )
    return {row.id: row.task_version for row in connection.execute(query)}


def end(connection: Connection, slot_id: str) -> list[str]:
    """The slot is over; whatever it still held is released. The ids of the tasks released."""
    logins.free(connection, slot_id)
    seats.free(connection, slot_id)
    connection.execute(
        update(slots)
        .where(slots.c.id == slot_id, slots.c.ended_at.is_(None))
        .values(ended_at=utc_now())
    )
    return claims.release_slot(connection, slot_id)


def end_silent(connection: Connection, sign: ClaimSign) -> str | None:
    """End the slot whose claim showed no sign of life since `sign`; the task's id if it was one.

    Whoever stands still for ever must not keep others from being rung for the item, from logging
    in, or from a seat. If it wakes up, it finds its claim lost and leaves.
    """
    slot_id = claims.holder_of(connection, sign)
    task_id = claims.release_silent(connection, sign)
    if task_id is not None and slot_id is not None:
        end(connection, slot_id)
    return task_id


def end_queued(connection: Connection, slot_ids: Sequence[str]) -> int:
    """Give up doorbells that nobody answered; how many there were."""
    result = connection.execute(
        update(slots)
        .where(slots.c.id.in_(slot_ids), slots.c.started_at.is_(None), slots.c.ended_at.is_(None))
        .values(ended_at=utc_now())
    )
    return int(result.rowcount)


def queued(connection: Connection) -> list[Slot]:
    """Doorbells that nobody answered yet."""
    query = select(slots).where(slots.c.started_at.is_(None), slots.c.ended_at.is_(None))
    return [_slot(row) for row in connection.execute(query.order_by(slots.c.rung_at))]


def queued_types(connection: Connection) -> dict[str, str]:
    """The task type of each doorbell that nobody answered yet, by the doorbell's id."""
    query = (
        select(slots.c.id, tasks.c.task_type)
        .join(tasks, tasks.c.id == slots.c.task_id)
        .where(slots.c.started_at.is_(None), slots.c.ended_at.is_(None))
    )
    return {row.id: row.task_type for row in connection.execute(query)}


def live(connection: Connection, worker_id: str | None = None) -> list[Slot]:
    """Slots at work, of one worker or of all."""
    query = select(slots).where(slots.c.started_at.is_not(None), slots.c.ended_at.is_(None))
    if worker_id is not None:
        query = query.where(slots.c.worker_id == worker_id)
    return [_slot(row) for row in connection.execute(query)]


def live_of(connection: Connection, task_id: str) -> list[Slot]:
    """Slots at work on a task."""
    query = select(slots).where(
        slots.c.task_id == task_id, slots.c.started_at.is_not(None), slots.c.ended_at.is_(None)
    )
    return [_slot(row) for row in connection.execute(query)]


def over(connection: Connection, slot_ids: Sequence[str]) -> set[str]:
    """Which of these slots have ended."""
    query = select(slots.c.id).where(slots.c.id.in_(slot_ids), slots.c.ended_at.is_not(None))
    return set(connection.execute(query).scalars())


def another_task_waits(connection: Connection, task_id: str, task_types: Collection[str]) -> bool:
    """True if a doorbell of another task of these types is waiting for a worker."""
    query = (
        select(slots.c.id)
        .join(tasks, tasks.c.id == slots.c.task_id)
        .where(
            slots.c.task_id != task_id,
            slots.c.started_at.is_(None),
            slots.c.ended_at.is_(None),
            tasks.c.task_type.in_(sorted(task_types)),
        )
        .limit(1)
    )
    return connection.execute(query).first() is not None


def _slot(row: object) -> Slot:
    mapping = row._mapping  # type: ignore[attr-defined]
    return Slot(mapping["id"], mapping["task_id"], mapping["worker_id"], mapping["pid"])
