"""Removes one safeguard of the product at a time, so that the suite can show that it would notice.

Each sabotage patches the product from outside, in the suite's own entry points, and does nothing
until the suite switches it on: so one system shows the same case green and then red.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from automation_service import batch_approval_service as service
from automation_service.batch_approval_service import BatchApprovalService
from automation_service.batch_page import BatchPage
from automation_service.browser import Browser
from automation_service.conclusion import Conclusion
from orchestrator_service.dispatcher import Dispatcher
from shared.record import claims, intents, outcomes
from tests.faults import replacements as instead
from tests.faults.traps import FOLDER_VARIABLE
from worker_service import attempt
from worker_service import outcomes as decisions
from worker_service.claim import RecordClaim

SWITCH = "sabotage"
"""The file that names the sabotage in force."""

SABOTAGES = {
    "no_look": "a batch is clicked on a page that was not read before",
    "no_intent": "the click is not announced in the record",
    "intent_after_click": "the click is announced once it was made",
    "no_fence_at_intent": "a click is announced whoever holds the claim by now",
    "no_fence_at_outcome": "an outcome is written whoever holds the claim by now",
    "permit_not_one_shot": "the page takes every click while its permit lasts",
    "not_resolved": "an open intent is ignored, and the batch looked at as if new",
    "no_marker": "nothing of ours goes into the portal's remark",
    "toast_trusted": "a success message counts without reading back",
    "error_believed": "an error message counts without reading back",
    "may_resend": "the browser keeps its connections, and may send a request twice",
    "takeover_without_waiting": "an open intent of a dead holder is read at once",
    "waiting_by_wall_clock": "the settle time is over when the wall clock says so",
    "no_settle": "what is not there yet after our own click is believed at once",
    "settle_too_short": "the settle time is shorter than a request may take to land",
    "somebody_else_early": "somebody else's approval is believed before the settle time is over",
    "any_intent_is_ours": "an approval is called ours because a click was announced once",
    "review_before_resolving": "a batch is compared with its review before a click is read",
    "moved_on_is_refused": "what moved on after a click is called refused",
    "cancel_skips_open_intent": "cancelling ends items that may have been clicked",
    "unreadable_is_failed": "what cannot be read any more is called failed",
    "giving_up_is_failed": "a click that its attempts did not suffice to read is called failed",
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
    _install_before_the_click(on)
    _install_after_the_click(on)
    _install_where_an_item_ends(on)


def _install_before_the_click(on: Callable[[str], Callable[[], bool]]) -> None:
    replaced(BatchApprovalService, "_look", on("no_look"), instead.unseen)
    replaced(RecordClaim, "state_intent", on("no_intent"), instead.unwritten)
    late = on("intent_after_click")
    replaced(RecordClaim, "state_intent", late, instead.announced_late)
    replaced(BatchApprovalService, "_hear", late, instead.announce_what_was_clicked)
    replaced(claims, "require", on("no_fence_at_intent"), instead.nothing)
    more = on("permit_not_one_shot")
    replaced(Browser, "__init__", more, instead.permitting_more_than_one)
    replaced(BatchPage, "_new_walk", on("no_marker"), instead.without_marker)
    replaced(Browser, "_drop_connections", on("may_resend"), instead.nothing)


def _install_after_the_click(on: Callable[[str], Callable[[], bool]]) -> None:
    replaced(BatchApprovalService, "_read_back", on("toast_trusted"), instead.trust_success)
    replaced(BatchApprovalService, "_read_back", on("error_believed"), instead.believe_error)
    replaced(BatchApprovalService, "_resolve", on("not_resolved"), instead.nothing)
    any_is_ours = on("any_intent_is_ours")
    replaced(BatchApprovalService, "_resolve", any_is_ours, instead.approved_is_ours)
    compared = on("review_before_resolving")
    replaced(BatchApprovalService, "_resolve", compared, instead.compared_with_review)
    at_once = on("takeover_without_waiting")
    replaced(intents, "without_verdict", at_once, instead.seen_long_ago)
    replaced(RecordClaim, "wait_until", on("waiting_by_wall_clock"), instead.by_wall_clock)
    replaced(RecordClaim, "wait_until", on("no_settle"), instead.nothing)
    replaced(RecordClaim, "wait_until", on("settle_too_short"), instead.too_short)
    replaced(decisions, "backoff", on("settle_too_short"), lambda *_: timedelta(0))
    replaced(service, "is_certain", on("somebody_else_early"), instead.or_somebody_else)


def _install_where_an_item_ends(on: Callable[[str], Callable[[], bool]]) -> None:
    replaced(Conclusion, "settled", on("moved_on_is_refused"), instead.moved_on_is_refused)
    replaced(outcomes, "record", on("no_fence_at_outcome"), instead.unfenced)
    replaced(decisions, "given_up", on("unreadable_is_failed"), instead.as_if_untouched)
    replaced(attempt, "given_up", on("giving_up_is_failed"), instead.as_if_untouched)


def install_in_orchestrator() -> None:
    """Prepare every sabotage of the edge's side."""
    on = _switch()
    replaced(Dispatcher, "_watch_doorbells", on("no_re_ring"), instead.nothing)
    skips = on("cancel_skips_open_intent")
    replaced(outcomes, "_with_open_intent", skips, lambda *_: set())


def _switch() -> Callable[[str], Callable[[], bool]]:
    switch = Switch(Path(os.environ[FOLDER_VARIABLE]))
    return lambda name: functools.partial(switch.is_on, name)
