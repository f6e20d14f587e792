"""Acting in frames of other hosts, which the profile allows, under the same guard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from automation_service.batch_page import BatchPage
from automation_service.browser import Browser, BrowserOptions
from automation_service.portal import Credentials, Portal
from automation_service.profile import Profile
from shared.errors import ProfileMismatch
from tests.integration.automation_service.pages import APPROVE, PROFILE, Pages
from tests.integration.automation_service.worker_double import InMemoryGate

BUDGET = 8.0
BUTTON = {"css": "#approve", "frame": {"css": "#inner", "frame": "#outer"}}

EFFECT = {"click": "#approve", "effect": True}


@pytest.fixture(scope="module")
def joined(
    make_options: Callable[..., BrowserOptions], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    hosts = ("127.0.0.1", "localhost")
    options = replace(make_options(tmp_path_factory.mktemp("b")), hosts=hosts, joined=True)
    started = Browser(options, lambda process: None)
    yield started
    started.quit()


@pytest.fixture
def others() -> Iterator[Pages]:
    served = Pages()
    yield served
    served.close()


def nested(pages: Pages, others: Pages, content: str) -> None:
    """The batch's page, in it a frame of another port, and in that one of another host."""
    third = others.url.replace("127.0.0.1", "localhost")
    outer = f"<iframe id=outer src='{others.url}/outer' style='margin: 30px'></iframe>"
    others.html["/outer"] = f"<p>.</p><iframe id=inner src='{third}/inner'></iframe>"
    others.html["/inner"] = content
    pages.batch("7", f"<i id=status>Open</i>{outer}")


def described(*steps: dict[str, Any]) -> Profile:
    approve = {**PROFILE["actions"]["approve"], "steps": steps}
    timings = {**PROFILE["timings"], "click_budget": BUDGET, "step": 5}
    return Profile.model_validate({**PROFILE, "actions": {"approve": approve}, "timings": timings})


def opened(browser: Browser, pages: Pages, *steps: dict[str, Any]) -> BatchPage:
    profile = described(*steps)
    portal = Portal(browser, profile, pages.url, Credentials("a", "b"), InMemoryGate())
    return portal.open_batch("7")


def test_a_button_in_frames_of_other_hosts_is_clicked_once(
    joined: Browser, pages: Pages, others: Pages
) -> None:
    nested(pages, others, f"<input id=remark>{APPROVE}")
    field = {**BUTTON, "css": "#remark"}
    page = opened(joined, pages, {"fill": field}, {"click": BUTTON, "effect": True})

    with page.aim("Fine", "[m]", BUDGET) as aim:
        aim.fire()
        aim.fire()

    page.hear(0.5)
    assert others.wait_for_posts(1) == ["/effect"]


def test_nothing_in_such_a_frame_is_clicked_without_a_permit(
    joined: Browser, pages: Pages, others: Pages
) -> None:
    # Given a page that was opened and read, and the place of the button in its frame
    nested(pages, others, APPROVE.replace("<button", "<button style='all: unset; display: block'"))
    page = opened(joined, pages, {"click": BUTTON, "effect": True})
    with page.aim("", "[m]", BUDGET) as aim:
        at = dict(aim._walk.at)
    page = opened(joined, pages, {"click": BUTTON, "effect": True})
    assert page.offers_action

    # When a click comes there that nobody permitted
    joined.click(at["x"], at["y"])

    # Then the frame's own guard refuses it
    inner = "outer.contentWindow.document.querySelector('#inner').contentWindow"
    assert joined.evaluate(f"{inner}.agentGuard.hasRefused()", 2) is True
    assert others.posts == []


def test_a_permit_that_is_over_is_over_in_such_a_frame(
    joined: Browser, pages: Pages, others: Pages
) -> None:
    nested(pages, others, APPROVE)
    page = opened(joined, pages, {"click": BUTTON, "effect": True})

    with page.aim("", "[m]", BUDGET) as aim:
        inner = "outer.contentWindow.document.querySelector('#inner').contentWindow"
        joined.evaluate(f"{inner}.performance.now = () => 1e12", 2)
        aim.fire()

    assert page.hear(BUDGET).signal == "not_clicked"
    assert others.posts == []


def test_a_browser_that_joins_no_hosts_finds_nothing_there(
    browser: Browser, pages: Pages, others: Pages
) -> None:
    nested(pages, others, APPROVE)
    page = opened(browser, pages, {"click": BUTTON, "effect": True})

    with pytest.raises(ProfileMismatch, match="nothing to use"), page.aim("", "[m]", 3):
        pytest.fail("There is nothing to aim at.")


def test_only_a_profile_that_looks_into_frames_and_lists_hosts_has_them_joined() -> None:
    def listing(profile: Profile, *hosts: str) -> Profile:
        site = profile.site.model_copy(update={"hosts": hosts})
        return profile.model_copy(update={"site": site})

    in_frame = described({"repeat_until": "#a", "steps": [{"click": BUTTON}]}, EFFECT)

    assert listing(in_frame, "frames.example.org").joins_hosts
    assert not listing(in_frame).joins_hosts
    assert not listing(described(EFFECT), "frames.example.org").joins_hosts
