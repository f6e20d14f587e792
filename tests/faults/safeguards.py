"""Shows that the suite can fail: each case is kept with the product whole, and missed without."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.faults.oracle import Finding, Violation
from tests.faults.plan import Plan
from tests.faults.report import Report
from tests.faults.round import Round
from tests.faults.sabotage import SABOTAGES
from tests.faults.system_under_fault import SystemUnderFault, wait_until

TRIES = 3
"""A case that depends on who is quicker may need more than one."""
PATIENCE = 60.0


@dataclass(frozen=True)
class Safeguard:
    """One safeguard, by the name of the sabotage that removes it, and the case that misses it.

    `breaks` is what the oracle must find then, whatever else it finds. `new_browsers`: what lacks
    the safeguard is the browser, so that those of before are of no use.
    """

    sabotage: str
    breaks: Violation
    case: str
    plan: Plan
    new_browsers: bool = False

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


COLD_SECONDS = 600.0
"""On a busy machine a browser takes minutes to start; that is no fault of what is tried then."""
WARM_UP = Plan("both workers have a browser", tasks=((0, 1, 2), (3, 4, 5)), patience=COLD_SECONDS)


def show(here: SystemUnderFault, safeguard: Safeguard) -> Shown:
    """Run the case with the safeguard, then without."""
    whole = Round(here, safeguard.plan).run()
    without: tuple[Finding, ...] = ()
    for _ in range(TRIES):
        with _sabotaged(here, safeguard):
            report = Round(here, safeguard.plan).run()
        without = report.findings
        _come_to_rest(here, report)
        if Shown(safeguard, whole, without).noticed:
            break
        Round(here, WARM_UP).run()
    return Shown(safeguard, whole, without)


@contextmanager
def _sabotaged(here: SystemUnderFault, safeguard: Safeguard) -> Iterator[None]:
    here.sabotage(safeguard.sabotage)
    try:
        if safeguard.new_browsers:
            here.restart_workers()
        yield
    finally:
        here.sabotage(None)
        if safeguard.new_browsers:
            here.restart_workers()


def _come_to_rest(here: SystemUnderFault, report: Report) -> None:
    """A task that was lost is found again by the honest product."""
    wait_until("the tasks are final", lambda: here.are_final(report.task_ids), 2 * PATIENCE)
    ends = time.monotonic() + PATIENCE
    while not here.is_quiet() and time.monotonic() < ends:
        here.revive()
        time.sleep(0.1)
