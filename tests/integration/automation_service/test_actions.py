"""A portal's actions have names, and what a batch's status means depends on which is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.evidence import EvidenceFolder
from automation_service.portal import Portal
from shared.contracts import Condition
from shared.errors import ProfileMismatch
from shared.task_state import ItemStatus
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import PROFILE, Pages
from tests.integration.automation_service.worker_double import InMemoryClaim

REJECT: dict[str, Any] = {
    "allowed": ["pending", "held"],
    "becomes": "rejected",
    "steps": [{"click": "#reject", "effect": True}],
}
WORDS = {"Open": "pending", "Done": "approved", "No": "rejected", "Held": "held"}
BUDGET = 2.0


@pytest.fixture
def portal(portal_with: OpenPortal) -> Portal:
    return portal_with(
        batch={"words": WORDS},
        actions={"reject": REJECT},
        timings={"click_budget": BUDGET},
    )


def rejecting(portal: Portal, folder: Path) -> BatchApprovalService:
    return BatchApprovalService(portal, EvidenceFolder(folder, "task"), "reject")


@pytest.mark.parametrize(
    ("shown", "approving", "rejecting"),
    [
        ("Open", Condition.MAY_BE_DONE, Condition.MAY_BE_DONE),
        ("Held", Condition.MAY_NOT_BE_DONE, Condition.MAY_BE_DONE),
        ("Done", Condition.DONE, Condition.MAY_NOT_BE_DONE),
        ("No", Condition.MAY_NOT_BE_DONE, Condition.DONE),
        ("Odd", Condition.MAY_NOT_BE_DONE, Condition.MAY_NOT_BE_DONE),
    ],
)
def test_a_status_means_something_else_for_each_action(
    portal: Portal, pages: Pages, shown: str, approving: Condition, rejecting: Condition
) -> None:
    pages.batch("A", f"<i id=status>{shown}</i>")

    conditions = [portal.read("A", name).condition for name in ("approve", "reject")]

    assert conditions == [approving, rejecting]


def test_another_action_is_done_and_read_back_by_its_own_word(
    portal: Portal, pages: Pages, tmp_path: Path
) -> None:
    pages.batch("A", _status("Held") + _buttons())
    pages.after_post["/reject"] = lambda: pages.batch("A", _status("No"))

    outcome = rejecting(portal, tmp_path).act(InMemoryClaim("A"), "")

    assert (outcome.status, outcome.clicks) == (ItemStatus.DONE, 1)
    assert outcome.detail == "The portal shows rejected after our click."
    assert pages.posts == ["/reject"]


def test_what_another_action_made_of_a_batch_is_a_refusal_of_this_one(
    portal: Portal, pages: Pages, tmp_path: Path
) -> None:
    pages.batch("A", _status("Done") + _buttons())

    outcome = rejecting(portal, tmp_path).act(InMemoryClaim("A"), "")

    assert outcome.status is ItemStatus.REFUSED
    assert "'Done'" in outcome.detail
    assert pages.posts == []


def test_an_action_that_the_profile_does_not_know_is_told_with_those_it_knows(
    portal: Portal, tmp_path: Path
) -> None:
    with pytest.raises(ProfileMismatch, match="how to hold a batch; it knows: approve, reject"):
        BatchApprovalService(portal, EvidenceFolder(tmp_path, "task"), "hold")


BOX = """<p class=box hidden>{before}</p><button id=approve onclick="const box =
    document.querySelector('.box'); box.hidden = false; box.textContent = '{words}'">Go</button>"""
SIGNALS = {
    "success": {"css": ".box", "says": "was approved"},
    "already": {"css": ".box", "says": "already"},
    "refused": {"css": ".box", "says": "cannot"},
    "error": {"css": ".box", "says": "^Error"},
}


@pytest.mark.parametrize(
    ("words", "signal"),
    [
        ("It was approved.", "success"),
        ("It is approved already.", "already"),
        ("It cannot be approved.", "refused"),
        ("Error 17", "error"),
        ("Hello", "silence"),
    ],
)
def test_signals_that_share_a_box_are_told_apart_by_their_words(
    portal_with: OpenPortal, pages: Pages, words: str, signal: str
) -> None:
    pages.batch("A", _status("Open") + BOX.format(words=words, before="It cannot be."))

    assert heard(portal_with, SIGNALS) == signal


@pytest.mark.parametrize("becomes", ["this.remove()", "this.disabled = true"])
def test_a_control_that_is_gone_or_disabled_may_be_the_signal(
    portal_with: OpenPortal, pages: Pages, becomes: str
) -> None:
    pages.batch("A", _status("Open") + f'<button id=approve onclick="{becomes}">Go</button>')

    assert heard(portal_with, {"success": {"css": "#approve", "gone": True}}) == "success"


def heard(portal_with: OpenPortal, signals: dict[str, Any]) -> str:
    """What is heard after the click, of these signals."""
    approve = {**PROFILE["actions"]["approve"], "outcomes": signals}
    page = portal_with(actions={"approve": approve}).open_batch("A")
    with page.aim("", "[m]", BUDGET) as aim:
        aim.fire()
    return page.hear(BUDGET).signal


def _status(word: str) -> str:
    return f"<i id=status>{word}</i>"


def _buttons() -> str:
    return "".join(
        f"""<button id={name} onclick="fetch('/{name}', {{method: 'POST'}})">{name}</button>"""
        for name in ("approve", "reject")
    )
