"""The most telling cells of the grid; all of them: `./run faults`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.deeds import kill_browser, kill_child, kill_worker
from tests.faults.grid import DEEDS
from tests.faults.plan import Plan, Strike
from tests.faults.portal_faults import STRUCK, PortalFault
from tests.faults.report import Report
from tests.faults.round import Round
from tests.faults.safeguard_cases import SAFEGUARDS
from tests.faults.safeguards import Safeguard, show
from tests.faults.surroundings import kill_orchestrator
from tests.faults.system_under_fault import SystemUnderFault

PLANS = (
    Plan(
        "a child dies after its click, its successor while it resolves",
        (
            Strike("after_click", DEEDS[kill_child], STRUCK),
            Strike("after_resolve", DEEDS[kill_child], STRUCK),
        ),
    ),
    Plan(
        "a worker dies between click and outcome, the orchestrator before it rings",
        (
            Strike("before_outcome", DEEDS[kill_worker], STRUCK),
            Strike("before_ring", DEEDS[kill_orchestrator]),
        ),
    ),
    Plan(
        "a browser dies under the click, and the answer to another is lost",
        (Strike("after_click", DEEDS[kill_browser], STRUCK),),
        (PortalFault("response_lost", 3, {"times": 1}),),
    ),
)


MISSED = ("no_marker", "toast_trusted")
"""The sabotages of which the short form shows that it would notice them."""


@pytest.mark.timeout(400)
def test_the_promise_is_kept_whatever_dies_on_the_way(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """At most once, never lost, true, nothing left behind; and a worse product would be noticed.

    One system serves all the rounds.
    """
    # Given a system with two workers
    database = pytestconfig.getoption("--database")
    with SystemUnderFault(tmp_path, database=database, batches=80) as here:
        # When it is struck in the middle of its work, again and again
        reports = [Round(here, plan).run() for plan in PLANS]
        # And when safeguards are taken from it, and it is then told to end
        shown = [show(here, each) for each in SAFEGUARDS if is_cheap(each)]
        left = here.stop()

    # Then every fault did strike, no promise was broken, and nothing is left
    assert [each for report in reports for each in report.struck if not each.happened] == []
    assert [told for report in reports for told in broken_by(report)] == []
    assert sum(report.needless_unverified for report in reports) == 0
    assert left == []
    # And the missing safeguards were missed
    assert [each.safeguard.sabotage for each in shown if each.noticed] == list(MISSED)


def is_cheap(safeguard: Safeguard) -> bool:
    """True for the cases of the short form."""
    return safeguard.sabotage in MISSED


def broken_by(report: Report) -> list[str]:
    """What the oracle complained about, with the round in which it did."""
    return [f"{report.plan.name}: {finding}" for finding in report.findings]
