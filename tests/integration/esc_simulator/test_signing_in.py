"""Signing in and out, wrong passwords, locked accounts and expired sessions."""

from collections.abc import Iterator

import httpx
import pytest

from tests.integration.esc_simulator.conftest import StartPortal
from tests.integration.esc_simulator.practice_portal import PracticePortal, sign_in

PAGES_FOR_OFFICERS = [
    "/",
    "/esc/dashboard",
    "/esc/pending-batches",
    "/esc/pending-batches/table",
    "/esc/batches/BATCH001",
]


# Each test has a session of its own: some end every session there is.
@pytest.fixture
def officer(portal: PracticePortal) -> Iterator[httpx.Client]:
    with portal.visitor() as visitor:
        sign_in(visitor)
        yield visitor


@pytest.fixture
def new_account(portal: PracticePortal, request: pytest.FixtureRequest) -> str:
    """An account that nobody has tried to sign in with; its password is "practice"."""
    username = request.node.name
    password = {"password": "practice"}
    portal.ask_truth("PUT", f"/truth/accounts/{username}", password).raise_for_status()
    return str(username)


def test_the_right_password_leads_to_the_dashboard(portal: PracticePortal) -> None:
    before = portal.summary()["logins"]

    with portal.visitor() as visitor:
        page = sign_in(visitor)

    assert page.url.path == "/esc/dashboard"
    assert 'class="dashboard"' in page.text
    assert '<span class="user-name">officer</span>' in page.text
    assert portal.summary()["logins"] == before + 1


def test_a_wrong_password_shows_the_form_with_a_message(
    portal: PracticePortal, new_account: str
) -> None:
    before = portal.summary()["failed_logins"]

    with portal.visitor() as visitor:
        page = sign_in(visitor, new_account, "wrong")

    assert page.url.path == "/login"
    assert "login-error" in page.text
    assert "Invalid username or password" in page.text
    assert portal.summary()["failed_logins"] == before + 1


def test_five_wrong_passwords_lock_the_account_for_the_right_one_too(
    portal: PracticePortal, new_account: str
) -> None:
    before = portal.summary()["failed_logins"]

    with portal.visitor() as visitor:
        for _ in range(5):
            sign_in(visitor, new_account, "wrong")

        page = sign_in(visitor, new_account)
        assert "login-error" in page.text
        assert "locked" in page.text

        portal.ask_truth("POST", f"/truth/accounts/{new_account}/unlock").raise_for_status()
        assert sign_in(visitor, new_account).url.path == "/esc/dashboard"
    assert portal.summary()["failed_logins"] == before + 6


def test_a_form_without_its_token_is_not_even_looked_at(portal: PracticePortal) -> None:
    before = portal.summary()

    with portal.visitor() as visitor:
        page = visitor.post("/login", data={"username": "officer", "password": "practice"})

    assert page.status_code == 403
    assert "login-error" in page.text
    assert portal.summary() == before


def test_who_is_not_signed_in_is_sent_to_the_form(portal: PracticePortal) -> None:
    with portal.visitor() as visitor:
        for path in PAGES_FOR_OFFICERS:
            page = visitor.get(path)

            assert (page.url.path, page.url.query) == ("/login", b"")
            assert 'id="username"' in page.text


def test_an_ended_session_is_sent_to_the_form_and_told_so(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    # Given that nobody is signed in but this officer
    portal.ask_truth("POST", "/truth/sessions/expire")
    sign_in(officer)

    assert portal.ask_truth("POST", "/truth/sessions/expire").json() == {"expired": 1}

    page = officer.get("/esc/pending-batches")

    assert (page.url.path, page.url.query) == ("/login", b"expired=1")
    assert "Your session has expired" in page.text


def test_the_pages_own_scripts_are_told_where_to_sign_in(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    portal.ask_truth("POST", "/truth/sessions/expire")

    answer = officer.get(
        "/esc/pending-batches/table", headers={"X-Requested-With": "XMLHttpRequest"}
    )

    assert answer.status_code == 401
    assert answer.json() == {"login_url": "/login?expired=1"}


def test_an_idle_session_expires_by_itself(start_portal: StartPortal) -> None:
    # Given sessions so short that the next page comes too late
    portal = start_portal("--batches", "3", "--session-minutes", "0.000001")

    with portal.visitor() as visitor:
        page = sign_in(visitor)

    assert (page.url.path, page.url.query) == ("/login", b"expired=1")
    assert portal.summary()["logins"] == 1


def test_signing_out_ends_the_session(portal: PracticePortal, officer: httpx.Client) -> None:
    session = dict(officer.cookies)

    assert officer.get("/logout").url.path == "/login"

    with portal.visitor() as thief:
        thief.cookies.update(session)
        assert thief.get("/esc/dashboard").url.path == "/login"


def test_who_is_signed_in_needs_no_form(officer: httpx.Client) -> None:
    assert officer.get("/login").url.path == "/esc/dashboard"
