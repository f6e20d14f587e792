"""An intent that an earlier attempt left open ends by reading, and never by a second click."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from automation_service.browser import reap
from automation_service.profile import Profile, Reclick
from shared.contracts import Attribution, Reading, Verdict
from shared.errors import ApplicationError, BrowserDied
from shared.task_state import ItemStatus
from tests.integration.automation_service.conftest import SETTLE, Desk
from tests.integration.automation_service.worker_double import InMemoryClaim

CLICK_BUDGET = 2.0


class Crash(BaseException):
    """The worker ends here, without a word."""


@pytest.fixture
def profile(desk: Desk) -> Profile:
    timings = desk.profile.timings.model_copy(update={"click_budget": CLICK_BUDGET})
    return desk.profile.model_copy(update={"timings": timings})


def crash(*_: Any) -> None:
    raise Crash


def crash_once_approved(reading: Reading) -> None:
    if reading.words == "Approved":
        raise Crash


def crashed_before_the_click(desk: Desk, profile: Profile) -> InMemoryClaim:
    """What is left of an attempt that stated its intent and did nothing more."""
    claim = InMemoryClaim(desk.a_batch())
    claim.on_intent = crash
    with pytest.raises(Crash):
        desk.approve(claim, profile=profile)
    assert len(claim.open_intents) == 1
    return claim


def crashed_after_the_click(desk: Desk, profile: Profile) -> InMemoryClaim:
    """What is left of an attempt whose click took effect."""
    claim = InMemoryClaim(desk.a_batch())
    claim.on_reading = crash_once_approved
    with pytest.raises(Crash):
        desk.approve(claim, profile=profile)
    assert len(claim.open_intents) == 1
    return claim


def next_attempt(claim: InMemoryClaim) -> InMemoryClaim:
    return InMemoryClaim(claim.key, claim.intents, claim.attempt + 1)


def test_a_click_that_took_is_found_and_not_made_again(desk: Desk, profile: Profile) -> None:
    claim = next_attempt(crashed_after_the_click(desk, profile))

    outcome = desk.approve(claim, profile=profile)

    assert outcome.status is ItemStatus.DONE
    assert outcome.attribution is Attribution.OURS
    assert outcome.taken == tuple(intent.marker for intent in claim.open_intents)
    assert outcome.clicks == 0
    assert desk.batch(claim.key)["posts"] == 1
    assert [kind.value for kind in claim.kinds()] == ["after"]


def test_a_click_never_made_is_made_once_the_old_one_cannot_come(
    desk: Desk, profile: Profile
) -> None:
    claim = next_attempt(crashed_before_the_click(desk, profile))

    outcome = desk.approve(claim, profile=profile)

    assert outcome.status is ItemStatus.DONE
    assert claim.waited_since_taken == [pytest.approx(CLICK_BUDGET + SETTLE, abs=0.1)]
    assert claim.intents.verdicts == {1: Verdict.NOT_TAKEN}
    assert desk.batch(claim.key)["posts"] == 1


def test_without_leave_to_click_again_a_pending_batch_ends_unverified(
    desk: Desk, profile: Profile
) -> None:
    claim = next_attempt(crashed_before_the_click(desk, profile))
    careful = profile.model_copy(update={"reclick": Reclick.NEVER})

    outcome = desk.approve(claim, profile=careful)

    assert (outcome.status, outcome.verdict) == (ItemStatus.UNVERIFIED, None)
    assert desk.batch(claim.key)["posts"] == 0


def test_an_approval_by_somebody_else_is_not_taken_for_ours(desk: Desk, profile: Profile) -> None:
    claim = next_attempt(crashed_before_the_click(desk, profile))
    desk.ask("POST", f"/truth/batches/{claim.key}/approve", {"by": "s.kulkarni"})

    outcome = desk.approve(claim, profile=profile)

    assert (outcome.status, outcome.verdict) == (ItemStatus.ALREADY_DONE, Verdict.NOT_TAKEN)
    assert outcome.attribution is Attribution.SOMEBODY_ELSE
    assert "s.kulkarni" in outcome.detail
    assert claim.waited_since_taken == [pytest.approx(CLICK_BUDGET + SETTLE, abs=0.1)]
    assert desk.batch(claim.key)["posts"] == 0


def test_a_rejection_meanwhile_is_told_in_the_portals_words(desk: Desk, profile: Profile) -> None:
    claim = next_attempt(crashed_before_the_click(desk, profile))
    desk.ask("POST", f"/truth/batches/{claim.key}/reject", {"by": "s.kulkarni"})

    outcome = desk.approve(claim, profile=profile)

    assert (outcome.status, outcome.verdict) == (ItemStatus.REFUSED, Verdict.NOT_TAKEN)
    assert "Rejected" in outcome.detail


def test_an_approval_of_ours_that_was_undone_is_for_a_human(desk: Desk, profile: Profile) -> None:
    claim = next_attempt(crashed_after_the_click(desk, profile))
    desk.ask("POST", f"/truth/batches/{claim.key}/reject", {"by": "s.kulkarni"})

    outcome = desk.approve(claim, profile=profile)

    assert outcome.status is ItemStatus.UNVERIFIED
    assert "Rejected" in outcome.detail


def test_where_no_history_can_be_read_it_is_not_said_whose_approval_it_is(
    desk: Desk, profile: Profile
) -> None:
    batch = profile.batch.model_copy(update={"history": None})
    blind = profile.model_copy(update={"batch": batch})
    claim = next_attempt(crashed_after_the_click(desk, profile))

    outcome = desk.approve(claim, profile=blind)

    assert outcome.status is ItemStatus.DONE
    assert outcome.attribution is Attribution.UNKNOWN
    assert outcome.detail == "The portal shows approved after our click."
    assert desk.batch(claim.key)["posts"] == 1


def test_a_browser_that_dies_before_the_click_is_replaced_and_the_batch_approved_once(
    desk: Desk, profile: Profile
) -> None:
    claim = InMemoryClaim(desk.a_batch())
    claim.on_intent = lambda: end_browser(desk)

    with pytest.raises(BrowserDied):
        desk.approve(claim, profile=profile)
    outcome = desk.approve(next_attempt(claim), profile=profile)

    assert outcome.status is ItemStatus.DONE
    assert claim.intents.verdicts == {1: Verdict.NOT_TAKEN}
    assert desk.batch(claim.key)["posts"] == 1


def test_a_browser_that_dies_after_the_click_leaves_nothing_to_click_again(
    desk: Desk, profile: Profile
) -> None:
    claim = InMemoryClaim(desk.a_batch())
    # Given a portal that takes a while to apply the approval, and a browser killed meanwhile
    killer = threading.Thread(target=end_browser_after_the_post, args=(desk, claim.key))
    claim.on_intent = lambda: desk.set_faults(
        {"kind": "latency", "ms": 1500, "batch_id": claim.key, "times": 1}
    )
    desk.portal(profile)
    killer.start()

    with pytest.raises(ApplicationError):
        desk.approve(claim, profile=profile)
    killer.join()
    assert len(claim.open_intents) == 1
    outcome = desk.approve(next_attempt(claim), profile=profile)

    assert outcome.status is ItemStatus.DONE
    assert len(desk.batch(claim.key)["approvals"]) == 1


def end_browser(desk: Desk) -> None:
    """Kill the browser that was started last, as the janitor would."""
    assert reap(desk.announced[-1]) > 0


def end_browser_after_the_post(desk: Desk, key: str) -> None:
    deadline = time.monotonic() + 60
    while desk.batch(key)["posts"] == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    end_browser(desk)
