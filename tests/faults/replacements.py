"""What the product does in the place of a safeguard that was taken from it: one function each.

Every one gets the original first and then what that is called with.
"""

from __future__ import annotations

import dataclasses
import functools
import secrets
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from automation_service import browser as browser_module
from automation_service.batch_page import BatchPage, Word
from automation_service.judgement import Finding
from shared.contracts import (
    Attribution,
    Condition,
    Intent,
    IntentTerms,
    ItemOutcome,
    Reading,
    Verdict,
)
from shared.record import intents, outcomes
from shared.record.claims import HeldClaim
from shared.record.persistence import persist
from shared.task_state import ItemStatus
from shared.utils import utc_now
from worker_service.claim import RecordClaim

Original = Callable[..., Any]

TOO_SHORT_BY = 2.8
"""Seconds; what is left of ESC's settle time is over before the suite's late requests land."""
PATIENCE = 5.0
LOOK_SECONDS = 0.05
_STILL_ENABLED = "for (const each of document.querySelectorAll('button')) each.disabled = false"
"""As on a page that was loaded before somebody approved the batch."""
_WALL_AHEAD = time.time() - time.monotonic()
"""What a wall clock shows beyond the monotonic one, before the suite moves any."""
_ONE_SHOT = 'permit.state.spent = event.type === "click";'
_late: list[tuple[RecordClaim, IntentTerms, str]] = []
"""The click of this process that is to be announced once it is made."""


def nothing(*_: Any) -> None:
    """Leave it out."""


# -- look, intent, click -----------------------------------------------------------------------


def unseen(original: Original, service: Any, claim: RecordClaim) -> BatchPage:
    """Before a click the page is what is hoped for, and whatever else it says is not noticed."""
    page: BatchPage
    if claim.open_intents:
        page = original(service, claim)
        return page
    page = service._portal.open_batch(claim.key, service._action.name)
    page.reading = dataclasses.replace(page.reading, condition=Condition.MAY_BE_DONE)
    service._portal._browser.evaluate(_STILL_ENABLED, PATIENCE)
    return page


def unwritten(_: Original, claim: RecordClaim, terms: IntentTerms) -> Intent:
    """An intent that nobody else hears of."""
    return Intent(
        id=0,
        marker=f"AAB-{secrets.token_hex(6)}",
        fence=claim.held.fence,
        attempt=claim.attempt,
        click_budget=terms.click_budget,
        settle=terms.settle,
        stated_at=utc_now(),
        browser=terms.browser,
    )


def announced_late(original: Original, claim: RecordClaim, terms: IntentTerms) -> Intent:
    """An intent that is written when its click was made."""
    intent = unwritten(original, claim, terms)
    _late[:] = [(claim, terms, intent.marker)]
    return intent


def announce_what_was_clicked(original: Original, *call: Any) -> Word:
    """Write what `announced_late` put off."""
    for claim, terms, marker in _late:
        stated = functools.partial(intents.state, claim=claim.held, terms=terms, marker=marker)
        persist(claim._record, stated)
    _late.clear()
    word: Word = original(*call)
    return word


def without_marker(original: Original, page: BatchPage, remark: str, _: str, *rest: Any) -> Any:
    """Go to the click with a remark that names no intent."""
    return original(page, remark, "", *rest)


def permitting_more_than_one(original: Original, browser: Any, *call: Any, **options: Any) -> None:
    """A browser whose pages take every click while the permit lasts, not the first alone."""
    whole = browser_module._GUARD
    assert whole.count(_ONE_SHOT) == 1
    browser_module._GUARD = whole.replace(_ONE_SHOT, "")
    try:
        original(browser, *call, **options)
    finally:
        browser_module._GUARD = whole


# -- what is believed, and when ----------------------------------------------------------------


def trust_success(original: Original, service: Any, claim: RecordClaim, *seen: Any) -> ItemOutcome:
    """Take the portal's word for a success."""
    clicked = seen[0]
    if clicked.word.signal != "success":
        return _outcome(original(service, claim, *seen))
    return ItemOutcome(ItemStatus.DONE, clicked.word.text, verdict=Verdict.TAKEN, clicks=1)


def believe_error(original: Original, service: Any, claim: RecordClaim, *seen: Any) -> ItemOutcome:
    """Take the portal's word for a failure."""
    clicked = seen[0]
    if clicked.word.signal != "refused":
        return _outcome(original(service, claim, *seen))
    return ItemOutcome(ItemStatus.REFUSED, clicked.word.text, verdict=Verdict.NOT_TAKEN, clicks=1)


def seen_long_ago(original: Original, *call: Any) -> tuple[Intent, ...]:
    """Intents for which nobody has to wait any more."""
    return tuple(dataclasses.replace(intent, seen_at=0.0) for intent in original(*call))


def too_short(original: Original, claim: RecordClaim, moment: float) -> None:
    """Wait for less than the settle time."""
    original(claim, moment - TOO_SHORT_BY)


def by_wall_clock(original: Original, claim: RecordClaim, moment: float) -> None:
    """Wait until the wall clock says that it was long enough."""
    while time.time() < moment + _WALL_AHEAD:
        original(claim, min(moment, time.monotonic() + LOOK_SECONDS))


def or_somebody_else(original: Original, finding: Finding, *of: Any) -> bool:
    """Believe at once that somebody else did it."""
    return finding is Finding.SOMEBODY_ELSE or bool(original(finding, *of))


def approved_is_ours(original: Original, service: Any, claim: RecordClaim) -> ItemOutcome | None:
    """Take an approval for ours because a click of ours was announced once."""
    reading = _look(service, claim)
    if reading is None or reading.condition is not Condition.DONE:
        return _settled(original(service, claim))
    told = "Approved by an earlier click."
    ours = Attribution.OURS
    return ItemOutcome(ItemStatus.DONE, told, reading, ours, Verdict.TAKEN)


def compared_with_review(
    original: Original, service: Any, claim: RecordClaim
) -> ItemOutcome | None:
    """Compare a batch with what was reviewed before reading what became of a click."""
    reading = _look(service, claim)
    if reading is None or claim.review is None or claim.review.still_holds(reading):
        return _settled(original(service, claim))
    return _outcome(service._conclusion.changed(claim.review, reading))


def moved_on_is_refused(
    original: Original, conclusion: Any, finding: Finding, reading: Reading, *rest: Any, **more: Any
) -> ItemOutcome:
    """Call refused what is in no state to be approved, whatever was clicked before."""
    if finding not in (Finding.MOVED_ON, Finding.UNDONE):
        return _outcome(original(conclusion, finding, reading, *rest, **more))
    told = f"The portal shows the batch as {reading.words!r}."
    return ItemOutcome(ItemStatus.REFUSED, told, reading, verdict=Verdict.NOT_TAKEN)


# -- what is written ---------------------------------------------------------------------------


def as_if_untouched(original: Original, ending: ItemOutcome, *, intent_open: bool) -> ItemOutcome:
    """Give up an item as if nothing had been clicked."""
    return _outcome(original(ending, intent_open=False))


def unfenced(_: Original, connection: Connection, claim: HeldClaim, outcome: ItemOutcome) -> None:
    """Write an outcome whoever holds the claim by now."""
    rests_on = outcome.reading
    read_id = None if rests_on is None else outcomes.insert_read(connection, claim, rests_on)
    outcomes._end(connection, [claim.item.id], outcome, read_id)


def _look(service: Any, claim: RecordClaim) -> Reading | None:
    """One look at what an open intent is about; None where there is no such intent."""
    if not claim.open_intents:
        return None
    reading: Reading = service._look(claim).reading
    return reading


def _outcome(found: ItemOutcome) -> ItemOutcome:
    return found


def _settled(found: ItemOutcome | None) -> ItemOutcome | None:
    return found
