"""Pages such as real portals have, served by the test, read and used in real Chromium."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from automation_service.browser import Browser, BrowserOptions
from automation_service.portal import Credentials, Portal
from automation_service.profile import Profile
from shared.contracts import Condition
from shared.errors import (
    ApplicationError,
    PageChanged,
    PortalTimeout,
    PortalUnavailable,
    ProfileMismatch,
    SessionLost,
)
from tests.integration.automation_service.worker_double import InMemoryGate

PATIENCE = 1.0

PROFILE: dict[str, Any] = {
    "name": "pages",
    "title": "Pages of a test",
    "timings": {"click_budget": 5, "settle": 0.1, "step": PATIENCE},
    "session": {"logged_in": "#user", "lost": "#login"},
    "login": {
        "path": "/login",
        "username": "#name",
        "password": "#secret",
        "submit": "#enter",
        "success": "#user",
        "refused": ".wrong",
    },
    "batch": {
        "path": "/batches/{key}",
        "printed_key": "#key",
        "missing": "#none",
        "status": "#status",
        "words": {"Open": "approvable", "Done": "approved"},
    },
    "approve": {
        "steps": [{"click": "#approve", "effect": True}],
        "success": ".good",
        "refused": ".bad",
    },
    "pending": {
        "path": "/list",
        "ready": "table",
        "empty": "#empty",
        "row": "table tr",
        "key": "td",
        "next": "#next",
    },
}

APPROVE = """<button id=approve onclick="fetch('/effect', {method: 'POST'})">Approve</button>"""


class Pages:
    """A web server with exactly these pages."""

    def __init__(self) -> None:
        self.html: dict[str, str] = {}
        self.status: dict[str, int] = {}
        self.headers: dict[str, str] = {}
        self.posts: list[str] = []
        pages = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(pages.html.get(self.path, ""), pages.status.get(self.path, 200))

            def do_POST(self) -> None:
                pages.posts.append(self.path)
                self._answer("", 200)

            def _answer(self, html: str, status: int) -> None:
                body = f"<!doctype html>{html}".encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                for name, value in pages.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def batch(self, key: str, content: str, *, path: str = "") -> None:
        """A page that knows us and prints this id."""
        known = f"<b id=user>officer</b><b id=key>{key}</b>"
        self.html[path or f"/batches/{key}"] = known + content

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def pages() -> Iterator[Pages]:
    served = Pages()
    yield served
    served.close()


@pytest.fixture(scope="module")
def browser(
    make_options: Callable[..., BrowserOptions], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    folder: Path = tmp_path_factory.mktemp("browsers")
    started = Browser(make_options(folder), lambda process: None)
    yield started
    started.quit()


OpenPortal = Callable[..., Portal]


@pytest.fixture
def portal_with(browser: Browser, pages: Pages) -> OpenPortal:
    """The portal, with parts of the profile replaced."""

    def make(**changes: dict[str, Any]) -> Portal:
        parts = {name: {**PROFILE[name], **part} for name, part in changes.items()}
        profile = Profile.model_validate({**PROFILE, **parts})
        return Portal(browser, profile, pages.url, Credentials("a", "b"), InMemoryGate())

    return make


@pytest.fixture
def portal(portal_with: OpenPortal) -> Portal:
    return portal_with()


def test_a_page_that_may_be_cached_is_never_read_from_the_cache(
    portal: Portal, pages: Pages
) -> None:
    pages.headers = {"Cache-Control": "max-age=3600"}
    pages.batch("A", "<i id=status>Open</i>")
    pages.batch("B", "<i id=status>Open</i>")
    assert portal.read("A").condition is Condition.APPROVABLE
    portal.read("B")

    pages.batch("A", "<i id=status>Done</i>")

    assert portal.read("A").condition is Condition.APPROVED


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, PortalUnavailable),
        (503, PortalUnavailable),
        (429, PortalUnavailable),
        (401, SessionLost),
        (403, SessionLost),
    ],
)
def test_an_error_page_says_nothing_of_the_batch(
    portal: Portal, pages: Pages, status: int, error: type[ApplicationError]
) -> None:
    pages.batch("A", "<i id=status>Open</i>")
    pages.status["/batches/A"] = status

    with pytest.raises(error, match=str(status)):
        portal.open_batch("A")


def test_a_missing_page_is_a_missing_batch_only_for_those_who_are_logged_in(
    portal: Portal, pages: Pages
) -> None:
    pages.status["/batches/A"] = 404
    pages.html["/batches/A"] = "No such page"
    pages.html["/list"] = "<form id=login>Who are you?</form>"
    with pytest.raises(SessionLost):
        portal.open_batch("A")

    pages.html["/list"] = "<b id=user>officer</b>"

    assert portal.read("A").condition is Condition.MISSING


def test_a_login_form_in_place_of_the_batch_is_a_lost_session(portal: Portal, pages: Pages) -> None:
    pages.batch("A", "<i id=status>Done</i><form id=login>Please log in again</form>")

    with pytest.raises(SessionLost):
        portal.open_batch("A")


def test_a_page_of_the_batch_without_what_the_profile_names_is_a_mismatch(
    portal: Portal, pages: Pages
) -> None:
    pages.batch("A", "<i class=status>Open</i>")

    with pytest.raises(ProfileMismatch, match="#status"):
        portal.open_batch("A")


def test_a_page_without_the_mark_of_being_logged_in_proves_nothing(
    portal: Portal, pages: Pages
) -> None:
    pages.html["/batches/A"] = "<b id=key>A</b><i id=status>Done</i>"

    with pytest.raises(PortalTimeout, match="logged in"):
        portal.open_batch("A")


def test_a_word_nobody_knows_is_never_approvable(portal: Portal, pages: Pages) -> None:
    pages.batch("A", "<i id=status>Open (2)</i>")

    reading = portal.read("A")

    assert reading.condition is Condition.NOT_APPROVABLE
    assert reading.words == "Open (2)"


def test_what_arrives_late_is_awaited(portal: Portal, pages: Pages) -> None:
    pages.batch(
        "A",
        "<i id=status></i><script>setTimeout("
        "() => document.getElementById('status').textContent = 'Open', 300)</script>",
    )

    assert portal.read("A").words == "Open"


@pytest.mark.parametrize(
    "status",
    [
        {"css": "input.status", "attribute": "value"},
        {"css": "i", "attribute": "data-status"},
        {"xpath": "//th[.='Status']/following-sibling::td"},
        {"css": "td", "text": "Open"},
    ],
)
def test_the_status_is_read_from_wherever_the_profile_says(
    portal_with: OpenPortal, pages: Pages, status: dict[str, str]
) -> None:
    pages.batch(
        "A",
        "<i data-status=' Open '></i><input class=status value=Open>"
        "<table><tr><th>Number<td>7<tr><th>Status</th><td>\n Open </td></table>",
    )

    assert portal_with(batch={"status": status}).read("A").words == "Open"


def test_dialogs_are_left_without_agreeing_to_anything(portal: Portal, pages: Pages) -> None:
    pages.batch(
        "A",
        "<i id=status>Open</i><script>"
        "onbeforeunload = (event) => event.preventDefault();"
        "if (confirm('Approve all?')) fetch('/effect', {method: 'POST'})</script>",
    )
    pages.batch("B", "<i id=status>Done</i>")

    assert portal.read("A").words == "Open"
    assert portal.read("B").words == "Done"
    assert pages.posts == []


def test_a_page_takes_one_click_with_effect(portal: Portal, pages: Pages) -> None:
    pages.batch("A", "<i id=status>Open</i>" + APPROVE)
    page = portal.open_batch("A")
    aim = page.prepare("", "[m]", page.now + 5000, 5)

    aim.click()
    aim.click()

    assert page.hear().signal == "not_clicked"
    assert pages.posts == ["/effect"]


def test_a_click_after_the_permit_has_no_effect(portal: Portal, pages: Pages) -> None:
    pages.batch("A", "<i id=status>Open</i>" + APPROVE)
    page = portal.open_batch("A")
    aim = page.prepare("", "[m]", page.now + 1, 5)
    deadline = time.monotonic() + 10
    while not aim.is_late and time.monotonic() < deadline:
        time.sleep(0.001)

    aim.click()

    assert page.hear().signal == "not_clicked"
    assert pages.posts == []


def test_a_click_that_would_meet_something_else_has_no_effect(portal: Portal, pages: Pages) -> None:
    # Given a page that puts another button in the place of ours as soon as the mouse comes near
    other = """<button id=other onclick="fetch('/other', {method: 'POST'})" hidden
        style="position:fixed; inset:0; width:100vw; height:100vh">Delete</button>"""
    swap = "<script>onmousemove = () => document.getElementById('other').hidden = false</script>"
    pages.batch("A", "<i id=status>Open</i>" + APPROVE + other + swap)
    page = portal.open_batch("A")

    page.prepare("", "[m]", page.now + 5000, 5).click()

    assert page.hear().signal == "not_clicked"
    assert pages.posts == []


def test_what_covers_the_button_is_waited_for(portal: Portal, pages: Pages) -> None:
    cover = """<div id=cover style="position:fixed; inset:0; background:#fff8">Loading</div>
        <script>setTimeout(() => document.getElementById('cover').remove(), 300)</script>"""
    pages.batch("A", "<i id=status>Open</i>" + APPROVE + cover)
    page = portal.open_batch("A")

    page.prepare("", "[m]", page.now + 5000, 5).click()

    assert page.hear().signal == "silence"
    assert pages.posts == ["/effect"]


def test_nothing_is_clicked_on_a_page_that_came_instead(
    portal: Portal, pages: Pages, browser: Browser
) -> None:
    pages.batch("A", "<i id=status>Open</i>" + APPROVE)
    page = portal.open_batch("A")
    browser.navigate(pages.url + "/batches/A")

    with pytest.raises(PageChanged):
        page.prepare("", "[m]", page.now + 5000, 5)


def test_nothing_is_clicked_once_the_status_is_another(
    portal: Portal, pages: Pages, browser: Browser
) -> None:
    pages.batch("A", "<i id=status>Open</i>" + APPROVE)
    page = portal.open_batch("A")
    browser.evaluate("document.getElementById('status').textContent = 'Done'", PATIENCE)

    with pytest.raises(PageChanged):
        page.prepare("", "[m]", page.now + 5000, 5)


def test_a_message_from_before_the_click_is_no_answer_to_it(portal: Portal, pages: Pages) -> None:
    pages.batch("A", "<p class=good>Batch A approved</p><i id=status>Open</i>" + APPROVE)
    page = portal.open_batch("A")

    page.prepare("", "[m]", page.now + 5000, 5).click()

    assert page.hear().signal == "silence"


def test_a_portal_that_never_answers_takes_its_time_and_no_more(
    make_options: Callable[..., BrowserOptions], tmp_path: Path
) -> None:
    # Given a server that accepts and says nothing
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as silent:
        impatient = Browser(make_options(tmp_path, timeout=1), lambda process: None)
        try:
            url = f"http://127.0.0.1:{silent.server_port}"
            with pytest.raises(PortalTimeout):
                impatient.navigate(url)
            assert not impatient.alive()
        finally:
            impatient.quit()
