"""Removes one safeguard of the product at a time, so that the suite can show that it would notice.

Each sabotage patches the product from outside, in the suite's own entry points, and does nothing
until the suite switches it on: so one system shows the same case green and then red.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from automation_service import batch_approval_service as service
from automation_service.batch_approval_service import BatchApprovalService
from automation_service.batch_page import BatchPage
from automation_service.browser import Browser
from automation_service.judgement import Finding
from orchestrator_service.dispatcher import Dispatcher
from shared.contracts import Condition, Intent, IntentTerms, ItemOutcome, Verdict
from shared.record import intents, outcomes
from shared.task_state import ItemStatus
from shared.utils import utc_now
from tests.faults.traps import FOLDER_VARIABLE
from worker_service import attempt
from worker_service import outcomes as decisions
from worker_service.claim import RecordClaim

TOO_SHORT_BY = 2.8
"""Seconds; what is left of ESC's settle time is over before the suite's late requests land."""
SWITCH = "sabotage"
"""The file that names the sabotage in force."""
PATIENCE = 5.0
_STILL_ENABLED = "for (const each of document.querySelectorAll('button')) each.disabled = false"
"""As on a page that was loaded before somebody approved the batch."""

SABOTAGES = {
    "no_look": "a batch is clicked on a page that was not read before",
    "no_intent": "the click is not announced in the record",
    "not_resolved": "an open intent is ignored, and the batch looked at as if new",
    "no_marker": "nothing of ours goes into the portal's remark",
    "toast_trusted": "a success message counts without reading back",
    "error_believed": "an error message counts without reading back",
    "may_resend": "the browser keeps its connections, and may send a request twice",
    "takeover_without_waiting": "an open intent of a dead holder is read at once",
    "no_settle": "what is not there yet after our own click is believed at once",
    "settle_too_short": "the settle time is shorter than a request may take to land",
    "somebody_else_early": "somebody else's approval is believed before the settle time is over",
    "cancel_skips_open_intent": "cancelling ends items that may have been clicked",
    "unreadable_is_failed": "what cannot be read any more is called failed",
    "no_re_ring": "a doorbell that nobody answers is never rung again",
}


class Switch:
    """Tells which sabotage is on; asked at every use, so the suite may change it at any time."""

    def __init__(self, folder: Path) -> None:
        """`folder` is shared with the suite."""
        self._path = folder / SWITCH

    def is_on(self, name: str) -> bool:
        """True if `name` is the sabotage in force."""
        try:
            return self._path.read_text() == name
        except FileNotFoundError:
            return False


def replaced(owner: Any, name: str, is_on: Callable[[], bool], other: Callable[..., Any]) -> None:
    """While `is_on`, `owner.name` does what `other` does; that gets the original first."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def either(*call: Any, **options: Any) -> Any:
        if is_on():
            return other(original, *call, **options)
        return original(*call, **options)

    setattr(owner, name, either)


def install_in_worker() -> None:
    """Prepare every sabotage of the worker's side."""
    on = _switch()
    replaced(BatchApprovalService, "_look", on("no_look"), _unseen)
    replaced(RecordClaim, "state_intent", on("no_intent"), _unwritten)
    replaced(BatchApprovalService, "_resolve", on("not_resolved"), _nothing)
    replaced(BatchPage, "_prepare", on("no_marker"), _without_marker)
    replaced(BatchApprovalService, "_read_back", on("toast_trusted"), _trust_success)
    replaced(BatchApprovalService, "_read_back", on("error_believed"), _believe_error)
    replaced(Browser, "_drop_connections", on("may_resend"), _nothing)
    replaced(intents, "without_verdict", on("takeover_without_waiting"), _seen_long_ago)
    replaced(RecordClaim, "wait_until", on("no_settle"), _nothing)
    replaced(RecordClaim, "wait_until", on("settle_too_short"), _too_short)
    replaced(decisions, "backoff", on("settle_too_short"), lambda *_: timedelta(0))
    replaced(service, "is_certain", on("somebody_else_early"), _or_somebody_else)
    replaced(decisions, "given_up", on("unreadable_is_failed"), _as_if_untouched)
    replaced(attempt, "given_up", on("unreadable_is_failed"), _as_if_untouched)


def install_in_orchestrator() -> None:
    """Prepare every sabotage of the edge's side."""
    on = _switch()
    replaced(Dispatcher, "_watch_doorbells", on("no_re_ring"), _nothing)
    skips = on("cancel_skips_open_intent")
    replaced(outcomes, "_with_open_intent", skips, lambda *_: set())


def _switch() -> Callable[[str], Callable[[], bool]]:
    switch = Switch(Path(os.environ[FOLDER_VARIABLE]))
    return lambda name: functools.partial(switch.is_on, name)


def _nothing(*_: Any) -> None:
    """Leave it out."""


def _unseen(original: Any, service: Any, claim: RecordClaim) -> BatchPage:
    """Before a click the page is what is hoped for, and whatever else it says is not noticed."""
    page: BatchPage
    if claim.open_intents:
        page = original(service, claim)
        return page
    page = service._portal.open_batch(claim.key, service._action.name)
    page.reading = dataclasses.replace(page.reading, condition=Condition.MAY_BE_DONE)
    service._portal._browser.evaluate(_STILL_ENABLED, PATIENCE)
    return page


def _unwritten(_: Any, claim: RecordClaim, terms: IntentTerms) -> Intent:
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


def _without_marker(original: Any, page: BatchPage, remark: str, _: str, *rest: Any) -> Any:
    return original(page, remark, "", *rest)


def _trust_success(original: Any, service: Any, claim: RecordClaim, *seen: Any) -> ItemOutcome:
    clicked = seen[0]
    if clicked.word.signal != "success":
        return _outcome(original(service, claim, *seen))
    return ItemOutcome(ItemStatus.DONE, clicked.word.text, verdict=Verdict.TAKEN, clicks=1)


def _believe_error(original: Any, service: Any, claim: RecordClaim, *seen: Any) -> ItemOutcome:
    clicked = seen[0]
    if clicked.word.signal != "refused":
        return _outcome(original(service, claim, *seen))
    return ItemOutcome(ItemStatus.REFUSED, clicked.word.text, verdict=Verdict.NOT_TAKEN, clicks=1)


def _outcome(found: ItemOutcome) -> ItemOutcome:
    return found


def _seen_long_ago(original: Any, *call: Any) -> tuple[Intent, ...]:
    return tuple(dataclasses.replace(intent, seen_at=0.0) for intent in original(*call))


def _too_short(original: Any, claim: RecordClaim, moment: float) -> None:
    original(claim, moment - TOO_SHORT_BY)


def _or_somebody_else(original: Any, finding: Finding, *of: Any) -> bool:
    return finding is Finding.SOMEBODY_ELSE or bool(original(finding, *of))


def _as_if_untouched(original: Any, ending: ItemOutcome, *, intent_open: bool) -> ItemOutcome:
    return _outcome(original(ending, intent_open=False))
