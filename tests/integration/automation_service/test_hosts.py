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


PORTAL = "http://portal.example.com"
ELSEWHERE = {
    "a script": "fetch('http://elsewhere.example.org/', {mode: 'no-cors'})",
    "a script, encrypted": "fetch('https://elsewhere.example.org/', {mode: 'no-cors'})",
    "a socket": """new Promise((opens, fails) => {
        const socket = new WebSocket('ws://elsewhere.example.org/')
        socket.onopen = opens; socket.onerror = fails })""",
    "a picture": """new Promise((comes, fails) => {
        const picture = new Image()
        picture.onload = comes; picture.onerror = fails
        picture.src = 'http://elsewhere.example.org/dot.png' })""",
}


@pytest.fixture
def behind_proxy(
    make_options: Callable[..., BrowserOptions],
    pages: Pages,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Browser]:
    """A browser that may use one portal, by a proxy that tells what it was asked for."""
    for scheme in ("http", "https"):
        monkeypatch.setenv(f"{scheme}_proxy", pages.url)
    monkeypatch.setenv("no_proxy", "direct.example.com")
    pages.html[f"{PORTAL}/batches"] = "<b id=user>officer</b>"
    hosts = ("portal.example.com", "*.example.com")
    browser = Browser(replace(make_options(tmp_path), hosts=hosts), lambda process: None)
    yield browser
    browser.quit()


def test_a_proxy_is_asked_for_the_portal_and_for_nothing_else(
    behind_proxy: Browser, pages: Pages
) -> None:
    behind_proxy.navigate(f"{PORTAL}/batches")
    assert behind_proxy.evaluate("document.body.textContent", 5) == "officer"

    # When its page, and then a link, lead elsewhere
    asked = {
        way: behind_proxy.evaluate(f"({script}).then(() => true, () => false)", 5)
        for way, script in ELSEWHERE.items()
    }
    with pytest.raises(PortalUnavailable):
        behind_proxy.navigate("http://elsewhere.example.org/")
    with pytest.raises(PortalUnavailable):
        behind_proxy.navigate("http://direct.example.com/")

    # Then the proxy hears nothing of it, nor of what Chromium asks for on its own account; and a
    # portal that says http, at the usual port, was not asked over https
    assert asked == dict.fromkeys(ELSEWHERE, False)
    assert set(pages.gets) <= {f"{PORTAL}/batches", f"{PORTAL}/favicon.ico"}
    assert pages.tunnels == []


def test_a_proxy_that_asks_who_we_are_is_not_taken_for_the_portal(
    behind_proxy: Browser, pages: Pages
) -> None:
    pages.asks_as_proxy = True
    pages.challenge = lambda _method, _answer: 'Basic realm="proxy"'

    with pytest.raises(PortalUnavailable, match="A proxy on the way asks who we are"):
        behind_proxy.navigate(f"{PORTAL}/batches")


def test_an_encrypted_portal_is_reached_through_the_proxy(
    behind_proxy: Browser, pages: Pages
) -> None:
    with pytest.raises(PortalUnavailable):
        behind_proxy.navigate("https://portal.example.com/batches")

    assert set(pages.tunnels) == {"portal.example.com:443"}
