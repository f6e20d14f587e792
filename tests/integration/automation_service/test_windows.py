"""Portals that open a tab or a popup: guarded from its first document, used, and closed again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.browser import Browser
from automation_service.evidence import EvidenceFolder
from automation_service.portal import Portal
from shared.errors import PageChanged
from shared.task_state import ItemStatus
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import APPROVE, PATIENCE, PROFILE, Pages
from tests.integration.automation_service.worker_double import InMemoryClaim

BUDGET = 10.0
OPEN = "<i id=status>Open</i>"
KNOWN = "<b id=user>officer</b>"
POPUP = """<button id=ask onclick="window.open('/popup')">Approve</button>"""
LINK = "<a id=ask href=/popup target=_blank rel=noopener>Approve</a>"
STEPS: list[dict[str, Any]] = [
    {"click": "#ask", "leads_to": "window"},
    {"click": "#approve", "effect": True, "names_batch": "#what"},
]


def portal_by(portal_with: OpenPortal, steps: list[dict[str, Any]]) -> Portal:
    approve = {**PROFILE["actions"]["approve"], "steps": steps}
    return portal_with(actions={"approve": approve}, timings={"click_budget": BUDGET})


@pytest.fixture
def portal(portal_with: OpenPortal, pages: Pages) -> Portal:
    pages.batch("A", OPEN + POPUP)
    pages.html["/popup"] = KNOWN + "<p id=what>Batch A</p>" + APPROVE
    pages.after_post["/effect"] = lambda: pages.batch("A", "<i id=status>Done</i>")
    return portal_by(portal_with, STEPS)


def approving(portal: Portal, folder: Path) -> BatchApprovalService:
    return BatchApprovalService(portal, EvidenceFolder(folder, "task"))


@pytest.mark.parametrize("opener", [POPUP, LINK], ids=["popup", "tab"])
def test_the_effect_is_made_in_the_window_that_opens(
    portal: Portal, pages: Pages, tmp_path: Path, browser: Browser, opener: str
) -> None:
    pages.batch("A", OPEN + opener)

    outcome = approving(portal, tmp_path).act(InMemoryClaim("A"), "")

    assert (outcome.status, outcome.clicks) == (ItemStatus.DONE, 1)
    assert pages.posts == ["/effect"]
    assert browser.windows_opened == 0


def test_a_window_may_close_by_the_effect(portal: Portal, pages: Pages, tmp_path: Path) -> None:
    closing = "opener.fetch('/effect', {method: 'POST'}); window.close()"
    button = f'<button id=approve onclick="{closing}">Yes</button>'
    pages.html["/popup"] = KNOWN + "<p id=what>Batch A</p>" + button

    assert approving(portal, tmp_path).act(InMemoryClaim("A"), "").status is ItemStatus.DONE
    assert pages.posts == ["/effect"]


@pytest.mark.usefixtures("portal")
def test_a_window_that_closes_itself_is_a_sign(portal_with: OpenPortal, pages: Pages) -> None:
    closing = "opener.fetch('/effect', {method: 'POST'}).then(() => window.close())"
    button = f'<button id=approve onclick="{closing}">Yes</button>'
    pages.html["/popup"] = KNOWN + "<p id=what>Batch A</p>" + button
    outcomes = {"success": {"css": "#approve", "gone": True}}
    approve = {**PROFILE["actions"]["approve"], "steps": STEPS, "outcomes": outcomes}
    portal = portal_with(actions={"approve": approve}, timings={"click_budget": BUDGET})
    page = portal.open_batch("A")

    with page.aim("", "[m]", BUDGET) as aim:
        aim.fire()

    assert page.hear(BUDGET).signal == "success"
    assert pages.posts == ["/effect"]


def test_a_window_that_names_another_batch_is_not_used(
    portal: Portal, pages: Pages, tmp_path: Path, browser: Browser
) -> None:
    pages.html["/popup"] = KNOWN + "<p id=what>Batch B</p>" + APPROVE

    with pytest.raises(PageChanged):
        approving(portal, tmp_path).act(InMemoryClaim("A"), "")

    assert pages.posts == []
    assert browser.windows_opened == 0


def in_time(_: Browser) -> None:
    """Nothing happens before the click."""


def late(browser: Browser) -> None:
    browser.evaluate("performance.now = () => 1e12", PATIENCE)


@pytest.mark.parametrize(("meanwhile", "posts"), [(late, []), (in_time, ["/effect"])])
def test_the_new_window_takes_one_click_in_time(
    portal: Portal,
    pages: Pages,
    browser: Browser,
    meanwhile: Callable[[Browser], None],
    posts: list[str],
) -> None:
    page = portal.open_batch("A")

    with page.aim("", "[m]", BUDGET) as aim:
        meanwhile(browser)
        aim.fire()
        aim.fire()

    assert page.hear(3).signal == "not_clicked"
    assert pages.wait_for_posts(len(posts)) == posts


def test_nothing_is_clicked_in_a_new_window_without_a_permit(
    portal: Portal, pages: Pages, browser: Browser
) -> None:
    portal.open_batch("A")
    browser.evaluate("void window.open('/popup')", PATIENCE)
    assert browser.enter_window(0, 10)
    waiting = "new Promise(go => { const look = () => document.getElementById('approve') ? "
    browser.evaluate(waiting + "go(1) : setTimeout(look, 10); look() })", 10)
    place = "document.getElementById('approve').getBoundingClientRect().toJSON()"
    box = browser.evaluate(place, PATIENCE)

    browser.click(box["x"] + 5, box["y"] + 5)

    assert browser.evaluate("agentGuard.hasRefused()", PATIENCE)
    assert pages.posts == []


def test_something_may_be_picked_in_a_window_before_the_effect_in_the_first(
    portal_with: OpenPortal, portal: Portal, pages: Pages, tmp_path: Path
) -> None:
    picking = "opener.document.getElementById('approve').hidden = false"
    pages.html["/popup"] = KNOWN + f'<button id=pick onclick="{picking}">Pick</button>'
    pages.batch("A", OPEN + POPUP + APPROVE.replace("<button", "<button hidden"))
    steps: list[dict[str, Any]] = [
        {"click": "#ask", "leads_to": "window"},
        {"click": "#pick", "leads_to": "first_window"},
        {"click": "#approve", "effect": True},
    ]

    outcome = approving(portal_by(portal_with, steps), tmp_path).act(InMemoryClaim("A"), "")

    assert outcome.status is ItemStatus.DONE
    assert pages.posts == ["/effect"]


def test_a_frame_of_another_site_is_guarded(portal: Portal, pages: Pages, browser: Browser) -> None:
    pages.html["/frame"] = APPROVE
    other = pages.url.replace("127.0.0.1", "localhost")
    style = "position:fixed; inset:0; width:100%; height:100%"
    loaded = 'onload="document.body.dataset.loaded = 1"'
    frame = f"<iframe src={other}/frame style='{style}' {loaded}></iframe>"
    pages.batch("A", OPEN + frame)
    portal.open_batch("A")
    waiting = "new Promise(go => { const look = () => document.body.dataset.loaded ? "
    browser.evaluate(waiting + "go(1) : setTimeout(look, 10); look() })", 10)

    browser.click(20, 20)

    browser.evaluate("fetch('/seen', {method: 'POST'}).then(() => 1)", PATIENCE)
    assert pages.wait_for_post("/seen") == 1
    assert "/effect" not in pages.posts
