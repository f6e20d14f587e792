"""Seals: which final tasks have their manifest, and which files retention took away.

The row is made in the transaction that makes the task final, so that whoever looks after manifests
finds every task that lacks one, whoever crashed in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, text, update

from shared.record.tables import SEAL_DUE, seals


@dataclass(frozen=True)
class Seal:
    """A final task's manifest and files.

    The manifest on disk tells of everything once `made` is as high as `wanted`.
    """

    task_id: str
    finished_at: datetime
    wanted: int
    made: int
    removed_at: datetime | None


def begin(connection: Connection, task_id: str, finished_at: datetime) -> None:
    """The task becomes final in this transaction: a manifest is wanted."""
    connection.execute(
        seals.insert().values(task_id=task_id, finished_at=finished_at, wanted=1, made=0)
    )


def want(connection: Connection, task_id: str) -> None:
    """There is something new about a final task, or its manifest is gone: make it again."""
    connection.execute(
        update(seals)
        .where(seals.c.task_id == task_id, seals.c.removed_at.is_(None))
        .values(wanted=seals.c.wanted + 1)
    )


def get(connection: Connection, task_id: str) -> Seal | None:
    """The seal of a task; None if the task is not final."""
    row = connection.execute(select(seals).where(seals.c.task_id == task_id)).one_or_none()
    return None if row is None else Seal(**row._mapping)


def of_tasks(connection: Connection, task_ids: Sequence[str]) -> dict[str, Seal]:
    """The seals of those of these tasks that are final."""
    rows = connection.execute(select(seals).where(seals.c.task_id.in_(task_ids)))
    return {row.task_id: Seal(**row._mapping) for row in rows}


def due(connection: Connection, after: str, limit: int) -> list[str]:
    """Final tasks whose manifest is to be made, by id, that follow the id `after`."""
    query = select(seals.c.task_id).where(text(SEAL_DUE), seals.c.task_id > after)
    return list(connection.execute(query.order_by(seals.c.task_id).limit(limit)).scalars())


def sealed(connection: Connection, seal: Seal) -> None:
    """The manifest on disk tells what the record held when `seal` was read."""
    connection.execute(
        update(seals)
        .where(seals.c.task_id == seal.task_id, seals.c.made < seal.wanted)
        .values(made=seal.wanted)
    )
