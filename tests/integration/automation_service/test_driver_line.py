"""The command to click comes twice, late, too late, or is not answered: one click, or none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from automation_service import browser as browser_module
from automation_service import devtools
from automation_service.profile import Profile
from shared.contracts import Attribution
from shared.errors import BrowserDied
from shared.task_state import ItemStatus
from tests.faults.driver_line import LINE_VARIABLE, DriverLine, LineRule, install_in_worker
from tests.integration.automation_service.conftest import Desk, OpenDesk
from tests.integration.automation_service.worker_double import InMemoryClaim

CLICK_BUDGET = 3.0
ONE_SHOT = 'permit.state.spent = event.type === "click";'


@pytest.fixture(scope="module")
def line(shared_desk: Desk) -> Iterator[DriverLine]:
    """What every browser that starts in this module is spoken to by way of."""
    shared_desk.warm.discard()
    with DriverLine() as laid, pytest.MonkeyPatch.context() as patch:
        patch.setenv(LINE_VARIABLE, laid.address)
        patch.setattr(devtools, "connect", devtools.__dict__["connect"])
        install_in_worker()
        yield laid
        shared_desk.warm.discard()


@pytest.fixture
def profile(desk: Desk) -> Profile:
    timings = desk.profile.timings.model_copy(update={"click_budget": CLICK_BUDGET})
    return desk.profile.model_copy(update={"timings": timings})


def next_attempt(claim: InMemoryClaim) -> InMemoryClaim:
    return InMemoryClaim(claim.key, claim.intents, claim.attempt + 1)


@pytest.mark.parametrize(("delay", "again"), [(0.0, True), (1.0, False), (1.0, True)])
def test_a_click_that_comes_late_or_twice_is_made_once(
    line: DriverLine, desk: Desk, delay: float, again: bool
) -> None:
    claim = InMemoryClaim(desk.a_batch())
    rule = LineRule(claim.key, delay, again)
    line.rules = [rule]

    outcome = desk.approve(claim)

    assert rule.fired == 1
    assert (outcome.status, outcome.attribution) == (ItemStatus.DONE, Attribution.OURS)
    assert desk.batch(claim.key)["posts"] == 1


def test_a_click_that_comes_twice_counts_twice_where_the_permit_is_not_one_shot(
    line: DriverLine, open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = browser_module._GUARD
    assert guard.count(ONE_SHOT) == 1
    monkeypatch.setattr(browser_module, "_GUARD", guard.replace(ONE_SHOT, ""))
    desk = open_desk(batches=3)
    claim = InMemoryClaim(desk.a_batch())
    line.rules = [LineRule(claim.key, again=True)]

    desk.approve(claim)

    assert desk.batch(claim.key)["posts"] == 2


@pytest.mark.parametrize(
    ("rule", "clicks"), [({"delay": CLICK_BUDGET + 2}, 1), ({"answers": False}, 0)]
)
def test_a_click_that_comes_too_late_or_unanswered_ends_with_its_browser_and_is_read_first(
    line: DriverLine, desk: Desk, profile: Profile, rule: dict[str, Any], clicks: int
) -> None:
    # What comes too late meets no permit. What is not answered may be a page that stands still for
    # its own request, so that goes its way; the next attempt finds what came of it.
    claim = InMemoryClaim(desk.a_batch())
    line.rules = [LineRule(claim.key, **rule)]
    with pytest.raises(BrowserDied):
        desk.approve(claim, profile=profile)
    assert len(claim.open_intents) == 1

    outcome = desk.approve(next_attempt(claim), profile=profile)

    assert (outcome.status, outcome.clicks) == (ItemStatus.DONE, clicks)
    assert outcome.attribution is Attribution.OURS
    assert desk.batch(claim.key)["posts"] == 1


def test_a_line_that_breaks_after_the_click_leaves_one_approval(
    line: DriverLine, desk: Desk
) -> None:
    # The request may have left when the line broke, or died with the browser.
    claim = InMemoryClaim(desk.a_batch())
    line.rules = [LineRule(claim.key, cuts=True)]
    with pytest.raises(BrowserDied):
        desk.approve(claim)

    outcome = desk.approve(next_attempt(claim))

    assert (outcome.status, outcome.attribution) == (ItemStatus.DONE, Attribution.OURS)
    assert desk.batch(claim.key)["posts"] == 1
