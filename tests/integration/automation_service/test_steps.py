"""The steps before the one with the effect: what they may do, and what follows if they fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.evidence import EvidenceFolder
from automation_service.portal import Portal
from automation_service.profile import Reclick
from shared.contracts import Verdict
from shared.errors import PageChanged, ProfileMismatch
from shared.task_state import ItemStatus
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import APPROVE, PROFILE, Pages
from tests.integration.automation_service.worker_double import InMemoryClaim

OPEN = "<i id=status>Open</i>"
TWO_STEPS: list[dict[str, Any]] = [{"click": "#open"}, {"click": "#approve", "effect": True}]
BUDGET = 3.0


@pytest.fixture
def two_steps(portal_with: OpenPortal) -> Portal:
    """A portal on which a dialog has to be opened before a batch can be approved."""
    quick = {"click_budget": BUDGET}
    return portal_with(actions=approving_by(TWO_STEPS), timings=quick)


def approving_by(steps: list[dict[str, Any]]) -> dict[str, Any]:
    """The action of approving, in these steps."""
    return {"approve": {**PROFILE["actions"]["approve"], "steps": steps}}


def approving(portal: Portal, folder: Path) -> BatchApprovalService:
    return BatchApprovalService(portal, EvidenceFolder(folder, "task"))


@pytest.mark.parametrize(
    "opener",
    [
        "<button id=open>Open</button>",
        """<button id=open type=button onclick="setTimeout(() => form.requestSubmit(), 50)">
            Open</button>""",
    ],
    ids=["at once", "later"],
)
def test_what_an_earlier_step_submits_never_leaves(
    two_steps: Portal, pages: Pages, opener: str
) -> None:
    submitting = """<form id=form onsubmit="fetch('/form', {method: 'POST'}); return false">"""
    late = (
        "<script>setTimeout(() => document.getElementById('approve').hidden = false, 300)</script>"
    )
    pages.batch("A", OPEN + submitting + opener + "</form>" + _hidden(APPROVE) + late)
    page = two_steps.open_batch("A")

    with page.aim("", "[m]", BUDGET) as aim:
        aim.fire()

    assert pages.wait_for_posts(1) == ["/effect"]


def test_an_intent_stays_open_once_a_step_was_taken(
    two_steps: Portal, pages: Pages, tmp_path: Path
) -> None:
    done = "document.getElementById('status').textContent = 'Done'"
    pages.batch("A", OPEN + f'<button id=open onclick="{done}">Open</button>' + APPROVE)
    claim = InMemoryClaim("A")

    with pytest.raises(PageChanged):
        approving(two_steps, tmp_path).act(claim, "")

    assert len(claim.open_intents) == 1


def test_an_intent_is_closed_at_once_where_no_step_was_taken(
    two_steps: Portal, pages: Pages, tmp_path: Path
) -> None:
    pages.batch("A", OPEN + APPROVE)
    claim = InMemoryClaim("A")

    with pytest.raises(ProfileMismatch, match="#open"):
        approving(two_steps, tmp_path).act(claim, "")

    assert list(claim.intents.verdicts.values()) == [Verdict.NOT_TAKEN]
    assert claim.waited == []


@pytest.mark.parametrize(("reclick", "open_ones"), [("after_settle", 0), ("never", 1)])
def test_a_page_without_the_last_step_is_read_before_the_task_ends(
    portal_with: OpenPortal, pages: Pages, tmp_path: Path, reclick: str, open_ones: int
) -> None:
    portal = portal_with(actions=approving_by(TWO_STEPS), timings={"click_budget": BUDGET})
    portal.profile = portal.profile.model_copy(update={"reclick": Reclick(reclick)})
    pages.batch("A", OPEN + "<button id=open>Open</button>")
    claim = InMemoryClaim("A")

    with pytest.raises(ProfileMismatch, match="#approve"):
        approving(portal, tmp_path).act(claim, "")

    assert len(claim.open_intents) == open_ones


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (APPROVE, ItemStatus.REVIEWED),
        ("", ItemStatus.REFUSED),
        ("<button id=approve disabled>Approve</button>", ItemStatus.REFUSED),
    ],
    ids=["offered", "absent", "disabled"],
)
def test_a_review_says_whether_the_page_offers_to_approve(
    portal_with: OpenPortal, pages: Pages, tmp_path: Path, content: str, status: ItemStatus
) -> None:
    pages.batch("A", OPEN + content)
    portal = portal_with(timings={"click_budget": 1})

    outcome = approving(portal, tmp_path).review(InMemoryClaim("A"))

    assert outcome.status is status
    assert ("no way to approve it" in outcome.detail) is (status is ItemStatus.REFUSED)
    assert pages.posts == []


def _hidden(button: str) -> str:
    return button.replace("<button", "<button hidden")


SAYS = """<button id=approve onclick="const p = document.createElement('p'); p.className = 'bad';
    p.textContent = '{words}'; document.body.append(p)">Approve</button>"""
GOES = """<button id=approve onclick="location.href = '/batches/result'">Approve</button>"""


@pytest.mark.parametrize(
    ("words", "signal"),
    [
        ("BATCH001 has no trainer.", "refused"),
        ("No trainer.", "refused"),
        ("BATCH002 has no trainer.", "silence"),
        ("BATCH0012 has no trainer.", "silence"),
    ],
)
def test_words_on_the_page_that_was_clicked_are_about_its_batch_unless_they_name_another(
    portal_with: OpenPortal, pages: Pages, words: str, signal: str
) -> None:
    page = _clicked(portal_with, pages, SAYS.replace("{words}", words))

    assert page.hear(BUDGET).signal == signal


@pytest.mark.parametrize(
    ("words", "unnamed", "signal"),
    [
        ("BATCH001 has no trainer.", False, "refused"),
        ("No trainer.", False, "silence"),
        ("No trainer.", True, "refused"),
        ("BATCH002 has no trainer.", True, "silence"),
    ],
)
def test_words_on_the_page_that_follows_are_about_the_batch_only_if_they_name_it(
    portal_with: OpenPortal, pages: Pages, words: str, unnamed: bool, signal: str
) -> None:
    pages.batch("BATCH001", OPEN + f"<p class=bad>{words}</p>", path="/batches/result")
    refused = {"css": ".bad", "unnamed": unnamed}
    approve = {**PROFILE["actions"]["approve"], "outcomes": {"refused": refused}}
    page = _clicked(portal_with, pages, GOES, actions={"approve": approve})

    assert page.hear(BUDGET).signal == signal


@pytest.mark.parametrize(
    ("follows", "told"),
    [
        ("<title>Are you a robot?</title>", "It answered with the page 'Are you a robot?'."),
        ("<p class=bad>BATCH001: later</p>", "It said: BATCH001: later"),
        ("<p class=good>BATCH001 done</p>", "What tells of success had shown."),
        ("<form id=login></form>", "It asked us to log in again."),
    ],
    ids=["a page without a word", "a word", "success", "a login form"],
)
def test_who_must_look_at_the_portal_is_told_what_it_answered(
    portal_with: OpenPortal, pages: Pages, tmp_path: Path, follows: str, told: str
) -> None:
    pages.batch("BATCH001", OPEN + GOES)
    pages.html["/batches/result"] = f"{follows}<p>.</p>"
    approve = {**PROFILE["actions"]["approve"], "outcomes": {"error": ".bad", "success": ".good"}}

    outcome = approving(portal_with(actions={"approve": approve}), tmp_path).act(
        InMemoryClaim("BATCH001"), ""
    )

    assert outcome.status is ItemStatus.UNVERIFIED
    assert outcome.detail == (
        f"The portal still shows 'Open' after our click. {told} Please look at the portal."
    )


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("says", "signal"),
    [("", "silence"), ("setTimeout(() => word.hidden = false, 300)", "success")],
    ids=["nothing", "something, late"],
)
def test_a_page_that_follows_has_its_time_to_say_something_and_no_more(
    portal_with: OpenPortal, pages: Pages, says: str, signal: str
) -> None:
    word = f"<p id=word class=good hidden>BATCH001 done</p><script>{says}</script>"
    pages.batch("BATCH001", word, path="/batches/result")
    page = _clicked(portal_with, pages, GOES)

    # Though there were ten minutes left
    assert page.hear(600).signal == signal


def _clicked(portal_with: OpenPortal, pages: Pages, button: str, **changes: Any) -> Any:
    pages.batch("BATCH001", OPEN + button)
    page = portal_with(**changes).open_batch("BATCH001")
    with page.aim("", "[m]", BUDGET) as aim:
        aim.fire()
    return page
