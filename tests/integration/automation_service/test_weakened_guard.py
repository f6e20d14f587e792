"""What each part of the guard is for: without it a request leaves that the whole guard refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from automation_service import browser as browser_module
from automation_service.browser import Browser, BrowserOptions
from automation_service.dialogs import DialogRule
from automation_service.portal import Portal
from shared.errors import AgentError
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import APPROVE, PATIENCE, PROFILE, Pages

BUDGET = 5.0
WHOLE = Path(browser_module.__file__).with_name("guard.js").read_text(encoding="utf-8")
FORM = """<form id=form onsubmit="fetch('/effect', {method: 'POST'}); return false">
    <button id=approve>Approve</button></form>"""
IS_LATE = "performance.now = () => 1e12"
CLOCK_SET_BACK = "Date.now = () => performance.timeOrigin"
SEEN = "/seen"
POST = "fetch('/effect', {method: 'POST'})"
HASTE = 1.5

Act = Callable[[Portal, Browser], None]


def clicked_without_a_permit(portal: Portal, browser: Browser) -> None:
    portal.open_batch("A")
    clicked_without_a_permit_here(browser)


def clicked_without_a_permit_here(browser: Browser) -> None:
    place = "document.getElementById('approve').getBoundingClientRect().toJSON()"
    box = browser.evaluate(place, PATIENCE)
    browser.click(box["x"] + 5, box["y"] + 5)


def clicked_once(portal: Portal, _: Browser) -> None:
    page = portal.open_batch("A")
    with page.aim("", "[m]", BUDGET) as aim:
        aim.fire()


def answered_without_a_click(portal: Portal, browser: Browser) -> None:
    page = portal.open_batch("A")
    with page.aim("", "[m]", BUDGET):
        browser.dialogs.expect([DialogRule("confirm", re.compile("1"))])
        browser.evaluate(f"confirm(1) && {POST}, 1", PATIENCE)


def clicked_twice(portal: Portal, _: Browser) -> None:
    page = portal.open_batch("A")
    with page.aim("", "[m]", BUDGET) as aim:
        aim.fire()
        aim.fire()


def clicked_late(portal: Portal, browser: Browser) -> None:
    page = portal.open_batch("A")
    with page.aim("", "[m]", BUDGET) as aim:
        browser.evaluate(f"{CLOCK_SET_BACK}; {IS_LATE}", PATIENCE)
        aim.fire()


def submitted_again_by_script(portal: Portal, browser: Browser) -> None:
    page = portal.open_batch("A")
    with page.aim("", "[m]", BUDGET) as aim:
        aim.fire()
    browser.evaluate("document.getElementById('form').requestSubmit()", PATIENCE)


def clicked_once_the_batch_is_decided(portal: Portal, browser: Browser) -> None:
    page = portal.open_batch("A")
    with page.aim("", "[m]", BUDGET) as aim:
        browser.evaluate("document.getElementById('status').textContent = 'Done'", PATIENCE)
        aim.fire()


def clicked_in_a_document_written_anew(portal: Portal, browser: Browser) -> None:
    portal.open_batch("A")
    anew = "const whole = document.documentElement.outerHTML; document.open(); "
    browser.evaluate(anew + "document.write(whole); document.close()", PATIENCE)
    clicked_without_a_permit_here(browser)


def stepped(portal: Portal, _: Browser) -> None:
    with suppress(AgentError), portal.open_batch("A").aim("", "[m]", HASTE):
        pass


@dataclass(frozen=True)
class Weakening:
    """A guard in which `part` is replaced, and what then has more effects than `allowed`."""

    name: str
    part: str
    by: str
    act: Act
    allowed: int = 0
    page: str = APPROVE
    steps: tuple[dict[str, Any], ...] = ({"click": "#approve", "effect": True},)

    @property
    def guard(self) -> str:
        """The weakened guard."""
        assert WHOLE.count(self.part) == 1, self.part
        return WHOLE.replace(self.part, self.by)


SENDING = """<form method=post action=/effect><button type=button id=open
    onclick="form.submit()">Open</button></form>"""
IN_TIME = "performance.now() <= permit.ends"
WEAKENINGS = (
    Weakening("no guard", "if (mayPass(event)) return;", "return;", clicked_without_a_permit),
    Weakening(
        "not denied by default",
        "if (permit === null) return !event.isTrusted;",
        "if (permit === null) return true;",
        clicked_without_a_permit,
    ),
    Weakening(
        "permit not one-shot",
        'permit.state.spent = event.type === "click";',
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
        "permit.state[way] = true;",
        "",
        submitted_again_by_script,
        allowed=1,
        page=FORM,
    ),
    Weakening(
        "permit for whatever the page shows by now",
        "isInTime() && permit.holds();",
        "isInTime();",
        clicked_once_the_batch_is_decided,
    ),
    Weakening(
        "key not one-shot",
        """    if (!isOpen()) return false;
    permit.state.spent = true;""",
        "    permit.state.spent = true;",
        clicked_twice,
        allowed=1,
        page=f"<input id=approve onkeydown=\"if (event.key === 'Enter') {POST}\">",
        steps=({"press": "#approve", "effect": True},),
    ),
    Weakening(
        "script not one-shot",
        'permit.gesture !== "script" || !isOpen()',
        'permit.gesture !== "script"',
        clicked_twice,
        allowed=1,
        page=f'<select id=approve onchange="{POST}"><option>-<option>y</select>',
        steps=({"choose": "#approve", "option": "y", "effect": True},),
    ),
    Weakening(
        "a yes that comes too late",
        "if (answer === no || mayAgree()) return answer;",
        "return answer;",
        clicked_once,
        page=f'<button id=approve onclick="{IS_LATE}; if (confirm(1)) {POST}">Approve</button>',
        steps=({"click": "#approve"}, {"answer": "confirm", "says": "1", "effect": True}),
    ),
    Weakening(
        "a yes that was not asked for by the gesture",
        "!permit.asks || !state.spent",
        "!permit.asks",
        answered_without_a_click,
        steps=({"click": "#approve"}, {"answer": "confirm", "says": "1", "effect": True}),
    ),
    Weakening(
        "form sent by script before the effect",
        'if (maySubmit("sent")) send.call(this);',
        "if (true) send.call(this);",
        stepped,
        page=SENDING,
        steps=({"click": "#open"}, {"click": "#approve", "effect": True}),
    ),
    Weakening(
        "submits of a step that leads on not one-shot",
        "passes -= 1;",
        "",
        stepped,
        allowed=1,
        page=f"""<form onsubmit="{POST}; return false"><button id=open
            onclick="setTimeout(() => form.requestSubmit(), 50)">Open</button></form>""",
        steps=({"click": "#open", "leads_to": "page"}, {"click": "#approve", "effect": True}),
    ),
    Weakening(
        "gone from a document written anew",
        "const opened = native.apply(this, given);\n      stand();",
        "const opened = native.apply(this, given);",
        clicked_in_a_document_written_anew,
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
    weakening: Weakening, portal_with: OpenPortal, pages: Pages, browser: Browser
) -> None:
    approve = {**PROFILE["actions"]["approve"], "steps": weakening.steps}
    portal = portal_with(actions={"approve": approve})
    pages.batch("A", "<i id=status>Open</i>" + weakening.page)

    allowed, act = weakening.allowed, weakening.act
    whole = effects(pages, portal, browser, WHOLE, act, allowed)
    weakened = effects(pages, portal, browser, weakening.guard, act, allowed + 1)

    assert (whole, weakened) == (allowed, allowed + 1)
