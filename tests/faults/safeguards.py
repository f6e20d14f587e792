"""Shows that the suite can fail: each case is kept with the product whole, and missed without."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import select

from shared.record.tables import claims
from tests.faults.deeds import Deed, Heal, kill_child
from tests.faults.oracle import Finding, Violation
from tests.faults.plan import Plan, Strike
from tests.faults.portal_faults import LATE_MS, PortalFault
from tests.faults.report import Report
from tests.faults.round import Round
from tests.faults.sabotage import SABOTAGES
from tests.faults.surroundings import lose_doorbells, somebody_else_approves
from tests.faults.system_under_fault import SystemUnderFault, wait_until
from tests.faults.traps import Hit

TRIES = 3
"""A case that depends on who is quicker may need more than one."""
PATIENCE = 60.0
LOST_AFTER = 30.0
"""Seconds after which a task that nobody works on counts as lost; the product needs about 5."""


@dataclass(frozen=True)
class Safeguard:
    """One safeguard, by the name of the sabotage that removes it, and the case that misses it.

    `breaks` is what the oracle must find then, whatever else it finds.
    """

    sabotage: str
    breaks: Violation
    case: str
    plan: Plan

    @property
    def meaning(self) -> str:
        """What the product does without it."""
        return SABOTAGES[self.sabotage]


@dataclass(frozen=True)
class Shown:
    """What the oracle found with the safeguard, and without it."""

    safeguard: Safeguard
    whole: Report
    without: tuple[Finding, ...]

    @property
    def noticed(self) -> bool:
        """True if the suite is green with the safeguard and red, as it must be, without it."""
        broken = {finding.violation for finding in self.without}
        return self.whole.is_good and self.safeguard.breaks in broken


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
_CANCELLED = Deed("all workers die, then cancel", all_workers_die_and_the_task_is_cancelled)
_BLIND = Deed("portal down to the end", the_portal_is_down_until_the_end, may_blind=True)
_RIVAL = Deed("somebody else approves", somebody_else_approves)
_UNHEARD = Deed("doorbell lost", lose_doorbells)


def _case(
    sabotage: str,
    breaks: Violation,
    case: str,
    *strikes: Strike,
    fault: PortalFault | None = None,
    patience: float = PATIENCE,
) -> Safeguard:
    faults = () if fault is None else (fault,)
    plan = Plan(f"{sabotage}: {case}", strikes, faults, tasks=((0,),), patience=patience)
    return Safeguard(sabotage, breaks, case, plan)


_LOST_ANSWER = PortalFault("response_lost", 0, {"times": 1})
_NO_EFFECT = PortalFault("success_without_effect", 0, {"times": 1})

SAFEGUARDS = (
    _case(
        "no_look", Violation.DOUBLE, "somebody approved just before", Strike("before_look", _RIVAL)
    ),
    _case("no_intent", Violation.DOUBLE, "the child dies after the click", _DIES),
    _case("not_resolved", Violation.UNTRUE, "the child dies after the click", _DIES),
    _case("no_marker", Violation.UNTRUE, "nothing goes wrong"),
    _case("toast_trusted", Violation.UNTRUE, "success without effect", fault=_NO_EFFECT),
    _case("error_believed", Violation.UNTRUE, "the answer is lost", fault=_LOST_ANSWER),
    _case("may_resend", Violation.DOUBLE, "the answer is lost", fault=_LOST_ANSWER),
    _case(
        "takeover_without_waiting",
        Violation.DOUBLE,
        "the request lands late, and the child dies after the click",
        _DIES,
        fault=PortalFault("lands_late", 0, {"ms": LATE_MS, "times": 1}),
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
        "no_re_ring",
        Violation.LOST,
        "the doorbell is lost",
        Strike("before_ring", _UNHEARD),
        patience=LOST_AFTER,
    ),
)


WARM_UP = Plan("both workers have a browser", tasks=((0, 1, 2), (3, 4, 5)))


def show(here: SystemUnderFault, safeguard: Safeguard) -> Shown:
    """Run the case with the safeguard, then without."""
    whole = Round(here, safeguard.plan).run()
    without: tuple[Finding, ...] = ()
    for _ in range(TRIES):
        here.sabotage(safeguard.sabotage)
        try:
            report = Round(here, safeguard.plan).run()
        finally:
            here.sabotage(None)
        without = report.findings
        _come_to_rest(here, report)
        if Shown(safeguard, whole, without).noticed:
            break
        Round(here, WARM_UP).run()
    return Shown(safeguard, whole, without)


def _come_to_rest(here: SystemUnderFault, report: Report) -> None:
    """A task that was lost is found again by the honest product."""
    wait_until("the tasks are final", lambda: here.are_final(report.task_ids), 2 * PATIENCE)
    ends = time.monotonic() + PATIENCE
    while not here.is_quiet() and time.monotonic() < ends:
        here.revive()
        time.sleep(0.1)
