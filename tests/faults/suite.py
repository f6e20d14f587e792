"""Runs plans one after the other, each system serving many of them before it is closed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from orchestrator_service.retention import Retention
from tests.faults import safeguards
from tests.faults.deeds import CLOCK_SECONDS
from tests.faults.facts import collect
from tests.faults.needs import Needs
from tests.faults.oracle import Finding, Violation, judge
from tests.faults.plan import Plan
from tests.faults.report import Report
from tests.faults.round import Round
from tests.faults.safeguards import Safeguard
from tests.faults.system_under_fault import SystemUnderFault
from tests.faults.table import InModel, Results
from tests.model.catalogue import SAFEGUARDS as MODEL_SAFEGUARDS

ROUNDS_A_SYSTEM = 30
BATCHES_A_ROUND = 12


class Suite:
    """One run of the fault suite."""

    def __init__(self, database: str, tell: Callable[[str], None]) -> None:
        """`tell` hears of every round as it ends."""
        self._database = database
        self._tell = tell
        self.results = Results()

    def run(self, plans: Sequence[Plan]) -> None:
        """Run every plan and judge it."""
        for needs in dict.fromkeys(plan.needs for plan in plans):
            chosen = [plan for plan in plans if plan.needs == needs]
            for begin in range(0, len(chosen), ROUNDS_A_SYSTEM):
                with self._system(needs) as here:
                    Round(here, safeguards.WARM_UP).run()
                    for plan in chosen[begin : begin + ROUNDS_A_SYSTEM]:
                        self._run(here, plan)

    def show(self, chosen: Sequence[Safeguard]) -> None:
        """Remove one safeguard after the other, and see whether it is missed."""
        for needs in dict.fromkeys(each.plan.needs for each in chosen):
            self._show(needs, [each for each in chosen if each.plan.needs == needs])

    def _show(self, needs: Needs, chosen: Sequence[Safeguard]) -> None:
        with self._system(needs) as here:
            Round(here, safeguards.WARM_UP).run()
            for safeguard in chosen:
                shown = safeguards.show(here, safeguard)
                self.results.shown.append(shown)
                self.results.reports.append(shown.whole)
                verdict = "missed" if shown.noticed else "NOT SHOWN"
                self._tell(f"{verdict:9} without {safeguard.sabotage}: {safeguard.case}")

    def search_the_model(self) -> None:
        """Remove every safeguard in the model of the protocol, in all orders of events."""
        for safeguard in MODEL_SAFEGUARDS:
            noticed = safeguard.removed().broken is not None
            self.results.models.append(InModel(safeguard, noticed))

    def _run(self, here: SystemUnderFault, plan: Plan) -> None:
        report = Round(here, plan).run()
        self.results.reports.append(report)
        struck = f"{sum(each.happened for each in report.struck)} of {len(report.struck)} struck"
        verdict = "ok" if report.is_good else "BAD" if report.kept else "BROKEN"
        self._tell(f"{verdict:6} {report.seconds:6.1f} s  {struck}  {plan.name}")
        for finding in report.findings:
            self._tell(f"       {finding}")

    @contextmanager
    def _system(self, needs: Needs) -> Iterator[SystemUnderFault]:
        """A running system, judged once more as a whole when it has ended."""
        folder = Path(tempfile.mkdtemp(prefix="faults-"))
        reported = len(self.results.reports)
        found = len(self.results.findings)
        batches = ROUNDS_A_SYSTEM * BATCHES_A_ROUND
        is_over = False
        try:
            system = SystemUnderFault(folder, database=self._database, batches=batches, needs=needs)
            with system as here:
                yield here
                reports = self.results.reports[reported:]
                left = here.stop()
                _let_it_be_swept(here)
                self.results.leaks += [Finding(Violation.LEAK, "at the end", what) for what in left]
                self._look_again(here, reports)
            is_over = True
        finally:
            if is_over and len(self.results.findings) == found:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                self._tell(f"       its logs are kept in {folder}")

    def _look_again(self, here: SystemUnderFault, reports: Sequence[Report]) -> None:
        """Nothing may have happened since to what was judged sound."""
        for report in reports:
            if report.kept and report.task_ids:
                visible = report.plan.visible_after
                facts = collect(here, report.task_ids, visible_after=visible, at_the_end=True)
                self.results.leaks += judge(facts)


def _let_it_be_swept(here: SystemUnderFault) -> None:
    """Do now what an orchestrator does once a leftover is an hour old, by whatever clock."""
    by_now = -2 * timedelta(seconds=CLOCK_SECONDS)
    Retention(here.record, here.system.results, 0, leftover=by_now).sweep()
