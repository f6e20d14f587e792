"""Intents: "about to click", written before the click and never taken back."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, select, true, update

from shared.contracts import Intent, IntentTerms, Verdict
from shared.record import claims
from shared.record.claims import HeldClaim
from shared.record.tables import intents
from shared.utils import utc_now


def state(connection: Connection, claim: HeldClaim, terms: IntentTerms) -> Intent:
    """Write an intent under the claim's fence. Raises ClaimLost if the fence has moved on."""
    claims.require(connection, claim)
    marker = f"AAB-{secrets.token_hex(6)}"
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
