"""Intents: "about to click", written before the click and never taken back."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, select, true, update

from shared.contracts import Intent, IntentTerms, Verdict
from shared.errors import NothingClicked
from shared.record import claims, tasks
from shared.record.claims import HeldClaim
from shared.record.tables import intents
from shared.task_state import TaskState
from shared.utils import utc_now


def new_marker() -> str:
    """A marker that no intent has."""
    return f"AAB-{secrets.token_hex(6)}"


def state(
    connection: Connection, claim: HeldClaim, terms: IntentTerms, marker: str | None = None
) -> Intent:
    """Write an intent under the claim's fence, with a marker of its own unless one is given.

    Raises ClaimLost if the fence has moved on, and NothingClicked if the task is not to go on.
    """
    claims.require(connection, claim)
    _require_running(connection, claim)
    marker = marker or new_marker()
    stated_at = utc_now()
    inserted = connection.execute(
        intents.insert()
        .values(
            portal=claim.item.portal,
            action=claim.item.action,
            key=claim.item.key,
            item_id=claim.item.id,
            fence=claim.fence,
            attempt=claim.item.attempts,
            marker=marker,
            click_budget=terms.click_budget,
            settle=terms.settle,
            session=terms.session,
            browser=terms.browser,
            permit_ends=terms.permit_ends,
            stated_at=stated_at,
        )
        .returning(intents.c.id)
    )
    return Intent(
        id=inserted.scalar_one(),
        marker=marker,
        fence=claim.fence,
        attempt=claim.item.attempts,
        click_budget=terms.click_budget,
        settle=terms.settle,
        stated_at=stated_at,
        browser=terms.browser,
    )


def stated(connection: Connection, claim: HeldClaim, marker: str) -> Intent | None:
    """This claim's intent of that marker, if it is in the record: a commit without an answer.

    Raises ClaimLost if the fence has moved on.
    """
    claims.require(connection, claim)
    found = _found(connection, intents.c.marker == marker)
    return found[0] if found else None


def without_verdict(connection: Connection, claim: HeldClaim) -> tuple[Intent, ...]:
    """The intents on this batch, by whomever, that are still open; oldest first."""
    return _found(
        connection,
        and_(
            intents.c.portal == claim.item.portal,
            intents.c.action == claim.item.action,
            intents.c.key == claim.item.key,
            intents.c.verdict.is_(None),
        ),
    )


def of_item(connection: Connection, claim: HeldClaim) -> tuple[Intent, ...]:
    """Every intent that was stated for this very item; oldest first."""
    return _found(connection, intents.c.item_id == claim.item.id)


def close(
    connection: Connection, claim: HeldClaim, verdict: Verdict | None, taken: Sequence[str] = ()
) -> None:
    """Give every open intent of this batch a verdict, under the fence. Raises ClaimLost.

    Those whose markers are in `taken` took effect, whatever became of the others; without a
    verdict those others stay open.
    """
    claims.require(connection, claim)
    if taken:
        _close(connection, claim, Verdict.TAKEN, intents.c.marker.in_(taken))
    if verdict is not None:
        _close(connection, claim, verdict, true())


def _require_running(connection: Connection, claim: HeldClaim) -> None:
    """Let nothing be clicked for a task that was cancelled, or that cannot go on."""
    task = tasks.get(connection, claim.item.task_id)
    if task is None or task.state is not TaskState.RUNNING or task.error is not None:
        why = "" if task is None or task.error is None else f": {task.error}"
        raise NothingClicked(f"{claim.item.key} was not clicked, its task does not go on{why}")


def _found(connection: Connection, which: ColumnElement[bool]) -> tuple[Intent, ...]:
    rows = connection.execute(select(intents).where(which).order_by(intents.c.id))
    return tuple(
        Intent(
            id=row.id,
            marker=row.marker,
            fence=row.fence,
            attempt=row.attempt,
            click_budget=row.click_budget,
            settle=row.settle,
            stated_at=row.stated_at,
            browser=row.browser,
        )
        for row in rows
    )


def _close(
    connection: Connection, claim: HeldClaim, verdict: Verdict, which: ColumnElement[bool]
) -> None:
    connection.execute(
        update(intents)
        .where(
            intents.c.portal == claim.item.portal,
            intents.c.action == claim.item.action,
            intents.c.key == claim.item.key,
            intents.c.verdict.is_(None),
            which,
        )
        .values(verdict=verdict.value, verdict_at=utc_now())
    )
