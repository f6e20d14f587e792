"""Pages such as real portals have, read and used in real Chromium."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from automation_service.browser import Browser, BrowserOptions
from automation_service.portal import Portal
from shared.contracts import Condition
from shared.errors import (
    ApplicationError,
    PortalTimeout,
    PortalUnavailable,
    ProfileMismatch,
    SessionLost,
)
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import PROFILE, Pages


@pytest.mark.parametrize("part", ["key", "status"])
def test_what_stands_in_until_scripts_have_asked_is_not_believed(
    portal: Portal, pages: Pages, part: str
) -> None:
    pages.batch("A", "<i id=status>Open</i>")
    page = pages.html["/batches/A"]
    fill = f"""<script>
        const at = document.getElementById('{part}'), told = at.textContent;
        at.textContent = 'Loading';
        setTimeout(() => {{ at.textContent = told }}, 200)</script>"""
    pages.html["/batches/A"] = page + fill

    assert portal.read("A").condition is Condition.MAY_BE_DONE


def test_a_status_that_is_not_listed_and_stays_is_told(portal: Portal, pages: Pages) -> None:
    pages.batch("A", "<i id=status>Lost</i>")

    reading = portal.read("A")

    assert (reading.words, reading.condition) == ("Lost", Condition.MAY_NOT_BE_DONE)


@pytest.mark.parametrize(
    ("shown", "told"),
    [("", "nothing is at #key, nor anything at #none"), ("<b id=key>A</b>", "nothing at #status")],
)
def test_a_page_that_lacks_what_is_read_is_told_with_what(
    portal: Portal, pages: Pages, shown: str, told: str
) -> None:
    pages.html["/batches/A"] = f"<b id=user>officer</b>{shown}"

    with pytest.raises((ApplicationError, ProfileMismatch), match=told):
        portal.open_batch("A")


def test_one_page_may_show_all_batches(portal_with: OpenPortal, pages: Pages) -> None:
    table = "<table><tr id=A><td>A<td>Open<tr id=B><td>B<td>Done</table>"
    pages.html["/all"] = f"<b id=user>officer</b>{table}"
    batch = {
        "path": "/all",
        "printed_key": "#{key} td",
        "missing": {"css": "table", "unless": "#{key}"},
        "status": "#{key} td + td",
    }
    steps = [{"click": "#{key} button", "effect": True}]
    approve = {**PROFILE["actions"]["approve"], "steps": steps}
    portal = portal_with(batch=batch, actions={"approve": approve})

    read = [portal.read(key).condition for key in ("A", "B", "C")]

    assert read == [Condition.MAY_BE_DONE, Condition.DONE, Condition.MISSING]


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

    assert reading.condition is Condition.MAY_NOT_BE_DONE
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
