"""What a batch's page does to an officer in real Chromium when a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support import expected_conditions as conditions
from selenium.webdriver.support.ui import WebDriverWait

from tests.integration.esc_simulator.officer import PATIENCE_SECONDS, Officer
from tests.integration.esc_simulator.practice_portal import PracticePortal


@pytest.fixture
def officer(at_the_browser: Officer) -> Officer:
    return at_the_browser


@pytest.fixture
def neighbours(portal: PracticePortal) -> tuple[str, str]:
    """Two batches of the test's own; the pages of the first take the second for another one."""
    first, second = portal.untouched(), portal.untouched()
    while portal.batch(second)["number"] != portal.batch(first)["number"] + 1:
        first, second = second, portal.untouched()
    return first, second


def _open(officer: Officer, batch_id: str, **fault: Any) -> None:
    officer.portal.set_faults({**fault, "batch_id": batch_id, "times": 1})
    officer.open(f"/esc/batches/{batch_id}")


def _open_dialog(officer: Officer, batch_id: str, **fault: Any) -> None:
    _open(officer, batch_id, **fault)
    officer.see(".approve-btn").click()
    officer.see("#confirm-dialog")


def _effect(officer: Officer, batch_id: str) -> tuple[str, int, int]:
    batch = officer.portal.batch(batch_id)
    return batch["status"], batch["posts"], len(batch["approvals"])


def _accept_alert(officer: Officer) -> str:
    waiting = WebDriverWait(officer.browser, PATIENCE_SECONDS)
    waiting.until(conditions.alert_is_present())
    alert = officer.browser.switch_to.alert
    words = str(alert.text)
    alert.accept()
    return words


@contextmanager
def _listening_for_clicks(officer: Officer) -> Iterator[list[str]]:
    """The classes of what was clicked, in the end."""
    clicked: list[str] = []
    officer.browser.execute_script(
        "window.clicked = [];"
        "document.addEventListener('click', e => clicked.push(e.target.className), true);"
    )
    yield clicked
    clicked += officer.browser.execute_script("return window.clicked;")


def test_an_alert_on_load_stands_before_the_page(officer: Officer, batch_id: str) -> None:
    _open(officer, batch_id, kind="alert")

    assert "password will expire" in _accept_alert(officer)
    assert officer.see(".status").text == "Pending"
    assert officer.portal.times_fired() == [1]


def test_an_alert_on_approve_stands_before_the_dialog(officer: Officer, batch_id: str) -> None:
    _open(officer, batch_id, kind="alert", on="approve")

    officer.see(".approve-btn").click()

    _accept_alert(officer)
    officer.see("#confirm-dialog")


def test_an_alert_on_confirm_stands_before_the_request(officer: Officer, batch_id: str) -> None:
    _open_dialog(officer, batch_id, kind="alert", on="confirm")

    officer.press("Confirm")

    assert _effect(officer, batch_id) == ("Pending", 0, 0)
    _accept_alert(officer)
    officer.see(".alert-success")
    assert _effect(officer, batch_id) == ("Approved", 1, 1)


def test_a_message_about_another_batch_stands_there_on_load(
    officer: Officer, neighbours: tuple[str, str]
) -> None:
    batch_id, other = neighbours
    _open(officer, batch_id, kind="lingering_message")

    assert officer.see(".alert-success").text == f"Batch {other} has been approved successfully."


def test_a_message_about_another_batch_comes_with_the_click_on_confirm(
    officer: Officer, neighbours: tuple[str, str]
) -> None:
    batch_id, other = neighbours
    hang = {"kind": "hang", "step": "approve", "batch_id": batch_id}
    officer.portal.set_faults({"kind": "lingering_message", "on": "confirm"}, hang)
    officer.open(f"/esc/batches/{batch_id}")
    officer.see(".approve-btn").click()
    assert officer.browser.find_elements(By.CSS_SELECTOR, ".alert-success") == []

    officer.press("Confirm")

    assert other in officer.see(".alert-success").text
    assert officer.portal.batch(batch_id)["approvals"] == []


@pytest.mark.parametrize("when", [{}, {"ms": 1}])
def test_confirm_is_replaced_by_a_fresh_element_that_works(
    officer: Officer, batch_id: str, when: dict[str, int]
) -> None:
    _open(officer, batch_id, kind="button_replaced", **when)
    old = officer.browser.find_element(By.CSS_SELECTOR, ".confirm-btn")
    officer.see(".approve-btn").click()
    place = officer.see(".dialog-buttons")
    if not when:
        ActionChains(officer.browser).move_to_element(old).perform()
    officer.wait_until(lambda: place.find_element(By.CSS_SELECTOR, ".confirm-btn") != old)

    officer.press("Confirm")

    officer.see(".alert-success")
    assert _effect(officer, batch_id) == ("Approved", 1, 1)


def test_a_button_of_another_batch_comes_under_the_pointer(
    officer: Officer, neighbours: tuple[str, str]
) -> None:
    batch_id, other = neighbours
    _open_dialog(officer, batch_id, kind="button_replaced", by="other_batch")

    officer.see(".confirm-btn").click()

    officer.wait_until(lambda: _effect(officer, other) == ("Approved", 1, 1))
    assert _effect(officer, batch_id) == ("Pending", 0, 0)


def test_a_reject_button_comes_under_the_pointer(officer: Officer, batch_id: str) -> None:
    _open_dialog(officer, batch_id, kind="button_replaced", by="reject")

    with _listening_for_clicks(officer) as clicked:
        officer.see(".confirm-btn").click()
        officer.wait_until(lambda: _effect(officer, batch_id) == ("Rejected", 0, 0))

    assert [name for name in clicked if "confirm-btn" in name] == []


@pytest.mark.parametrize("sent_by", ["fetch", "form"])
def test_the_request_leaves_after_the_click_is_over(
    officer: Officer, sent_by: str, batch_id: str
) -> None:
    _open_dialog(officer, batch_id, kind="late_effect", ms=1, sent_by=sent_by)

    officer.press("Confirm")

    assert batch_id in officer.see(".alert-success").text
    assert _effect(officer, batch_id) == ("Approved", 1, 1)


def test_a_request_that_leaves_late_has_not_left_with_the_click(
    officer: Officer, batch_id: str
) -> None:
    _open_dialog(officer, batch_id, kind="late_effect", ms=3_600_000)

    officer.press("Confirm")
    officer.open("/esc/dashboard")

    assert _effect(officer, batch_id) == ("Pending", 0, 0)


@pytest.mark.parametrize("kind", ["keydown_submits", "form_dialog"])
def test_enter_in_the_remark_sends_the_request(officer: Officer, kind: str, batch_id: str) -> None:
    _open_dialog(officer, batch_id, kind=kind)

    officer.see("#remark").send_keys("By Enter", Keys.ENTER)

    assert batch_id in officer.see(".alert-success").text
    assert _effect(officer, batch_id) == ("Approved", 1, 1)
    (approval,) = officer.portal.batch(batch_id)["approvals"]
    assert approval["remark"] == "By Enter"


def test_confirm_submits_the_form_once(officer: Officer, batch_id: str) -> None:
    _open_dialog(officer, batch_id, kind="form_dialog")

    officer.press("Confirm")

    assert batch_id in officer.see(".alert-success").text
    assert officer.see(".status").text == "Approved"
    assert _effect(officer, batch_id) == ("Approved", 1, 1)


def test_a_batch_in_a_frame_is_approved_there(officer: Officer, batch_id: str) -> None:
    _open(officer, batch_id, kind="in_iframe")
    assert officer.browser.find_elements(By.CSS_SELECTOR, ".approve-btn") == []

    officer.browser.switch_to.frame(officer.see("iframe.batch-frame"))
    officer.see(".approve-btn").click()
    officer.press("Confirm")

    officer.see(".alert-success")
    assert _effect(officer, batch_id) == ("Approved", 1, 1)


def test_a_page_that_polls_shows_what_others_decide(officer: Officer, batch_id: str) -> None:
    _open(officer, batch_id, kind="polling", ms=20)

    decision = {"by": "s.kulkarni", "remark": ""}
    officer.portal.ask_truth("POST", f"/truth/batches/{batch_id}/approve", decision)

    officer.wait_until(lambda: officer.see(".status").text == "Approved")
    assert _effect(officer, batch_id) == ("Approved", 0, 1)


@pytest.mark.parametrize("seconds", [-7200, 7200])
def test_a_page_is_told_a_wrong_time_and_is_as_usual_otherwise(
    officer: Officer, batch_id: str, seconds: int
) -> None:
    _open_dialog(officer, batch_id, kind="page_clock", seconds=seconds)
    officer.press("Confirm")
    officer.see(".alert-success")

    running, of_day = officer.browser.execute_script(
        "return [performance.now(), Date.now() - performance.timeOrigin]"
    )
    assert (running > 3600_000) is (seconds > 0)
    assert (of_day > 3600_000) is (seconds > 0)
    assert _effect(officer, batch_id) == ("Approved", 1, 1)
