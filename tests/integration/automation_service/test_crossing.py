"""Steps that lead from page to page before the effect, as to a page that asks for a yes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.browser import Browser
from automation_service.evidence import EvidenceFolder
from automation_service.portal import Portal
from shared.errors import AgentError, PageChanged, ProfileMismatch, SessionLost
from shared.task_state import ItemStatus
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import PATIENCE, PROFILE, Pages
from tests.integration.automation_service.worker_double import InMemoryClaim

BUDGET = 10.0
OPEN = "<i id=status>Open</i>"
ASK = "<form method=post action=/confirm><button id=ask>Approve</button></form>"
YES = "<form id=form method=post action=/effect><button id=yes>Yes</button></form>"
KNOWN = "<b id=user>officer</b>"
CROSSING: list[dict[str, Any]] = [
    {"click": "#ask", "leads_to": "page"},
    {"click": "#yes", "effect": True, "names_batch": "#what"},
]


def portal_by(portal_with: OpenPortal, steps: list[dict[str, Any]]) -> Portal:
    approve = {**PROFILE["actions"]["approve"], "steps": steps}
    return portal_with(actions={"approve": approve}, timings={"click_budget": BUDGET})


@pytest.fixture
def portal(portal_with: OpenPortal, pages: Pages) -> Portal:
    """A portal that asks on a page of its own whether batch A is really to be approved."""
    pages.batch("A", OPEN + ASK)
    confirms(pages, "<p id=what>Do you want to approve batch A?</p>")
    pages.after_post["/effect"] = lambda: pages.batch("A", "<i id=status>Done</i>")
    return portal_by(portal_with, CROSSING)


def confirms(pages: Pages, content: str) -> None:
    pages.html["/confirm"] = KNOWN + content + YES


def approving(portal: Portal, folder: Path) -> BatchApprovalService:
    return BatchApprovalService(portal, EvidenceFolder(folder, "task"))


def fails(portal: Portal, folder: Path, error: type[AgentError], told: str) -> InMemoryClaim:
    """Approve batch A in vain, without a request that has an effect."""
    claim = InMemoryClaim("A")
    with pytest.raises(error, match=told):
        approving(portal, folder).act(claim, "")
    return claim


def test_the_effect_is_on_the_page_that_asks(portal: Portal, pages: Pages, tmp_path: Path) -> None:
    outcome = approving(portal, tmp_path).act(InMemoryClaim("A"), "")

    assert (outcome.status, outcome.clicks) == (ItemStatus.DONE, 1)
    assert pages.posts == ["/confirm", "/effect"]


def test_a_page_that_names_another_batch_is_not_confirmed(
    portal: Portal, pages: Pages, tmp_path: Path
) -> None:
    confirms(pages, "<p id=what>Do you want to approve batch AB?</p>")

    claim = fails(portal, tmp_path, PageChanged, "changed .* or else it never named .* at #what")

    assert pages.posts == ["/confirm"]
    assert len(claim.open_intents) == 1


def test_a_page_that_names_no_batch_is_confirmed_only_if_the_profile_says_so(
    portal_with: OpenPortal, portal: Portal, pages: Pages, tmp_path: Path
) -> None:
    confirms(pages, "<p>Are you sure?</p>")
    first, effect = CROSSING
    unsaid = portal_by(portal_with, [first, {**effect, "names_batch": None}])
    said = portal_by(portal_with, [first, {**effect, "names_batch": False}])

    fails(unsaid, tmp_path, ProfileMismatch, "names_batch")
    assert pages.posts == ["/confirm"]

    assert approving(said, tmp_path).act(InMemoryClaim("A"), "").status is ItemStatus.DONE


@pytest.mark.parametrize(("ticked", "posts"), [("", 1), ("checked", 0)], ids=["alone", "with B"])
def test_a_selection_is_acted_on_only_if_nothing_else_is_in_it(
    portal_with: OpenPortal, pages: Pages, tmp_path: Path, ticked: str, posts: int
) -> None:
    pages.batch("A", OPEN)
    rows = "".join(
        f"<tr><td><input type=checkbox value={key} {state}><td>{key}"
        for key, state in (("A", ""), ("B", ticked))
    )
    pages.html["/all"] = f"{KNOWN}<form method=post action=/effect><table>{rows}</table>{YES}"
    pages.after_post["/effect"] = lambda: pages.batch("A", "<i id=status>Done</i>")
    steps: list[dict[str, Any]] = [
        {"go": "/all"},
        {"tick": {"role": "checkbox", "in": {"css": "tr", "has": {"css": "td", "text": "{key}"}}}},
        {
            "click": "#yes",
            "effect": True,
            "names_batch": {
                "css": "tr:has(:checked) td",
                "text": "{key}",
                "unless": {"css": "tr:has(:checked):not(:has([value='{key}']))"},
            },
        },
    ]
    portal = portal_by(portal_with, steps)

    if posts:
        assert approving(portal, tmp_path).act(InMemoryClaim("A"), "").status is ItemStatus.DONE
    else:
        fails(portal, tmp_path, PageChanged, "never named this batch")

    assert len(pages.posts) == posts


@pytest.mark.parametrize(
    ("then", "error", "told"),
    [("Open", ProfileMismatch, "nothing to use at #yes"), ("Done", PageChanged, "'Done' by now")],
)
def test_a_step_that_somebody_else_took_away_is_no_fault_of_the_profile(
    portal: Portal, pages: Pages, tmp_path: Path, then: str, error: type[AgentError], told: str
) -> None:
    pages.after_post["/confirm"] = lambda: pages.batch("A", f"<i id=status>{then}</i>")
    pages.html["/confirm"] = KNOWN + "<p>There is nothing to confirm.</p>"

    fails(portal, tmp_path, error, told)

    assert pages.posts == ["/confirm"]


def test_a_script_that_leads_away_from_the_batch_is_told_of(
    portal_with: OpenPortal, pages: Pages, tmp_path: Path
) -> None:
    away = "document.getElementById('key').remove()"
    pages.batch("A", OPEN + f"<a id=ask onclick={away}>Approve</a><b id=yes>Yes</b>")
    steps: list[dict[str, Any]] = [{"click": "#ask"}, {"click": "#yes", "effect": True}]

    fails(portal_by(portal_with, steps), tmp_path, PageChanged, "say in names_batch where")


@pytest.mark.parametrize(
    ("then", "error", "told"),
    [("Open", ProfileMismatch, "nothing to use at #yes"), ("Done", PageChanged, "'Done' by now")],
)
def test_a_page_that_scripts_have_made_another_lacks_a_step_by_its_own_fault_or_somebody_elses(
    portal_with: OpenPortal,
    pages: Pages,
    tmp_path: Path,
    then: str,
    error: type[AgentError],
    told: str,
) -> None:
    # Given a list whose rows open the batch in their place, without the button that is expected
    opened = "<h1>A</h1><b id=user>officer</b>"
    opens = f"fetch('/opened', {{method: 'POST'}}); document.body.innerHTML = '{opened}'"
    pages.batch("A", OPEN + f'<a id=ask onclick="{opens}">A</a>')
    pages.after_post["/opened"] = lambda: pages.batch("A", f"<i id=status>{then}</i>")
    steps: list[dict[str, Any]] = [
        {"click": "#ask"},
        {"click": "#yes", "effect": True, "names_batch": "h1"},
    ]

    fails(portal_by(portal_with, steps), tmp_path, error, told)


@pytest.mark.parametrize(
    ("named", "content"),
    [
        ({"css": "#what", "match": "^Claim([A-Z]+)"}, "<p id=what>Claim{} is waiting</p>"),
        ({"css": "#what", "attribute": "value"}, "<input id=what type=hidden value={}>"),
    ],
    ids=["a part of a word", "an attribute"],
)
def test_a_page_may_name_the_batch_by_what_is_read_there(
    portal_with: OpenPortal, pages: Pages, tmp_path: Path, named: dict[str, str], content: str
) -> None:
    first, effect = CROSSING
    pages.batch("A", OPEN + ASK)
    pages.after_post["/effect"] = lambda: pages.batch("A", "<i id=status>Done</i>")
    portal = portal_by(portal_with, [first, {**effect, "names_batch": named}])

    confirms(pages, content.format("AB"))
    fails(portal, tmp_path, PageChanged, "never named this batch")
    confirms(pages, content.format("A"))

    assert approving(portal, tmp_path).act(InMemoryClaim("A"), "").status is ItemStatus.DONE


@pytest.mark.parametrize("named", [None, "#key"])
def test_a_step_may_change_the_field_from_which_the_status_is_read(
    portal_with: OpenPortal, pages: Pages, tmp_path: Path, named: str | None
) -> None:
    def shows(state: str) -> None:
        options = f"<option>{state}</option><option>Done</option>"
        pages.batch("A", f"<form method=post action=/effect><select id=s>{options}</select>{YES}")

    shows("Open")
    pages.after_post["/effect"] = lambda: shows("Done")
    steps: list[dict[str, Any]] = [
        {"choose": "#s", "option": "Done"},
        {"click": "#yes", "effect": True, "names_batch": named},
    ]
    approve = {**PROFILE["actions"]["approve"], "steps": steps}
    status = {"status": {"css": "#s", "attribute": "value"}}
    portal = portal_with(
        batch=status, actions={"approve": approve}, timings={"click_budget": BUDGET}
    )

    if named:
        assert approving(portal, tmp_path).act(InMemoryClaim("A"), "").status is ItemStatus.DONE
    else:
        fails(portal, tmp_path, PageChanged, "changes the field .* say in names_batch")


def test_the_next_page_submits_nothing_by_itself(
    portal: Portal, pages: Pages, tmp_path: Path
) -> None:
    submitting = "document.getElementById('form').requestSubmit()"
    asks = "<p id=what>Batch A</p>"
    pages.html["/confirm"] = KNOWN + asks + YES + f"<script>{submitting}</script>"

    page = portal.open_batch("A")
    with page.aim("", "[m]", BUDGET):
        pass

    assert pages.posts == ["/confirm"]


def test_a_click_on_the_next_page_is_late_by_its_own_clock(
    portal: Portal, pages: Pages, browser: Browser
) -> None:
    page = portal.open_batch("A")

    with page.aim("", "[m]", BUDGET) as aim:
        browser.evaluate("performance.now = () => 1e12", PATIENCE)
        aim.fire()

    assert page.hear(BUDGET).signal == "not_clicked"
    assert pages.posts == ["/confirm"]


def test_the_permit_of_the_next_page_ends_with_the_budget(portal: Portal, browser: Browser) -> None:
    page = portal.open_batch("A")

    with page.aim("", "[m]", BUDGET):
        assert page._walk is not None
        left = page._walk._permit_ends - browser.evaluate("performance.now()", PATIENCE)

    assert 0 < left <= BUDGET * 1000


def test_a_session_lost_between_the_pages_is_told(
    portal: Portal, pages: Pages, tmp_path: Path
) -> None:
    pages.html["/confirm"] = "<form id=login></form>"

    fails(portal, tmp_path, SessionLost, "log in")

    assert pages.posts == ["/confirm"]


def test_a_step_may_go_to_a_page_of_the_batch(
    portal_with: OpenPortal, portal: Portal, pages: Pages, tmp_path: Path
) -> None:
    pages.html["/batches/A/approval"] = KNOWN + "<p id=what>Batch A</p>" + YES
    going = portal_by(portal_with, [{"go": "/batches/{key}/approval"}, CROSSING[1]])

    assert approving(going, tmp_path).act(InMemoryClaim("A"), "").status is ItemStatus.DONE
    assert pages.posts == ["/effect"]
