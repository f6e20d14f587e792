"""What a page asks by alert, confirm and prompt: answered as the profile says, or declined."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.batch_page import BatchPage
from automation_service.evidence import EvidenceFolder
from automation_service.portal import Portal
from shared.errors import PageChanged, ProfileMismatch
from shared.task_state import ItemStatus
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import APPROVE, PROFILE, Pages
from tests.integration.automation_service.worker_double import InMemoryClaim

BUDGET = 10.0
HASTE = 2.0
POST = "fetch('/effect', {method: 'POST'})"
CONFIRMED: list[dict[str, Any]] = [
    {"click": "#approve"},
    {"answer": "confirm", "says": "Approve batch {key}[?]", "effect": True},
]


def portal_by(
    portal_with: OpenPortal, steps: list[dict[str, Any]], budget: float = BUDGET
) -> Portal:
    approve = {**PROFILE["actions"]["approve"], "steps": steps}
    return portal_with(actions={"approve": approve}, timings={"click_budget": budget})


def asks(pages: Pages, script: str, more: str = "") -> None:
    """Batch A's page does this when its button is clicked."""
    button = f'<button id=approve onclick="{script}">Approve</button>'
    pages.batch("A", "<i id=status>Open</i>" + button + more)


def fired(portal: Portal, budget: float = BUDGET) -> BatchPage:
    page = portal.open_batch("A")
    with page.aim("", "[m]", budget) as aim:
        aim.fire()
    return page


def test_saying_yes_can_be_the_effect(portal_with: OpenPortal, pages: Pages) -> None:
    asks(pages, f"if (confirm('Approve  batch A?')) {POST}")

    fired(portal_by(portal_with, CONFIRMED))

    assert pages.wait_for_posts(1) == ["/effect"]


def test_a_question_that_comes_late_is_answered_too(portal_with: OpenPortal, pages: Pages) -> None:
    asks(pages, f"setTimeout(() => confirm('Approve batch A?') && {POST}, 50)")

    fired(portal_by(portal_with, CONFIRMED)).hear(HASTE)

    assert pages.wait_for_posts(1) == ["/effect"]


@pytest.mark.parametrize(
    "script",
    [
        f"if (confirm('Delete batch A?')) {POST}",
        f"if (confirm('Approve batch AB?')) {POST}",
        f"if (prompt('Approve batch A?') !== null) {POST}",
    ],
    ids=["other words", "another batch", "another kind"],
)
def test_another_question_is_declined_and_reported(
    portal_with: OpenPortal, pages: Pages, script: str
) -> None:
    asks(pages, script)

    word = fired(portal_by(portal_with, CONFIRMED)).hear(HASTE)

    assert word.signal == "asked"
    assert "batch A" in word.text
    assert pages.posts == []


def test_whoever_looks_at_what_is_unverified_is_told_of_the_question_that_was_declined(
    portal_with: OpenPortal, pages: Pages, tmp_path: Path
) -> None:
    asks(pages, f"if (confirm('Approve batch A (urgent)?')) {POST}")
    portal = portal_by(portal_with, CONFIRMED, budget=HASTE)
    service = BatchApprovalService(portal, EvidenceFolder(tmp_path, "task"))

    outcome = service.act(InMemoryClaim("A"), "")

    assert outcome.status is ItemStatus.UNVERIFIED
    assert "and got a no: Approve batch A (urgent)?" in outcome.detail


def test_yes_is_said_once(portal_with: OpenPortal, pages: Pages) -> None:
    asks(pages, f"if (confirm('Approve batch A?')) {POST}; if (confirm('Approve batch A?')) {POST}")

    fired(portal_by(portal_with, CONFIRMED)).hear(HASTE)

    assert pages.wait_for_posts(1) == ["/effect"]


def test_a_yes_that_arrives_too_late_is_a_no(portal_with: OpenPortal, pages: Pages) -> None:
    # Given a page that is frozen between its question and our answer
    asks(pages, f"performance.now = () => 1e12; if (confirm('Approve batch A?')) {POST}")

    assert fired(portal_by(portal_with, CONFIRMED)).hear(HASTE).signal == "not_clicked"
    assert pages.posts == []


def test_questions_before_the_effect_are_answered_in_their_order(
    portal_with: OpenPortal, pages: Pages
) -> None:
    pages.batch(
        "A",
        "<i id=status>Open</i>"
        + """<button id=ask onclick="alert('First'); const said = prompt('Your name?');
        const it = document.getElementById('approve'); it.hidden = said !== 'officer of A'">
        Ask</button>"""
        + APPROVE.replace("<button", "<button hidden"),
    )
    steps: list[dict[str, Any]] = [
        {"click": "#ask"},
        {"answer": "alert", "says": "First"},
        {"answer": "prompt", "says": "Your .*", "reply": "officer of {key}"},
        {"click": "#approve", "effect": True},
    ]

    fired(portal_by(portal_with, steps))

    assert pages.wait_for_posts(1) == ["/effect"]


def test_an_unexpected_question_before_the_effect_stops_it(
    portal_with: OpenPortal, pages: Pages
) -> None:
    asks(pages, POST, "<button id=open onclick=\"alert('Maintenance at six')\">Open</button>")
    steps: list[dict[str, Any]] = [{"click": "#open"}, {"click": "#approve", "effect": True}]

    with pytest.raises(PageChanged, match="Maintenance at six"):
        fired(portal_by(portal_with, steps))

    assert pages.posts == []


def test_a_question_that_does_not_come_is_the_profiles_fault(
    portal_with: OpenPortal, pages: Pages
) -> None:
    asks(pages, POST, "<button id=open>Open</button>")
    steps: list[dict[str, Any]] = [
        {"click": "#open"},
        {"answer": "alert", "says": "Open"},
        {"click": "#approve", "effect": True},
    ]

    with pytest.raises(ProfileMismatch, match="did not ask"):
        fired(portal_by(portal_with, steps), HASTE)

    assert pages.posts == []
