"""Seats: how many sessions an account may have at a portal at a time, over all workers.

A slot holds a seat from its first item to its leaving, and a death frees it with the slot. The
browser that is logged in stays named in the row: the same worker takes its own seat again and need
not log in, and whoever takes the seat of another knows which browser has to go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from shared.record.database import insert_if_absent
from shared.record.tables import seats, tasks
from shared.task_state import FINAL_STATES

MOST_PASSED_OVER = 5
"""How often a free seat is left to the task that waits for it before others take it."""


@dataclass(frozen=True)
class Seating:
    """Where seats are: an account at a portal, which has `most` of them."""

    portal: str
    account: str
    most: int


@dataclass(frozen=True)
class Sitter:
    """Who wants a seat: a slot, the task it works on, and its browser's name, if it has one."""

    slot_id: str
    task_id: str
    browser: str | None


@dataclass(frozen=True)
class Seat:
    """A seat that was taken; `left_by` is another browser that is still logged in by it."""

    number: int
    left_by: str | None


def take(connection: Connection, place: Seating, sitter: Sitter) -> Seat | None:
    """Take a seat, or keep the one we have; None if there is none for us now.

    Then one is kept for the task, so that a long task does not take it again and again.
    """
    rows = _locked(connection, place)
    if any(row.holder == sitter.slot_id for row in rows):
        return Seat(next(row.number for row in rows if row.holder == sitter.slot_id), None)
    free = [row for row in rows if row.holder is None and row.number <= place.most]
    ours = [row for row in free if not _is_kept_for_another(connection, row, sitter)]
    if not ours:
        _have_one_kept(connection, rows, sitter)
        return None
    best = min(ours, key=lambda row: (row.browser != sitter.browser, row.browser is not None))
    taken = {"holder": sitter.slot_id, "task_id": sitter.task_id, "browser": sitter.browser}
    _set(connection, best, **taken, kept_for=None, passed_over=0)
    return Seat(best.number, None if best.browser == sitter.browser else best.browser)


def note_browser(connection: Connection, slot_id: str, browser: str) -> None:
    """The slot that holds a seat is logged in by this browser."""
    mine = seats.c.holder == slot_id
    connection.execute(update(seats).where(mine).values(browser=browser))


def is_wanted(connection: Connection, slot_id: str) -> bool:
    """True if the seat of this slot is kept for another task."""
    query = select(seats.c.number).where(seats.c.holder == slot_id, seats.c.kept_for.is_not(None))
    return connection.execute(query).first() is not None


def free(connection: Connection, slot_id: str) -> None:
    """The slot needs its seat no more."""
    mine = seats.c.holder == slot_id
    connection.execute(update(seats).where(mine).values(holder=None, task_id=None))


def _locked(connection: Connection, place: Seating) -> Sequence[Any]:
    """The account's seats, locked until the transaction ends; made if they are new."""
    at = and_(seats.c.portal == place.portal, seats.c.account == place.account)
    known = connection.execute(select(func.count()).select_from(seats).where(at)).scalar_one()
    named = {"portal": place.portal, "account": place.account, "passed_over": 0}
    for number in range(known + 1, place.most + 1):
        insert_if_absent(connection, seats, {**named, "number": number})
    return connection.execute(
        select(seats).where(at).order_by(seats.c.number).with_for_update()
    ).all()


def _is_kept_for_another(connection: Connection, row: Any, sitter: Sitter) -> bool:
    if row.kept_for in (None, sitter.task_id) or row.passed_over >= MOST_PASSED_OVER:
        return False
    final = [state.value for state in FINAL_STATES]
    waits = select(tasks.c.id).where(tasks.c.id == row.kept_for, tasks.c.state.not_in(final))
    if connection.execute(waits).first() is None:
        return False
    _set(connection, row, passed_over=row.passed_over + 1)
    return True


def _have_one_kept(connection: Connection, rows: Sequence[Any], sitter: Sitter) -> None:
    """Have a seat kept for the task, unless it has one already or one is kept."""
    if any(sitter.task_id in (row.task_id, row.kept_for) for row in rows):
        return
    row = next((row for row in rows if row.kept_for is None), None)
    if row is not None:
        _set(connection, row, kept_for=sitter.task_id, passed_over=0)


def _set(connection: Connection, row: Any, **values: Any) -> None:
    connection.execute(update(seats).where(_is(row)).values(**values))


def _is(row: Any) -> ColumnElement[bool]:
    return and_(
        seats.c.portal == row.portal,
        seats.c.account == row.account,
        seats.c.number == row.number,
    )
