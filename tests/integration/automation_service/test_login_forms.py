"""Login forms of every kind, and every way in which a session shows that it is lost."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from shared.errors import (
    AccountLocked,
    LoginRefused,
    PortalTimeout,
    PortalUnavailable,
    ProfileInDoubt,
    SessionLost,
)
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import PATIENCE, Pages

NAME = "<input id=name>"
SECRET = "<input id=secret type=password>"
BUTTON = "<button id=enter>Log in</button>"
INSIDE = "location.href = '/inside?' + [...document.querySelectorAll('input')].map(i => i.value)"


def form(fields: str, then: str) -> str:
    return f"""<form onsubmit="{then}; return false">{fields}</form>"""


SAYS = """document.body.insertAdjacentHTML('beforeend', '<p class={kind}>{words}</p>')"""


@pytest.fixture(autouse=True)
def inside(pages: Pages) -> None:
    for typed in ("a,b", "b"):
        pages.html[f"/inside?{typed}"] = "<b id=user>officer</b>"


@pytest.mark.parametrize(
    ("fields", "absent"),
    [
        (NAME + SECRET + BUTTON, ()),
        (SECRET + BUTTON, ("username",)),
        (NAME + SECRET, ("submit",)),
        (NAME + SECRET + BUTTON, ("submit", "success")),
        (SECRET, ("username", "submit")),
    ],
    ids=["whole", "no user name", "no button", "a button nobody names", "password alone"],
)
def test_a_form_is_sent_whatever_it_lacks(
    portal_with: OpenPortal, pages: Pages, fields: str, absent: tuple[str, ...]
) -> None:
    pages.html["/login"] = form(fields, INSIDE)
    portal = portal_with(login=dict.fromkeys(absent))

    portal.log_in()

    assert portal.has_logged_in


OFFERS_LATE = """<script>document.getElementById('secret').addEventListener('input', () =>
    setTimeout(() => { document.getElementById('enter').disabled = false }, 100))</script>"""
DISABLED = BUTTON.replace("<button", "<button disabled")


@pytest.mark.parametrize("submit", ["#enter", None], ids=["clicked", "by Enter"])
def test_a_button_that_is_enabled_by_what_is_typed_is_waited_for(
    portal_with: OpenPortal, pages: Pages, submit: str | None
) -> None:
    pages.html["/login"] = form(NAME + SECRET + DISABLED, INSIDE) + OFFERS_LATE
    portal = portal_with(login={"submit": submit})

    portal.log_in()

    assert portal.has_logged_in


def test_a_page_that_failed_refuses_nobody(portal_with: OpenPortal, pages: Pages) -> None:
    pages.html["/login"] = form(NAME + SECRET + BUTTON, INSIDE)
    pages.html["/inside?a,b"] = "<p class=wrong>Something went wrong.</p>"
    pages.status["/inside?a,b"] = 500

    with pytest.raises(PortalUnavailable, match="failed with 500 while we logged in"):
        portal_with().log_in()


def test_a_button_that_stays_disabled_is_told(portal_with: OpenPortal, pages: Pages) -> None:
    pages.html["/login"] = form(NAME + SECRET + DISABLED, INSIDE)

    with pytest.raises(ProfileInDoubt, match="button at #enter stays disabled"):
        portal_with().log_in()


def test_a_script_that_waits_for_enter_gets_it(portal_with: OpenPortal, pages: Pages) -> None:
    listens = f"""<div onkeydown="if (event.key === 'Enter') {INSIDE}">{NAME}{SECRET}</div>"""
    pages.html["/login"] = listens
    portal = portal_with(login={"submit": None})

    portal.log_in()

    assert portal.has_logged_in


LATE_NEXT = f"""<button type=button id=next disabled onclick="two.hidden = false">Next</button>
    <div id=two hidden>
    {SECRET}{BUTTON}</div><script>oninput = () => setTimeout(() => next.disabled = false, 100)
    </script>"""


def test_the_button_after_the_name_is_pressed_once_it_can_be(
    portal_with: OpenPortal, pages: Pages
) -> None:
    pages.html["/login"] = form(NAME + LATE_NEXT, INSIDE)
    portal = portal_with(login={"next": "#next"})

    portal.log_in()

    assert portal.has_logged_in


def test_a_refusal_that_was_there_and_hidden_is_heard(
    portal_with: OpenPortal, pages: Pages
) -> None:
    hidden = "<p class=wrong hidden>Wrong password.</p>"
    then = "document.querySelector('.wrong').hidden = false"
    pages.html["/login"] = form(NAME + SECRET + BUTTON, then) + hidden

    with pytest.raises(LoginRefused, match="Wrong password"):
        portal_with().log_in()


@pytest.mark.parametrize("way", ["same page", "another page"])
def test_a_password_that_is_asked_for_only_then_is_given_then(
    portal_with: OpenPortal, pages: Pages, way: str
) -> None:
    later = form(SECRET + BUTTON, "location.href = '/inside?b'")
    pages.html["/password"] = later
    in_place = f"document.body.innerHTML = decodeURIComponent('{quote(later)}')"
    then = in_place if way == "same page" else "location.href = '/password'"
    pages.html["/login"] = NAME + f'<a id=next onclick="{then}">Next</a>'
    portal = portal_with(login={"next": "#next"})

    portal.log_in()

    assert portal.has_logged_in


def test_an_unknown_name_is_a_refusal_before_any_password(
    portal_with: OpenPortal, pages: Pages
) -> None:
    says = SAYS.format(kind="wrong", words="Nobody of that name.").replace('"', "&quot;")
    pages.html["/login"] = NAME + f'<a id=next onclick="{says}">Next</a>'
    portal = portal_with(login={"next": "#next"})

    with pytest.raises(LoginRefused, match="Nobody of that name"):
        portal.log_in()


@pytest.mark.parametrize(
    ("login", "then", "error"),
    [
        ({}, SAYS.format(kind="wrong", words="No."), LoginRefused),
        ({"locked": "BLOCKED"}, SAYS.format(kind="wrong", words="Blocked."), AccountLocked),
        ({"locked_shown": ".out"}, SAYS.format(kind="out", words="Ask IT."), AccountLocked),
        ({"refused": None}, "location.href = '/login?again'", LoginRefused),
        ({"refused": None}, "void 0", ProfileInDoubt),
    ],
    ids=["wrong", "locked in words", "locked elsewhere", "the form again", "silence"],
)
def test_a_refusal_is_told_from_a_locked_account_and_from_silence(
    portal_with: OpenPortal, pages: Pages, login: dict[str, Any], then: str, error: type[Exception]
) -> None:
    pages.html["/login"] = pages.html["/login?again"] = form(NAME + SECRET + BUTTON, then)
    patience = PATIENCE if error is ProfileInDoubt else 5
    portal = portal_with(login=login, timings={"step": patience})

    with pytest.raises(error) as raised:
        portal.log_in()

    assert type(raised.value) is error
    gate: Any = portal.gate
    assert isinstance(gate.refusal, LoginRefused) is (error is not ProfileInDoubt)


@pytest.mark.parametrize(
    ("session", "html"),
    [
        ({"lost": "#login"}, "<form id=login>"),
        ({"lost": {"starts": "Your session"}}, "<p>Your session has expired.</p>"),
        (
            {"lost": None, "lost_url": "/batches/A#/login$"},
            "<script>location.hash = '/login'</script>",
        ),
        ({"lost": None, "unmarked_is_lost": True}, "<p>Welcome, guest.</p>"),
    ],
    ids=["form", "text", "address", "absence"],
)
def test_a_lost_session_is_recognised(
    portal_with: OpenPortal, pages: Pages, session: dict[str, Any], html: str
) -> None:
    pages.html["/batches/A"] = html

    with pytest.raises(SessionLost):
        portal_with(session=session).open_batch("A")


def test_a_page_without_the_mark_is_no_lost_session_unless_the_profile_says_so(
    portal_with: OpenPortal, pages: Pages
) -> None:
    pages.html["/batches/A"] = "<p>Welcome, guest.</p>"

    with pytest.raises(PortalTimeout, match="no mark of being logged in"):
        portal_with().open_batch("A")
