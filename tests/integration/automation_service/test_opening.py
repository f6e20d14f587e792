"""Portals in which no address leads to a batch or to a list: one gets there by what is clicked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.evidence import EvidenceFolder
from automation_service.portal import Portal
from automation_service.profile import Profile
from shared.contracts import ItemOutcome
from shared.errors import LoginRefused, PortalTimeout, SessionLost
from shared.task_state import ItemStatus
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import APPROVE, PROFILE, Pages
from tests.integration.automation_service.worker_double import InMemoryClaim, InMemoryGate

SEARCHED: list[dict[str, Any]] = [
    {"fill": "#sought", "text": "{key}"},
    {"click": {"role": "button", "named": "Open"}},
]
KNOWN = "<b id=user>officer</b>"


def shows(pages: Pages, status: str) -> None:
    """The portal's one page, whose script shows batch A if that is what was sought."""
    batch = f"<b id=key>A</b><i id=status>{status}</i>{APPROVE}"
    pages.html["/"] = f"""{KNOWN}<input id=sought><button id=open>Open</button><div id=view></div>
        <template>{batch}</template><script>
        document.getElementById('open').onclick = () => setTimeout(() => {{
            const isA = document.getElementById('sought').value === 'A';
            document.getElementById('view').innerHTML = isA
                ? document.querySelector('template').innerHTML : '<p id=none>No such batch</p>';
        }}, 50)</script>"""


@pytest.fixture
def portal(portal_with: OpenPortal) -> Portal:
    return portal_with(batch={"path": "/", "open": SEARCHED})


def act(portal: Portal, folder: Path, key: str = "A") -> ItemOutcome:
    service = BatchApprovalService(portal, EvidenceFolder(folder, "task"))
    return service.act(InMemoryClaim(key), "")


def test_a_batch_that_is_only_searched_for_is_approved_once_and_read_back(
    portal: Portal, pages: Pages, tmp_path: Path
) -> None:
    shows(pages, "Open")
    pages.after_post["/effect"] = lambda: shows(pages, "Done")

    outcome = act(portal, tmp_path)
    again = act(portal, tmp_path)

    assert (outcome.status, outcome.clicks) == (ItemStatus.DONE, 1)
    assert (again.status, again.clicks) == (ItemStatus.ALREADY_DONE, 0)
    assert pages.posts == ["/effect"]


def test_a_batch_that_the_search_does_not_find_is_missing(
    portal: Portal, pages: Pages, tmp_path: Path
) -> None:
    shows(pages, "Open")

    assert act(portal, tmp_path, "B").status is ItemStatus.NOT_FOUND


def test_a_batch_is_missing_if_the_page_says_so_where_the_next_step_finds_nothing(
    portal_with: OpenPortal, pages: Pages, tmp_path: Path
) -> None:
    shows(pages, "Open")
    steps = [*SEARCHED, {"click": {"text": "Batch {key}"}}]

    outcome = act(portal_with(batch={"path": "/", "open": steps}), tmp_path, "B")

    assert outcome.status is ItemStatus.NOT_FOUND


def test_a_form_that_brings_the_batch_at_the_same_address_is_sent_for_each_look(
    portal_with: OpenPortal, pages: Pages, tmp_path: Path
) -> None:
    def answers(status: str) -> None:
        content = f"{KNOWN}<b id=key>A</b><i id=status>{status}</i>{APPROVE}"
        pages.html["/view"] = content

    answers("Open")
    pages.after_post["/effect"] = lambda: answers("Done")
    # As pages of ASP.NET have it, whose links send the page's form.
    pages.html["/"] = f"""{KNOWN}<form action=/view method=post><input type=hidden name=at></form>
        <a href="javascript:document.forms[0].submit()">A</a>"""
    step = {"click": {"css": "a", "text": "{key}"}, "leads_to": "page"}

    outcome = act(portal_with(batch={"path": "/", "open": [step]}), tmp_path)

    assert (outcome.status, outcome.clicks) == (ItemStatus.DONE, 1)
    assert pages.posts == ["/view", "/effect", "/view"]


def test_no_form_is_sent_on_the_way_that_no_step_is_said_to_send(
    portal_with: OpenPortal, pages: Pages, tmp_path: Path
) -> None:
    pages.html["/"] = f"{KNOWN}<form action=/view method=post><button>A</button></form>"
    step = {"click": {"css": "button", "text": "{key}"}}

    with pytest.raises(PortalTimeout):
        act(portal_with(batch={"path": "/", "open": [step]}), tmp_path)

    assert pages.posts == []


def test_a_session_that_is_lost_on_the_way_is_noticed(portal: Portal, pages: Pages) -> None:
    # Given a page that shows who we were until somebody asks it for something
    pages.html["/"] = f"""{KNOWN}<input id=sought
        oninput="document.body.innerHTML = '<p id=login>Log in</p>'">"""

    with pytest.raises(SessionLost):
        portal.read("A")


def test_a_way_that_ends_short_of_the_batch_tells_at_which_step(
    portal: Portal, pages: Pages
) -> None:
    pages.html["/"] = f"{KNOWN}<input id=sought>"

    with pytest.raises(PortalTimeout, match=r"Step 2 of 2 .*role 'button' with named 'Open'"):
        portal.read("A")


def test_a_list_behind_a_menu_is_opened(portal_with: OpenPortal, pages: Pages) -> None:
    pages.html["/"] = f"""{KNOWN}<button onclick="document.querySelector('table').hidden = false">
        Waiting</button><table hidden><tr><td>A<tr><td>B</table>"""
    pending = {"path": "/", "open": [{"click": {"text": "Waiting"}}], "next": None}

    assert portal_with(pending=pending).pending(10) == ["A", "B"]


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({"click": "#open", "effect": True}, "no effect"),
        ({"go": "/{key}"}, "do none of: answer, upload, save, go"),
        ({"fill": "#sought"}, "'fill' needs 'text' here"),
    ],
    ids=["an effect", "an address", "a remark"],
)
def test_steps_that_lead_to_a_batch_do_nothing_else(step: dict[str, Any], why: str) -> None:
    batch = {**PROFILE["batch"], "open": [step]}

    with pytest.raises(ValidationError, match=why):
        Profile.model_validate({**PROFILE, "batch": batch})


def test_without_an_address_or_a_step_that_names_the_batch_all_that_is_read_has_to() -> None:
    batch = {**PROFILE["batch"], "path": "/", "open": [{"click": "#open"}]}

    with pytest.raises(ValidationError, match="it is needed in: printed_key, status"):
        Profile.model_validate({**PROFILE, "batch": batch})


def test_where_every_page_asks_to_log_in_that_is_done_on_it(
    portal_with: OpenPortal, pages: Pages, tmp_path: Path
) -> None:
    def shows_once_logged_in(status: str) -> None:
        inside = f"{KNOWN}<b id=key>A</b><i id=status>{status}</i>{APPROVE}"
        pages.html["/batches/A"] = f"""<div id=login><input id=name><input id=secret>
            <button id=enter>Log in</button></div><template>{inside}</template><script>
            document.getElementById('enter').onclick = () => {{
                const isRight = document.getElementById('secret').value === 'b';
                document.getElementById('login').outerHTML = isRight
                    ? document.querySelector('template').innerHTML : '<p class=wrong>No</p>';
            }}</script>"""

    shows_once_logged_in("Open")
    pages.after_post["/effect"] = lambda: shows_once_logged_in("Done")
    portal = portal_with(session={"each_page": True})

    outcome = act(portal, tmp_path)

    assert (outcome.status, outcome.clicks) == (ItemStatus.DONE, 1)
    assert pages.posts == ["/effect"]


def test_a_password_that_such_a_page_refuses_is_not_tried_again(
    portal_with: OpenPortal, pages: Pages
) -> None:
    pages.html["/batches/A"] = """<div id=login><input id=name><input id=secret>
        <button id=enter onclick="this.insertAdjacentHTML('afterend', '<p class=wrong>No</p>')">
        Log in</button></div>"""
    portal = portal_with(session={"each_page": True})

    with pytest.raises(LoginRefused, match="No"):
        portal.read("A")

    assert isinstance(portal.gate, InMemoryGate)
    assert portal.gate.refusal is not None


CROSSING = {
    "approve": {
        **PROFILE["actions"]["approve"],
        "steps": [
            {"click": "#ask", "leads_to": "page"},
            {"click": "#approve", "effect": True, "names_batch": "#key"},
        ],
    }
}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"login": {"path": "/", "http": True}}, "'each_page' is of a form"),
        ({"actions": CROSSING}, "no step leads to another page"),
    ],
    ids=["asked by HTTP", "a step to another page"],
)
def test_what_cannot_be_logged_in_on_each_page_is_refused(
    changes: dict[str, Any], told: str
) -> None:
    session = {**PROFILE["session"], "each_page": True}

    with pytest.raises(ValidationError, match=told):
        Profile.model_validate({**PROFILE, "session": session, **changes})
