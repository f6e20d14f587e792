"""What each part of the guard is for: without it a request leaves that the whole guard refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from automation_service import browser as browser_module
from automation_service.browser import Browser, BrowserOptions
from automation_service.portal import Portal
from tests.integration.automation_service.pages import APPROVE, PATIENCE, Pages

BUDGET = 5.0
WHOLE = Path(browser_module.__file__).with_name("guard.js").read_text(encoding="utf-8")
FORM = """<form id=form onsubmit="fetch('/effect', {method: 'POST'}); return false">
    <button id=approve>Approve</button></form>"""
IS_LATE = "performance.now = () => 1e12"
CLOCK_SET_BACK = "Date.now = () => performance.timeOrigin"
SEEN = "/seen"

Act = Callable[[Portal, Browser], None]


def clicked_without_a_permit(portal: Portal, browser: Browser) -> None:
    portal.open_batch("A")
    place = "document.getElementById('approve').getBoundingClientRect().toJSON()"
    box = browser.evaluate(place, PATIENCE)
    browser.click(box["x"] + 5, box["y"] + 5)


def clicked_twice(portal: Portal, _: Browser) -> None:
    page = portal.open_batch("A")
    with page.aim("", "[m]", BUDGET) as aim:
        aim.click()
        aim.click()


def clicked_late(portal: Portal, browser: Browser) -> None:
    page = portal.open_batch("A")
    with page.aim("", "[m]", BUDGET) as aim:
        browser.evaluate(f"{CLOCK_SET_BACK}; {IS_LATE}", PATIENCE)
        aim.click()


def submitted_again_by_script(portal: Portal, browser: Browser) -> None:
    page = portal.open_batch("A")
    with page.aim("", "[m]", BUDGET) as aim:
        aim.click()
    browser.evaluate("document.getElementById('form').requestSubmit()", PATIENCE)


def clicked_once_the_batch_is_decided(portal: Portal, browser: Browser) -> None:
    page = portal.open_batch("A")
    with page.aim("", "[m]", BUDGET) as aim:
        browser.evaluate("document.getElementById('status').textContent = 'Done'", PATIENCE)
        aim.click()


@dataclass(frozen=True)
class Weakening:
    """A guard in which `part` is replaced, and what then has more effects than `allowed`."""

    name: str
    part: str
    by: str
    act: Act
    allowed: int = 0
    page: str = APPROVE

    @property
    def guard(self) -> str:
        """The weakened guard."""
        assert WHOLE.count(self.part) == 1, self.part
        return WHOLE.replace(self.part, self.by)


IN_TIME = "performance.now() <= permit.ends"
WEAKENINGS = (
    Weakening("no guard", "if (mayPass(event)) return;", "return;", clicked_without_a_permit),
    Weakening(
        "not denied by default",
        "if (permit === null || permit.spent || !isInTime()) return false;",
        "if (permit === null) return true; if (permit.spent || !isInTime()) return false;",
        clicked_without_a_permit,
    ),
    Weakening(
        "permit not one-shot",
        'permit.spent = event.type === "click";',
        "",
        clicked_twice,
        allowed=1,
    ),
    Weakening("permit without an end", IN_TIME, "true", clicked_late),
    Weakening(
        "permit by wall clock",
        IN_TIME,
        "Date.now() - performance.timeOrigin <= permit.ends",
        clicked_late,
    ),
    Weakening(
        "submit not one-shot",
        "permit.submitted = true;",
        "",
        submitted_again_by_script,
        allowed=1,
        page=FORM,
    ),
    Weakening(
        "permit for whatever the page shows by now",
        "if (!permit.holds()) return false;",
        "",
        clicked_once_the_batch_is_decided,
    ),
)


@pytest.fixture(scope="module")
def browser(
    make_options: Callable[..., BrowserOptions], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """A browser without a guard of its own: each case brings one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(browser_module, "_GUARD", "")
        started = Browser(make_options(tmp_path_factory.mktemp("browsers")), lambda process: None)
    yield started
    started.quit()


def effects(
    pages: Pages, portal: Portal, browser: Browser, guard: str, act: Act, awaited: int
) -> int:
    """How many requests with an effect `act` leads to under this guard.

    At least `awaited` are waited for.
    """
    begun = len(pages.posts)
    method = "Page.addScriptToEvaluateOnNewDocument"
    installed = browser._tab.call(method, PATIENCE, source=guard)["identifier"]
    try:
        act(portal, browser)
        # What was to leave has left before this one, which is waited for too.
        browser.evaluate(f"fetch('{SEEN}', {{method: 'POST'}}).then(() => 1)", PATIENCE)
        pages.wait_for_posts(begun + awaited + 1)
    finally:
        method = "Page.removeScriptToEvaluateOnNewDocument"
        browser._tab.call(method, PATIENCE, identifier=installed)
    return pages.posts[begun:].count("/effect")


@pytest.mark.parametrize("weakening", WEAKENINGS, ids=lambda weakening: weakening.name)
def test_without_each_part_of_the_guard_a_request_leaves_that_it_would_refuse(
    weakening: Weakening, portal: Portal, pages: Pages, browser: Browser
) -> None:
    pages.batch("A", "<i id=status>Open</i>" + weakening.page)

    allowed, act = weakening.allowed, weakening.act
    whole = effects(pages, portal, browser, WHOLE, act, allowed)
    weakened = effects(pages, portal, browser, weakening.guard, act, allowed + 1)

    assert (whole, weakened) == (allowed, allowed + 1)
