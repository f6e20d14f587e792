"""Artifacts: files on disk that something in the record rests on, and why one is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from shared.contracts import Evidence, EvidenceKind, MissingPicture
from shared.record.tables import artifacts, missing_pictures


@dataclass(frozen=True)
class Artifact:
    """A piece of evidence and the item it belongs to (None: the task itself)."""

    task_id: str
    item_id: int | None
    evidence: Evidence


def insert(
    connection: Connection, task_id: str, item_id: int | None, pieces: Sequence[Evidence]
) -> None:
    """Keep rows for files that are already durable on disk."""
    rows = [
        {
            "task_id": task_id,
            "item_id": item_id,
            "kind": piece.kind.value,
            "path": piece.path,
            "sha256": piece.sha256,
            "size": piece.size,
            "content_type": piece.content_type,
            "taken_at": piece.taken_at,
        }
        for piece in pieces
    ]
    if rows:
        connection.execute(artifacts.insert(), rows)


def insert_missing(connection: Connection, item_id: int, missing: Sequence[MissingPicture]) -> None:
    """Keep why pictures that belong to an item could not be taken."""
    rows = [
        {
            "item_id": item_id,
            "kind": picture.kind.value,
            "reason": picture.reason,
            "noted_at": picture.noted_at,
        }
        for picture in missing
    ]
    if rows:
        connection.execute(missing_pictures.insert(), rows)


def missing_of_items(
    connection: Connection, item_ids: Sequence[int]
) -> dict[int, list[MissingPicture]]:
    """The pictures that each of these items lacks, in the order in which that was noted."""
    found: dict[int, list[MissingPicture]] = {}
    query = select(missing_pictures).where(missing_pictures.c.item_id.in_(item_ids))
    for row in connection.execute(query.order_by(missing_pictures.c.id)):
        picture = MissingPicture(EvidenceKind(row.kind), row.reason, row.noted_at)
        found.setdefault(row.item_id, []).append(picture)
    return found


def of_items(connection: Connection, item_ids: Sequence[int]) -> dict[int, list[Evidence]]:
    """The evidence of each of these items, in the order it was taken."""
    found: dict[int, list[Evidence]] = {}
    query = select(artifacts).where(artifacts.c.item_id.in_(item_ids)).order_by(artifacts.c.id)
    for row in connection.execute(query):
        found.setdefault(row.item_id, []).append(_evidence(row))
    return found


def of_task(
    connection: Connection, task_id: str, kind: EvidenceKind, limit: int = 100
) -> list[Evidence]:
    """Evidence of one kind of a whole task, newest first."""
    rows = connection.execute(
        select(artifacts)
        .where(artifacts.c.task_id == task_id, artifacts.c.kind == kind.value)
        .order_by(artifacts.c.id.desc())
        .limit(limit)
    )
    return [_evidence(row) for row in rows]


def every(connection: Connection, task_id: str) -> list[Artifact]:
    """Every artifact of a task, in the order they were taken."""
    query = select(artifacts).where(artifacts.c.task_id == task_id).order_by(artifacts.c.id)
    return [Artifact(row.task_id, row.item_id, _evidence(row)) for row in connection.execute(query)]


def page(connection: Connection, task_id: str, after_path: str, limit: int) -> list[Evidence]:
    """Up to `limit` files of a task whose path follows `after_path`, by path."""
    rows = connection.execute(
        select(artifacts)
        .where(artifacts.c.task_id == task_id, artifacts.c.path > after_path)
        .order_by(artifacts.c.path)
        .limit(limit)
    )
    return [_evidence(row) for row in rows]


def by_path(connection: Connection, path: str) -> Artifact | None:
    """The artifact stored under this path below the results folder, or None."""
    row = connection.execute(select(artifacts).where(artifacts.c.path == path)).one_or_none()
    return None if row is None else Artifact(row.task_id, row.item_id, _evidence(row))


def _evidence(row: object) -> Evidence:
    mapping = row._mapping  # type: ignore[attr-defined]
    names = ("path", "sha256", "size", "content_type", "taken_at")
    return Evidence(kind=EvidenceKind(mapping["kind"]), **{name: mapping[name] for name in names})
