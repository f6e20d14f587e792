"""Every safeguard that can be removed, and where it is shown that it would be missed.

On the product where one run can show it: `safeguard_cases.py` has the case. In a browser where it
stands in the page: tests/integration/automation_service/test_weakened_guard.py has the page. In the
model of the protocol, in every order of events: `tests/model/catalogue.py` has the world.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Removal:
    """What is removed, and by which names: of the sabotage, the part of the guard, the model."""

    without: str
    product: str = ""
    guard: str = ""
    model: str = ""


REMOVALS = (
    Removal("no look", "no_look", model="no look"),
    Removal("no intent", "no_intent", model="no intent"),
    Removal("intent after the click", "intent_after_click", model="intent after the click"),
    Removal("no fence at the intent", "no_fence_at_intent", model="no fence at the intent"),
    Removal("no fence at the outcome", "no_fence_at_outcome", model="none at the outcome"),
    Removal(
        "takeover without waiting", "takeover_without_waiting", model="takeover without waiting"
    ),
    Removal(
        "waiting by wall clock with a jump",
        "waiting_by_wall_clock",
        model="waiting by wall clock with a jump",
    ),
    Removal("no settle", "no_settle", model="no settle"),
    Removal(
        "settle counted from the click's return", model="settle counted from the click's return"
    ),
    Removal("S just below D + A", "settle_too_short", model="S just below D + A"),
    Removal("no guard", guard="no guard", model="no guard in the page"),
    Removal("permit counted after the commit", model="permit counted after the commit"),
    Removal("permit by wall clock", guard="permit by wall clock", model="permit by wall clock"),
    Removal("permit without an end", guard="permit without an end"),
    Removal(
        "permit not one-shot", "permit_not_one_shot", "permit not one-shot", "permit not one-shot"
    ),
    Removal("not denied by default", guard="not denied by default", model="not denied by default"),
    Removal("page not left at its deadline", model="a script may send the request late"),
    Removal("an error believed at once", "error_believed", model="an error believed at once"),
    Removal(
        '"somebody else" believed early',
        "somebody_else_early",
        model='"somebody else" believed early',
    ),
    Removal("toast trusted", "toast_trusted", model="toast trusted"),
    Removal(
        "unreadable reported failed", "unreadable_is_failed", model="unreadable reported failed"
    ),
    Removal("giving up reported failed", "giving_up_is_failed", model="giving up reported failed"),
    Removal(
        "an unverified click closes its intent",
        model="an unverified click closes its intent unread",
    ),
    Removal(
        "cancel skips an open intent",
        "cancel_skips_open_intent",
        model="cancel skips an open intent",
    ),
    Removal(
        "review compared before resolving",
        "review_before_resolving",
        model="review compared before resolving",
    ),
    Removal("moved-on reported refused", "moved_on_is_refused", model="moved-on reported refused"),
    Removal(
        "any old intent reported done", "any_intent_is_ours", model="any old intent reported done"
    ),
    Removal("an open intent not resolved", "not_resolved"),
    Removal("no marker", "no_marker", model="no marker in the remark"),
    Removal("browser allowed to resend", "may_resend", model="browser allowed to resend"),
    Removal("finalising outside the lock", model="finalising outside the lock"),
    Removal("no re-ring", "no_re_ring", model="no re-ring"),
)
