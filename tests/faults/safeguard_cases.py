"""For each safeguard the case that misses it: kept by the product, broken without."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from shared.record.tables import claims
from tests.faults.deeds import CLOCK_LASTS, CLOCK_SECONDS, Deed, Heal, kill_child, put_clock_forward
from tests.faults.oracle import Violation
from tests.faults.overtaking import overtaken
from tests.faults.plan import Plan, Strike
from tests.faults.portal_faults import LATE_MS, LineFault, PortalFault
from tests.faults.safeguards import PATIENCE, Safeguard
from tests.faults.surroundings import lose_doorbells, somebody_else_approves
from tests.faults.system_under_fault import SystemUnderFault, wait_until
from tests.faults.traps import Hit

READ_OFTEN = 240.0
"""Seconds for a batch that is claimed as often as it may be."""
LOST_AFTER = 30.0
"""Seconds after which a task that nobody works on counts as lost; the product needs about 5."""


def all_workers_die_and_the_task_is_cancelled(here: SystemUnderFault, hit: Hit) -> Heal:
    """Nobody works on what was just clicked while its task is cancelled."""
    key, task_id = hit.about
    _kill_all_workers(here)

    def go_on() -> None:
        wait_until("the claim is free", lambda: _is_free(here, key), PATIENCE)
        here.steer("cancel", task_id)
        _start_all_workers(here)

    return go_on


def the_portal_is_down_until_the_end(here: SystemUnderFault, hit: Hit) -> Heal:
    """What was clicked can never be read back."""
    here.take_down(here.system.portal)

    def come_back() -> None:
        wait_until("the task is final", lambda: here.are_final([hit.about[-1]]), 2 * PATIENCE)
        here.bring_back(here.system.portal)

    return come_back


def _kill_all_workers(here: SystemUnderFault) -> None:
    for worker in here.system.workers:
        here.take_down(worker)


def _start_all_workers(here: SystemUnderFault) -> None:
    for worker in here.system.workers:
        here.bring_back(worker)


def _is_free(here: SystemUnderFault, key: str) -> bool:
    with here.record.read() as connection:
        held = (claims.c.key == key, claims.c.holder.is_not(None))
        return connection.execute(select(claims.c.key).where(*held)).first() is None


_DIES = Strike("after_click", Deed("kill -9 of a pool child", kill_child))
_DIES_ONCE_ANSWERED = Strike("before_read_back", Deed("kill -9 of a pool child", kill_child))
"""By then the request has surely arrived: before, it may die with its browser."""
_CANCELLED = Deed("all workers die, then cancel", all_workers_die_and_the_task_is_cancelled)
_BLIND = Deed("portal down to the end", the_portal_is_down_until_the_end, may_blind=True)
_RIVAL = Deed("somebody else approves", somebody_else_approves)
_UNHEARD = Deed("doorbell lost", lose_doorbells)
_JUMP = Deed("wall clock 2 h ahead", put_clock_forward, CLOCK_LASTS, moves_clock=CLOCK_SECONDS)
_DIES_AGAIN = Deed("kill -9 of whoever reads it", kill_child, may_blind=True)


def _case(
    sabotage: str,
    breaks: Violation,
    case: str,
    *strikes: Strike,
    fault: PortalFault | None = None,
    **more: Any,
) -> Safeguard:
    """One case with one batch, or what `more` says of a plan."""
    faults = () if fault is None else (fault,)
    about = {"portal_faults": faults, "tasks": ((0,),), "patience": PATIENCE, **more}
    return Safeguard(sabotage, breaks, case, Plan(f"{sabotage}: {case}", strikes, **about))


_LOST_ANSWER = PortalFault("response_lost", 0, {"times": 1})
VERY_LATE_MS = 6000
"""Later than a settle time, but sooner than a click budget and a settle time after the intent."""
MANY = (0, 1, 2, 3, 4)
"""Batches enough that the other worker comes to claim one more."""
_NO_EFFECT = PortalFault("success_without_effect", 0, {"times": 1})

SAFEGUARDS = (
    _case(
        "no_look", Violation.DOUBLE, "somebody approved just before", Strike("before_look", _RIVAL)
    ),
    _case("no_intent", Violation.DOUBLE, "the child dies after the click", _DIES),
    _case("intent_after_click", Violation.DOUBLE, "the child dies after the click", _DIES),
    _case(
        "no_fence_at_intent",
        Violation.DOUBLE,
        "another worker clicks while ours stands still before its intent",
        *overtaken("before_intent"),
        tasks=(MANY,),
        patient=True,
        patience=READ_OFTEN,
    ),
    _case(
        "no_fence_at_outcome",
        Violation.UNTRUE,
        "the page hangs until the item fails, and another worker clicks before that is written",
        *overtaken("before_outcome"),
        fault=PortalFault("hang", 0, {"step": "look", "times": 1}),
        tasks=(MANY,),
        patient=True,
        patience=READ_OFTEN,
    ),
    _case("not_resolved", Violation.UNTRUE, "the child dies after the click", _DIES),
    _case("no_marker", Violation.UNTRUE, "nothing goes wrong"),
    _case("toast_trusted", Violation.UNTRUE, "success without effect", fault=_NO_EFFECT),
    _case("error_believed", Violation.UNTRUE, "the answer is lost", fault=_LOST_ANSWER),
    _case("may_resend", Violation.DOUBLE, "the answer is lost", fault=_LOST_ANSWER),
    _case(
        "takeover_without_waiting",
        Violation.DOUBLE,
        "the request lands late, and the child dies after the click",
        _DIES_ONCE_ANSWERED,
        fault=PortalFault("lands_late", 0, {"ms": VERY_LATE_MS, "times": 1}),
    ),
    _case(
        "waiting_by_wall_clock",
        Violation.DOUBLE,
        "the request lands late, the child dies, and the clock of whoever waits jumps ahead",
        _DIES_ONCE_ANSWERED,
        Strike("after_resolve", _JUMP),
        fault=PortalFault("lands_late", 0, {"ms": VERY_LATE_MS, "times": 1}),
    ),
    _case(
        "no_settle",
        Violation.UNTRUE,
        "the approval is shown late",
        fault=PortalFault("shown_late", 0, {"ms": LATE_MS, "times": 1}),
    ),
    _case(
        "settle_too_short",
        Violation.DOUBLE,
        "the request lands late",
        fault=PortalFault("lands_late", 0, {"ms": LATE_MS, "times": 1}),
    ),
    _case(
        "somebody_else_early",
        Violation.UNTRUE,
        "the request lands late, and somebody else approves meanwhile",
        Strike("after_click", _RIVAL),
        fault=PortalFault("lands_late", 0, {"ms": LATE_MS, "times": 1}),
    ),
    _case(
        "any_intent_is_ours",
        Violation.UNTRUE,
        "the child dies before the click, and somebody else approves",
        Strike("after_intent", Deed("kill -9 of a pool child", kill_child)),
        Strike("before_resolve", _RIVAL),
    ),
    _case(
        "review_before_resolving",
        Violation.UNTRUE,
        "the child dies after the click on a batch that was reviewed",
        _DIES_ONCE_ANSWERED,
        reviewed=True,
    ),
    _case(
        "moved_on_is_refused",
        Violation.UNTRUE,
        "the batch moves on as soon as it is approved",
        fault=PortalFault("moves_on", 0, {"ms": 0, "status": "Forwarded", "times": 1}, True),
    ),
    _case(
        "cancel_skips_open_intent",
        Violation.UNTRUE,
        "cancelled when all workers died after the click",
        Strike("after_click", _CANCELLED),
        patience=2 * PATIENCE,
    ),
    _case(
        "unreadable_is_failed",
        Violation.UNTRUE,
        "the portal is down from the click on",
        Strike("before_read_back", _BLIND),
        patience=2 * PATIENCE,
    ),
    _case(
        "giving_up_is_failed",
        Violation.UNTRUE,
        "the child dies after the click, and whoever reads what became of it",
        _DIES_ONCE_ANSWERED,
        Strike("before_resolve", _DIES_AGAIN, always=True),
        patience=READ_OFTEN,
    ),
    _case(
        "no_re_ring",
        Violation.LOST,
        "the doorbell is lost",
        Strike("before_ring", _UNHEARD),
        patience=LOST_AFTER,
    ),
    Safeguard(
        "permit_not_one_shot",
        Violation.DOUBLE,
        "the driver's command to click is repeated",
        Plan(
            "permit_not_one_shot: the driver's command to click is repeated",
            line_faults=(LineFault("click repeated", again=True, batch=0),),
            tasks=((0,),),
            patience=PATIENCE,
        ),
        new_browsers=True,
    ),
)
