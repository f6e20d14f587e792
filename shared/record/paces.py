"""Paces: one row per portal that counts what all workers together ask it for.

Whoever has seen the same count for the time between two requests, on its own monotonic clock, may
ask next; so no two clocks are compared.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from shared.record.database import insert_if_absent
from shared.record.tables import paces


def turns(connection: Connection, portal: str) -> int:
    """How many turns were taken so far."""
    query = select(paces.c.turns).where(paces.c.portal == portal)
    return connection.execute(query).scalar_one_or_none() or 0


def take(connection: Connection, portal: str, seen: int) -> bool:
    """Take the turn after `seen` turns; False if somebody else has taken it."""
    insert_if_absent(connection, paces, {"portal": portal, "turns": 0})
    result = connection.execute(
        update(paces).where(paces.c.portal == portal, paces.c.turns == seen).values(turns=seen + 1)
    )
    return result.rowcount == 1
