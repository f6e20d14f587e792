"""A browser reaches the portal's own hosts and no other, whatever its pages ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from automation_service.browser import Browser, BrowserOptions
from automation_service.portal import Credentials
from automation_service.profile import Profile
from automation_service.warm_browser import WarmBrowser
from shared.errors import PortalUnavailable
from tests.integration.automation_service.pages import PROFILE, Pages
from tests.integration.automation_service.worker_double import InMemoryGate


def asking(url: str) -> str:
    """A script that tells if anything of this address can be reached."""
    return f"fetch('{url}/x', {{mode: 'no-cors'}}).then(() => 'reached', () => 'nobody')"


@pytest.fixture(scope="module")
def warm(
    make_options: Callable[..., BrowserOptions], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WarmBrowser]:
    kept = WarmBrowser(make_options(tmp_path_factory.mktemp("browsers")), lambda process: None)
    yield kept
    kept.close()


OpenBrowser = Callable[..., Browser]


@pytest.fixture
def at_portal(warm: WarmBrowser, pages: Pages) -> OpenBrowser:
    """The browser of a portal that is logged in at 127.0.0.1, and may use these hosts too."""

    def start(*hosts: str) -> Browser:
        pages.html["/login"] = "<b id=user>officer</b>"
        profile = Profile.model_validate({**PROFILE, "site": {"hosts": hosts}})
        portal = warm.portal(profile, pages.url, Credentials("a", "b"), InMemoryGate())
        browser: Browser = portal._browser
        return browser

    return start


@pytest.mark.parametrize(("hosts", "answer"), [((), "nobody"), (("localhost",), "reached")])
def test_a_page_reaches_another_host_only_if_the_profile_allows_it(
    at_portal: OpenBrowser, pages: Pages, hosts: tuple[str, ...], answer: str
) -> None:
    browser = at_portal(*hosts)
    other = pages.url.replace("127.0.0.1", "localhost")

    assert browser.evaluate(asking(other), 5) == answer
    assert browser.evaluate(asking(pages.url), 5) == "reached"


def test_a_link_to_another_host_leads_nowhere(at_portal: OpenBrowser, pages: Pages) -> None:
    with pytest.raises(PortalUnavailable, match="ERR_NAME_NOT_RESOLVED"):
        at_portal().navigate(pages.url.replace("127.0.0.1", "localhost") + "/login")


def test_a_portal_that_says_http_is_never_asked_over_https(
    make_options: Callable[..., BrowserOptions],
    pages: Pages,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given a portal at the usual port of http, behind a proxy that tells how it was asked
    for scheme in ("http", "https"):
        monkeypatch.setenv(f"{scheme}_proxy", pages.url)
    portal = "http://portal.example.com"
    options = replace(make_options(tmp_path), hosts=("portal.example.com",))
    browser = Browser(options, lambda process: None)
    try:
        browser.navigate(f"{portal}/batches")
    finally:
        browser.quit()

    # Then nobody else was asked for either, by Chromium itself
    assert set(pages.gets) <= {f"{portal}/batches", f"{portal}/favicon.ico"}
    assert pages.tunnels == []
