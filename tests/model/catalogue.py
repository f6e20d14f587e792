"""Every safeguard with what breaks without it, and the search that shows it.

The fault suite prints the same table; what the model cannot show by its nature is shown there, in
a browser.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from automation_service.profile import Reclick
from tests.model import doorbells, finalising, protocol
from tests.model.case import Case
from tests.model.checker import CAN_END, Model, Report, check
from tests.model.portal import EDITED, MOVED_ON, THEIRS, VANISHED
from tests.model.safeguards import ALL_IN_PLACE

WITH_HISTORY = Case("a portal with a history", others=(THEIRS, MOVED_ON), cancelled=True)
WITHOUT_HISTORY = Case(
    "a portal without a history", history=False, others=(THEIRS, MOVED_ON), cancelled=True
)
REVIEWED = Case(
    "a reviewed batch, clicked once",
    reclick=Reclick.NEVER,
    others=(EDITED, VANISHED),
    reviewed=True,
)
ALONE = Case("nobody interferes", follows_idlers=True)
SLOW = Case(
    "a slow portal",
    others=(THEIRS, MOVED_ON),
    cancelled=True,
    click_budget=2,
    takes_effect=2,
    is_shown=2,
)
THRICE = Case("three attempts", others=(THEIRS, MOVED_ON), cancelled=True, attempts=3)
RETRIED = Case("a task that is retried", others=(THEIRS, MOVED_ON), retried=True, attempts=1)
RETRIED_WITHOUT_HISTORY = Case(
    "a retried task, a portal without a history",
    history=False,
    others=(THEIRS, MOVED_ON),
    retried=True,
    attempts=1,
)
RETRIED_NEVER_CLICKED_AGAIN = Case(
    "a retried task, clicked once",
    reclick=Reclick.NEVER,
    others=(THEIRS, MOVED_ON),
    retried=True,
    attempts=1,
)
CASES = (
    ALONE,
    WITH_HISTORY,
    WITHOUT_HISTORY,
    REVIEWED,
    SLOW,
    THRICE,
    RETRIED,
    RETRIED_WITHOUT_HISTORY,
    RETRIED_NEVER_CLICKED_AGAIN,
)

WHOLE: dict[str, Callable[[], Model[Any]]] = {
    **{case.name: partial(protocol.model_of, case) for case in CASES},
    "two last items at once": partial(finalising.model_of, in_lock=True),
    "doorbells lost and doubled": partial(doorbells.model_of, re_ring=True),
}
"""The models with every safeguard in place: each must keep every promise."""


@dataclass(frozen=True)
class Safeguard:
    """One row: `without` tells what is removed, `breaks` the promise, `shown_by` the case."""

    name: str
    without: str
    breaks: str
    shown_by: str
    model: Callable[[], Model[Any]]

    def removed(self) -> Report:
        """Search the model that lacks this safeguard for the promise it ought to break."""
        return check(self.model(), only=self.breaks)


def _row(switch: str, name: str, without: str, breaks: str, case: Case = ALONE) -> Safeguard:
    lacking = replace(case, safeguards=replace(ALL_IN_PLACE, **{switch: False}))
    return Safeguard(name, without, breaks, case.name, partial(protocol.model_of, lacking))


SAFEGUARDS: tuple[Safeguard, ...] = (
    _row("look", "look", "no look", protocol.NOT_AFTER_THEIRS, WITH_HISTORY),
    _row("intent", "intent", "no intent", protocol.ONCE),
    _row("intent_before_click", "intent first", "intent after the click", protocol.ONCE),
    _row("fence_at_intent", "fence at the intent", "no fence at the intent", protocol.ONCE),
    _row("fence_at_outcome", "fence at the outcome", "none at the outcome", protocol.NOT_DENIED),
    _row("wait_at_takeover", "wait at takeover", "takeover without waiting", protocol.ONCE),
    _row(
        "wait_on_monotonic_clock",
        "monotonic wait",
        "waiting by wall clock with a jump",
        protocol.ONCE,
    ),
    _row("settle", "settle time", "no settle", protocol.ONCE),
    _row(
        "settle_from_deadline",
        "settle from the deadline",
        "settle counted from the click's return",
        protocol.ONCE,
    ),
    _row("settle_long_enough", "settle long enough", "S just below D + A", protocol.ONCE),
    _row("guard", "guard", "no guard in the page", protocol.ONCE),
    _row(
        "permit_before_commit",
        "permit before the commit",
        "permit counted after the commit",
        protocol.ONCE,
    ),
    _row("permit_on_monotonic_clock", "monotonic permit", "permit by wall clock", protocol.ONCE),
    _row("permit_once", "one-shot permit", "permit not one-shot", protocol.ONCE),
    _row("deny_by_default", "denied by default", "not denied by default", protocol.ONCE),
    _row(
        "page_left_at_deadline",
        "page left at its deadline",
        "a script may send the request late",
        protocol.ONCE,
    ),
    _row("error_is_a_hint", "errors are hints", "an error believed at once", protocol.NOT_DENIED),
    _row("toast_is_a_hint", "toasts are hints", "toast trusted", protocol.TRUE),
    _row(
        "somebody_else_after_settle",
        "somebody else after settle",
        '"somebody else" believed early',
        protocol.NOT_DENIED,
        WITH_HISTORY,
    ),
    _row(
        "unreadable_is_unverified",
        "unreadable is unverified",
        "unreadable reported failed",
        protocol.NOT_DENIED,
    ),
    _row(
        "giving_up_is_unverified",
        "giving up is unverified",
        "giving up reported failed",
        protocol.NOT_DENIED,
    ),
    _row(
        "unverified_stays_open",
        "unverified stays open",
        "an unverified click closes its intent unread",
        protocol.ONCE,
        RETRIED,
    ),
    _row(
        "cancel_leaves_open_intent",
        "cancel leaves an open intent",
        "cancel skips an open intent",
        protocol.ACCOUNTED_FOR,
        WITH_HISTORY,
    ),
    _row(
        "resolve_before_review",
        "resolve before review",
        "review compared before resolving",
        protocol.NOT_DENIED,
        REVIEWED,
    ),
    _row(
        "moved_on_is_unverified",
        "moved on is unverified",
        "moved-on reported refused",
        protocol.NOT_DENIED,
        WITHOUT_HISTORY,
    ),
    _row(
        "done_needs_our_marker",
        "done needs our marker",
        "any old intent reported done",
        protocol.OURS_IS_OURS,
        WITH_HISTORY,
    ),
    _row("marker", "marker", "no marker in the remark", protocol.NOT_DENIED),
    _row("no_resend", "no resend", "browser allowed to resend", protocol.ONCE),
    Safeguard(
        "finalising in the lock",
        "finalising outside the lock",
        CAN_END,
        "two last items at once",
        partial(finalising.model_of, in_lock=False),
    ),
    Safeguard(
        "re-ring",
        "no re-ring",
        CAN_END,
        "doorbells lost and doubled",
        partial(doorbells.model_of, re_ring=False),
    ),
)
