"""The one click with an effect: on our element, in time, once, and nothing besides."""

from __future__ import annotations

import time

import pytest
from selenium.webdriver import Keys

from automation_service.batch_page import BatchPage
from automation_service.browser import Browser
from automation_service.portal import Portal
from shared.errors import BrowserDied, PageChanged
from tests.integration.automation_service.pages import APPROVE, PATIENCE, Pages

BUDGET = 5.0
FORM = """<form id=form onsubmit="fetch('/effect', {method: 'POST'}); return false">
    <input id=remark><button id=approve>Approve</button></form>"""


def click_once(page: BatchPage, budget: float = BUDGET) -> None:
    with page.aim("", "[m]", budget) as aim:
        aim.fire()


def test_a_page_takes_one_click_with_effect(portal: Portal, pages: Pages) -> None:
    pages.batch("A", "<i id=status>Open</i>" + APPROVE)
    page = portal.open_batch("A")

    with page.aim("", "[m]", BUDGET) as aim:
        aim.fire()
        aim.fire()

    assert page.hear(BUDGET).signal == "not_clicked"
    assert pages.wait_for_posts(1) == ["/effect"]


def test_a_click_after_the_permit_has_no_effect(
    portal: Portal, pages: Pages, browser: Browser
) -> None:
    pages.batch("A", "<i id=status>Open</i>" + APPROVE)
    page = portal.open_batch("A")

    with page.aim("", "[m]", BUDGET) as aim:
        # Given a worker that sleeps between looking at its clock and clicking
        browser.evaluate("performance.now = () => 1e12", PATIENCE)
        aim.fire()

    assert page.hear(BUDGET).signal == "not_clicked"
    assert pages.posts == []


def test_a_click_that_would_meet_something_else_has_no_effect(portal: Portal, pages: Pages) -> None:
    # Given a page that puts another button in the place of ours as soon as the mouse comes near
    other = """<button id=other onclick="fetch('/other', {method: 'POST'})" hidden
        style="position:fixed; inset:0; width:100vw; height:100vh">Delete</button>"""
    swap = "<script>onmousemove = () => document.getElementById('other').hidden = false</script>"
    pages.batch("A", "<i id=status>Open</i>" + APPROVE + other + swap)
    page = portal.open_batch("A")

    click_once(page)

    assert page.hear(BUDGET).signal == "not_clicked"
    assert pages.posts == []


def test_what_covers_the_button_is_waited_for(portal: Portal, pages: Pages) -> None:
    cover = """<div id=cover style="position:fixed; inset:0; background:#fff8">Loading</div>
        <script>setTimeout(() => document.getElementById('cover').remove(), 300)</script>"""
    pages.batch("A", "<i id=status>Open</i>" + APPROVE + cover)
    page = portal.open_batch("A")

    click_once(page)

    assert page.hear(BUDGET).signal == "silence"
    assert pages.wait_for_posts(1) == ["/effect"]


def test_nothing_is_clicked_on_a_page_that_came_instead(
    portal: Portal, pages: Pages, browser: Browser
) -> None:
    pages.batch("A", "<i id=status>Open</i>" + APPROVE)
    page = portal.open_batch("A")
    browser.navigate(pages.url + "/batches/A")

    with pytest.raises(PageChanged):
        click_once(page)


def test_nothing_is_clicked_once_the_status_is_another(
    portal: Portal, pages: Pages, browser: Browser
) -> None:
    pages.batch("A", "<i id=status>Open</i>" + APPROVE)
    page = portal.open_batch("A")
    browser.evaluate("document.getElementById('status').textContent = 'Done'", PATIENCE)

    with pytest.raises(PageChanged):
        click_once(page)


def test_a_message_from_before_the_click_is_no_answer_to_it(portal: Portal, pages: Pages) -> None:
    pages.batch("A", "<p class=good>Batch A approved</p><i id=status>Open</i>" + APPROVE)
    page = portal.open_batch("A")

    click_once(page)

    assert page.hear(BUDGET).signal == "silence"


def test_a_form_is_submitted_once_by_the_click_and_not_again_by_script(
    portal: Portal, pages: Pages, browser: Browser
) -> None:
    pages.batch("A", "<i id=status>Open</i>" + FORM)
    page = portal.open_batch("A")

    click_once(page)
    browser.evaluate("document.getElementById('form').requestSubmit()", PATIENCE)

    assert page.hear(BUDGET).signal == "not_clicked"
    assert pages.wait_for_posts(1) == ["/effect"]


def test_no_key_has_an_effect(portal: Portal, pages: Pages, browser: Browser) -> None:
    pages.batch("A", "<i id=status>Open</i>" + FORM)
    page = portal.open_batch("A")

    with page.aim("", "[m]", BUDGET):
        browser.driver.find_element("id", "remark").send_keys(Keys.ENTER)

    assert page.hear(BUDGET).signal == "not_clicked"
    assert pages.posts == []


def test_nothing_is_clicked_without_a_permit(
    portal: Portal, pages: Pages, browser: Browser
) -> None:
    pages.batch("A", "<i id=status>Open</i>" + APPROVE)
    page = portal.open_batch("A")
    box = browser.evaluate(
        "document.getElementById('approve').getBoundingClientRect().toJSON()", PATIENCE
    )

    browser.click(box["x"] + 5, box["y"] + 5)

    assert page.hear(BUDGET).signal == "not_clicked"
    assert pages.posts == []


def test_nothing_is_clicked_inside_a_frame_without_a_permit(
    portal: Portal, pages: Pages, browser: Browser
) -> None:
    # Given a frame that lies over the button and holds one of its own
    pages.html["/frame"] = APPROVE
    frame = "<iframe src=/frame style='position:fixed; inset:0; width:100%; height:100%'></iframe>"
    pages.batch("A", "<i id=status>Open</i>" + frame)
    portal.open_batch("A")
    ready = "frames[0].document.getElementById('approve')"
    found = f"{ready} && {ready}.getBoundingClientRect().toJSON()"
    deadline = time.monotonic() + 10
    while not (box := browser.evaluate(found, PATIENCE)) and time.monotonic() < deadline:
        pass

    browser.click(box["x"] + 5, box["y"] + 5)

    assert browser.evaluate("frames[0].agentGuard.hasRefused()", PATIENCE)
    assert pages.posts == []


def test_a_link_that_goes_on_in_the_next_line_is_clicked_where_it_is(
    portal: Portal, pages: Pages
) -> None:
    link = """<a id=approve href="#" onclick="fetch('/effect', {method: 'POST'})">b cccccc</a>"""
    wrapped = f"<p style='width: 160px; font: 16px monospace'>aaaaaaaaaaaa {link}</p>"
    pages.batch("A", "<i id=status>Open</i>" + wrapped)

    click_once(portal.open_batch("A"))

    assert pages.wait_for_posts(1) == ["/effect"]


def test_what_a_page_clicks_by_itself_counts_for_nothing_once_there_is_a_permit(
    portal: Portal, pages: Pages
) -> None:
    # Given a page that opens a tab of its own when it loads, and clicks again later by script
    opening = "<script>document.getElementById('approve').click()</script>"
    pages.batch("A", "<i id=status>Open</i>" + APPROVE + opening)
    page = portal.open_batch("A")
    assert pages.wait_for_posts(1) == ["/effect"]

    late = "<script>onmousemove = () => document.getElementById('approve').click()</script>"
    pages.batch("A", "<i id=status>Open</i>" + APPROVE + late)
    page = portal.open_batch("A")
    click_once(page)

    assert page.hear(BUDGET).signal == "not_clicked"
    assert pages.wait_for_posts(2) == ["/effect", "/effect"]


def test_a_page_polls_no_portal_while_a_click_is_made(
    portal: Portal, pages: Pages, browser: Browser
) -> None:
    # Given a page that asks its server again and again
    polling = """<script>let sent = 0;
        setInterval(() => fetch(`/poll/${sent++}`, {method: 'POST'}), 20)</script>"""
    pages.batch("A", "<i id=status>Open</i>" + APPROVE + polling)
    page = portal.open_batch("A")
    pages.wait_for_posts(2)

    with page.aim("", "[m]", BUDGET) as aim:
        before: int = browser.evaluate("sent", PATIENCE)
        during = browser.evaluate("new Promise(go => setTimeout(() => go(sent), 200))", PATIENCE)
        held = {f"/poll/{number}" for number in range(before, during)}
        arrived = held & set(pages.posts)
        aim.fire()

    assert held
    assert arrived == set()
    assert pages.wait_for_post("/effect") == 1


def test_a_page_that_is_not_left_in_time_is_ended_with_its_browser(
    portal: Portal, pages: Pages, spare_browser: Browser
) -> None:
    # Given a worker that stops right after its click
    spare_browser.navigate(pages.url)
    spare_browser.end_by(time.monotonic() + 0.5)

    deadline = time.monotonic() + 10
    while spare_browser.alive() and time.monotonic() < deadline:
        time.sleep(0.02)

    assert not spare_browser.alive()
    with pytest.raises(BrowserDied):
        spare_browser.end_by(time.monotonic() + 60)


def test_a_page_that_is_too_busy_to_go_is_ended_with_its_browser(
    pages: Pages, spare_browser: Browser
) -> None:
    # Given a page that does nothing but compute, and would ask the portal for something after that
    busy = """setTimeout(() => {
        const told = new XMLHttpRequest();
        told.open('POST', '/busy', false);
        told.send();
        for (const until = performance.now() + 5000; performance.now() < until;);
        fetch('/late', {method: 'POST'});
        })"""
    spare_browser.navigate(pages.url)
    spare_browser.evaluate(busy, PATIENCE)
    assert pages.wait_for_posts(1) == ["/busy"]
    spare_browser.end_by(time.monotonic() + 1.5)

    # When it has to be left, it does not count as left before it is gone
    with pytest.raises(BrowserDied):
        spare_browser.leave_page()

    assert not spare_browser.alive()
    assert pages.posts == ["/busy"]


def test_a_page_is_left_in_time_though_the_portal_does_not_answer(
    pages: Pages, spare_browser: Browser
) -> None:
    # Given a portal that answers only once it is asked again
    pages.html["/slow"] = "<b id=here>here</b>"
    pages.stall_first("/slow")
    spare_browser.navigate(pages.url)
    spare_browser.end_by(time.monotonic() + 1.5)

    spare_browser.navigate(pages.url + "/slow")

    deadline = time.monotonic() + 10
    here = "document.getElementById('here') !== null"
    while not spare_browser.evaluate(here, PATIENCE) and time.monotonic() < deadline:
        pass
    assert spare_browser.evaluate(here, PATIENCE)
    assert spare_browser.alive()
