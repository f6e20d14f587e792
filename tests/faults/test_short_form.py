"""The most telling cells of the grid; all of them: `./run faults`."""

from __future__ import annotations

import pytest

from tests.faults.deeds import kill_browser, kill_child, kill_orchestrator, kill_worker
from tests.faults.grid import DEEDS, STRUCK
from tests.faults.round import Plan, PortalFault, Report, Round, Strike
from tests.faults.system_under_fault import SystemUnderFault

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("faults")]

PLANS = {
    "a child dies after its click, its successor while it resolves": Plan(
        "twice",
        (
            Strike("after_click", DEEDS[kill_child], STRUCK),
            Strike("after_resolve", DEEDS[kill_child], STRUCK),
        ),
    ),
    "a worker dies between click and outcome, the orchestrator before it rings": Plan(
        "both",
        (
            Strike("before_outcome", DEEDS[kill_worker], STRUCK),
            Strike("before_ring", DEEDS[kill_orchestrator]),
        ),
    ),
    "a browser dies under the click, and an answer is lost": Plan(
        "browser",
        (Strike("after_click", DEEDS[kill_browser], STRUCK),),
        (PortalFault("response_lost", 3, {"times": 1}),),
    ),
}


@pytest.mark.parametrize("case", PLANS)
def test_the_promise_is_kept(here: SystemUnderFault, case: str) -> None:
    """At most once, never lost, and true, whatever dies on the way."""
    # Given several tasks over two workers, two of them naming the same batch
    # When they are struck in the middle
    report = Round(here, PLANS[case]).run()

    # Then the fault did strike, and the oracle has nothing to complain about
    assert_struck_and_kept(report)


def test_nothing_is_left_when_all_have_ended(here: SystemUnderFault) -> None:
    """No process, browser or temporary folder outlives the services, whatever died before."""
    # Given a system in which much has died
    # When its services are told to end
    left = here.stop()

    # Then nothing is left of them
    assert left == []


def assert_struck_and_kept(report: Report) -> None:
    """The round did what it was for, and broke no promise."""
    assert all(each.happened for each in report.struck), report.struck
    assert [str(finding) for finding in report.findings] == []
    assert report.needless_unverified == 0
