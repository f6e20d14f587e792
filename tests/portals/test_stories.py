"""The approval protocol in front of real applications: each story is told of every one of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest

from shared.contracts import Attribution, ItemOutcome
from shared.errors import BrowserDied, PageChanged, PortalTimeout, SessionLost
from shared.task_state import ItemStatus
from tests.integration.automation_service.worker_double import InMemoryClaim
from tests.portals.application import Application, RefusesClicks
from tests.portals.desk import Desk

pytestmark = pytest.mark.timeout(900)
"""The first test of an application waits for its installation."""

ROUNDS = 3
LONGEST_WAIT = 3
ATTEMPTS = 3
"""How often a worker begins, as MAX_ATTEMPTS has it."""
TRUE_OF_WHAT_IS_APPROVED = {ItemStatus.DONE, ItemStatus.ALREADY_DONE, ItemStatus.UNVERIFIED}

AnItem = Callable[[], str]


def acted(desk: Desk, claim: InMemoryClaim) -> ItemOutcome:
    """What comes of it, where a worker begins again after what may pass."""
    while True:
        try:
            return desk.act(claim)
        except (PortalTimeout, PageChanged, BrowserDied):
            # Somebody was first: their click took longer than ours may wait, or our button is gone.
            if claim.attempt == ATTEMPTS:
                raise
            claim = InMemoryClaim(claim.key, claim.intents, claim.attempt + 1)


def raced(desk: Desk, other: Desk, key: str) -> list[ItemOutcome]:
    """Both look at the item, and once both did they click when they like."""
    both = Barrier(2)

    def act(who: Desk) -> ItemOutcome:
        claim = InMemoryClaim(key)

        def meet() -> None:
            # Whoever looks only after the other has clicked is not waited for.
            with suppress(BrokenBarrierError):
                both.wait(LONGEST_WAIT)

        claim.on_intent = meet
        return acted(who, claim)

    with ThreadPoolExecutor(2) as hands:
        return list(hands.map(act, (desk, other)))


def approved_by(desk: Desk, key: str) -> None:
    assert desk.act(InMemoryClaim(key)).status is ItemStatus.DONE


def test_finds_what_waits(application: Application, desk: Desk) -> None:
    found = desk.portal.pending(100)

    waiting = {key for key in application.pending if not application.is_approved(key)}
    assert waiting
    assert waiting <= set(found)
    assert application.closed is None or application.closed not in found


def test_approves_each_item_once(application: Application, desk: Desk, an_item: AnItem) -> None:
    keys = [an_item() for _ in range(3)]

    outcomes = [desk.act(InMemoryClaim(key)) for key in keys]

    assert [outcome.status for outcome in outcomes] == [ItemStatus.DONE] * 3
    assert [outcome.clicks for outcome in outcomes] == [1, 1, 1]
    assert [application.approvals(key) for key in keys] == [1, 1, 1]
    assert all(application.is_approved(key) for key in keys)


def test_repeated_it_only_reads(application: Application, desk: Desk, an_item: AnItem) -> None:
    key = an_item()
    desk.act(InMemoryClaim(key))

    again = desk.act(InMemoryClaim(key))

    assert (again.status, again.clicks) == (ItemStatus.ALREADY_DONE, 0)
    assert application.approvals(key) == 1


def test_does_not_call_its_own_what_a_second_browser_did_first(
    application: Application, desk: Desk, other_desk: Desk, an_item: AnItem
) -> None:
    claim = InMemoryClaim(an_item())
    # Between our look and our click.
    claim.on_intent = lambda: approved_by(other_desk, claim.key)

    outcome = acted(desk, claim)

    assert outcome.status in TRUE_OF_WHAT_IS_APPROVED
    assert outcome.attribution is not Attribution.OURS
    ours = outcome.clicks if application.approves_again else 0
    assert application.approvals(claim.key) == 1 + ours
    if not application.is_approved(claim.key):
        assert application.takes_back
        assert outcome.status is ItemStatus.UNVERIFIED


def test_two_browsers_at_the_same_moment_tell_the_truth(
    application: Application, desk: Desk, other_desk: Desk, an_item: AnItem
) -> None:
    keys = [an_item() for _ in range(ROUNDS)]

    for key in keys:
        ours, theirs = raced(desk, other_desk, key)

        approvals = application.approvals(key)
        twice = application.approves_again or application.takes_two_at_once
        assert approvals in ((1, 2) if twice else (1,))
        assert {ours.status, theirs.status} <= TRUE_OF_WHAT_IS_APPROVED
        if not application.is_approved(key):
            # Whoever read it last saw that one click had undone the other.
            assert application.takes_back
            assert ItemStatus.UNVERIFIED in {ours.status, theirs.status}
        claimed = [it for it in (ours, theirs) if it.attribution is Attribution.OURS]
        assert len(claimed) <= approvals


def test_logs_in_again_when_the_session_is_lost_before_the_look(
    application: Application, desk: Desk, an_item: AnItem
) -> None:
    key = an_item()
    desk.lose_session()

    outcome = desk.act(InMemoryClaim(key))

    assert (outcome.status, outcome.clicks) == (ItemStatus.DONE, 1)
    assert application.approvals(key) == 1


def test_tells_what_became_of_it_when_the_session_is_lost_before_the_effect(
    application: Application, desk: Desk, an_item: AnItem
) -> None:
    claim = InMemoryClaim(an_item())
    claim.on_intent = desk.lose_session

    try:
        outcome = desk.act(claim)
    except (SessionLost, PageChanged):
        # Seen on the way to the effect, or another page came in between: a worker begins again.
        outcome = desk.act(InMemoryClaim(claim.key, claim.intents, attempt=2))

    if application.survives_logout:
        assert (outcome.status, application.approvals(claim.key)) == (ItemStatus.DONE, 1)
        return
    assert (outcome.status, application.approvals(claim.key)) == (ItemStatus.UNVERIFIED, 0)
    # Asked again nobody clicks: the first click could still arrive.
    again = desk.act(InMemoryClaim(claim.key, claim.intents, attempt=3))
    assert (again.status, again.clicks) == (ItemStatus.UNVERIFIED, 0)
    assert application.approvals(claim.key) == 0


def test_is_refused_what_cannot_be_approved(application: Application, desk: Desk) -> None:
    if application.closed is None:
        pytest.skip("it shows nothing that cannot be approved")
    claim = InMemoryClaim(application.closed)

    outcome = desk.act(claim)

    assert (outcome.status, outcome.clicks) == (ItemStatus.REFUSED, 0)
    assert application.approvals(claim.key) == 0


def test_is_refused_its_click_in_the_words_of_the_portal(
    application: Application, desk: Desk, an_item: AnItem
) -> None:
    if not isinstance(application, RefusesClicks):
        pytest.skip("it says no to nothing that can be clicked")
    claim = InMemoryClaim(an_item())
    claim.on_intent = application.refuse
    try:
        outcome = desk.act(claim)
    finally:
        application.relent()

    assert (outcome.status, outcome.clicks) == (ItemStatus.REFUSED, 1)
    assert outcome.detail
    assert application.approvals(claim.key) == 0


def test_does_not_find_what_is_not_there(application: Application, desk: Desk) -> None:
    outcome = desk.act(InMemoryClaim(application.absent))

    assert (outcome.status, outcome.clicks) == (ItemStatus.NOT_FOUND, 0)
