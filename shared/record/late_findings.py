"""Late findings: what a later look at an item showed; beside its outcome, never over it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from shared.record import seals
from shared.record.tables import items, late_findings
from shared.utils import utc_now


def of_items(
    connection: Connection, item_ids: Sequence[int]
) -> dict[int, list[tuple[str, datetime]]]:
    """What later looks at these items showed, and when that was kept; oldest first."""
    rows = connection.execute(
        select(late_findings)
        .where(late_findings.c.item_id.in_(item_ids))
        .order_by(late_findings.c.id)
    )
    found: dict[int, list[tuple[str, datetime]]] = {}
    for row in rows:
        found.setdefault(row.item_id, []).append((row.finding, row.recorded_at))
    return found


def append(connection: Connection, item_id: int, read_id: int, finding: str) -> None:
    """Keep what a later look showed, in one sentence; the task's manifest is made again."""
    connection.execute(
        late_findings.insert().values(
            item_id=item_id, read_id=read_id, finding=finding, recorded_at=utc_now()
        )
    )
    query = select(items.c.task_id).where(items.c.id == item_id)
    seals.want(connection, connection.execute(query).scalar_one())
