"""The safeguards of the approval protocol as switches: a model with one removed must fail."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Safeguards:
    """What keeps an approval from happening twice, or from being reported untruly.

    All in place is the protocol as it is. These switches are the model's alone.
    """

    look: bool = True
    intent: bool = True
    intent_before_click: bool = True
    fence_at_intent: bool = True
    fence_at_outcome: bool = True
    wait_at_takeover: bool = True
    wait_on_monotonic_clock: bool = True
    settle: bool = True
    settle_from_deadline: bool = True
    settle_long_enough: bool = True
    guard: bool = True
    permit_before_commit: bool = True
    permit_on_monotonic_clock: bool = True
    permit_once: bool = True
    deny_by_default: bool = True
    page_left_at_deadline: bool = True
    error_is_a_hint: bool = True
    toast_is_a_hint: bool = True
    somebody_else_after_settle: bool = True
    unreadable_is_unverified: bool = True
    giving_up_is_unverified: bool = True
    unverified_stays_open: bool = True
    cancel_leaves_open_intent: bool = True
    resolve_before_review: bool = True
    moved_on_is_unverified: bool = True
    done_needs_our_marker: bool = True
    marker: bool = True
    no_resend: bool = True


ALL_IN_PLACE = Safeguards()
