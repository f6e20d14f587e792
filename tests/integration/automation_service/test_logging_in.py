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


def test_the_browser_stays_logged_in_from_call_to_call(desk: Desk) -> None:
    first = desk.portal()
    logins = desk.ask("GET", "/truth/summary")["logins"]

    second = desk.portal()

    assert second is first
    assert desk.ask("GET", "/truth/summary")["logins"] == logins


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


def test_other_credentials_never_see_the_session_of_the_first(desk: Desk) -> None:
    desk.portal()

    with pytest.raises(LoginRefused):
        fresh_login(desk, "stranger", "wrong")


def test_a_password_is_in_no_log_and_no_text(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    desk.warm.discard()

    with structlog.testing.capture_logs() as lines:
        desk.portal()

    assert desk.credentials.password not in repr(desk.credentials)
    assert desk.credentials.password not in repr(lines)
    assert desk.credentials.password not in caplog.text


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


def test_a_condemned_browser_is_replaced(desk: Desk) -> None:
    first = desk.portal()
    browser: Any = first._browser
    browser.condemn("it did not answer")

    with pytest.raises(BrowserDied):
        first.picture()

    assert desk.portal() is not first
