"""Logging in: once, in turn, and never again after a refusal."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import structlog.testing

from automation_service.portal import Credentials, Portal
from shared.errors import AccountLocked, BrowserDied, LoginRefused, PortalUnavailable
from tests.integration.automation_service.conftest import Desk, OpenDesk


def failed_logins(desk: Desk) -> int:
    count: int = desk.ask("GET", "/truth/summary")["failed_logins"]
    return count


def fresh_login(desk: Desk, username: str, password: str) -> Portal:
    """Log in in a browser that nobody was logged in with."""
    desk.credentials = Credentials(username, password)
    desk.gate.refusal = None
    return desk.portal()


@pytest.fixture
def known(desk: Desk) -> Desk:
    """The desk, with the right credentials again."""
    desk.credentials = Credentials(desk.practice.username, desk.practice.password)
    desk.gate.refusal = None
    return desk


def test_the_browser_stays_logged_in_from_call_to_call(known: Desk) -> None:
    first = known.portal()
    logins = known.ask("GET", "/truth/summary")["logins"]

    second = known.portal()

    assert second is first
    assert known.ask("GET", "/truth/summary")["logins"] == logins


def test_a_wrong_password_is_told_to_the_gate_and_tried_once(desk: Desk) -> None:
    before = failed_logins(desk)

    with pytest.raises(LoginRefused, match="Invalid username or password"):
        fresh_login(desk, "somebody", "wrong")
    assert isinstance(desk.gate.refusal, LoginRefused)
    with pytest.raises(LoginRefused):
        desk.portal()

    assert failed_logins(desk) == before + 1


def test_a_locked_account_is_told_from_a_wrong_password(desk: Desk) -> None:
    for _ in range(4):
        with pytest.raises(LoginRefused) as refusal:
            fresh_login(desk, "forgetful", "wrong")
        assert not isinstance(refusal.value, AccountLocked)

    with pytest.raises(AccountLocked, match="has been locked"):
        fresh_login(desk, "forgetful", "wrong")

    assert isinstance(desk.gate.refusal, AccountLocked)


def test_other_credentials_never_see_the_session_of_the_first(known: Desk) -> None:
    known.portal()

    with pytest.raises(LoginRefused):
        fresh_login(known, "stranger", "wrong")


def test_a_password_is_in_no_log_and_no_text(known: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    known.warm.discard()

    with structlog.testing.capture_logs() as lines:
        known.portal()

    assert known.credentials.password not in repr(known.credentials)
    assert known.credentials.password not in repr(lines)
    assert known.credentials.password not in caplog.text


def test_a_portal_that_is_down_is_unavailable_and_no_refusal(open_desk: OpenDesk) -> None:
    desk = open_desk(batches=1)
    desk.practice.stop()

    with pytest.raises(PortalUnavailable, match="ERR_CONNECTION_REFUSED"):
        desk.portal()

    assert desk.gate.refusal is None


def test_a_browser_is_replaced_after_its_number_of_items(open_desk: OpenDesk) -> None:
    desk = open_desk(batches=1, browser={"max_items": 2})
    first = desk.portal()

    first.served_item()
    assert desk.portal() is first
    first.served_item()

    assert desk.portal() is not first
    assert len(desk.announced) == 2


def test_a_condemned_browser_is_replaced(known: Desk) -> None:
    first = known.portal()
    browser: Any = first._browser
    browser.condemn("it did not answer")

    with pytest.raises(BrowserDied):
        first.picture()

    assert known.portal() is not first
