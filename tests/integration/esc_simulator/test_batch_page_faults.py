"""What a batch's page does to an officer in real Chromium when a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support import expected_conditions as conditions
from selenium.webdriver.support.ui import WebDriverWait

from tests.integration.esc_simulator.officer import PATIENCE_SECONDS, Officer, officer_at_work
from tests.integration.esc_simulator.practice_portal import PracticePortal


# Each test has a batch of its own, so they share one portal and one browser.
@pytest.fixture(scope="module")
def shared_officer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Officer]:
    folder = tmp_path_factory.mktemp("portal")
    with (
        closing(PracticePortal(folder, "--batches", "60", "--pending-only")) as portal,
        officer_at_work(portal, folder / "browser") as officer,
    ):
        yield officer


@pytest.fixture
def officer(shared_officer: Officer) -> Iterator[Officer]:
    yield shared_officer
    shared_officer.portal.set_faults()


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


def test_an_alert_on_load_stands_before_the_page(officer: Officer) -> None:
    _open(officer, "BATCH001", kind="alert")

    assert "password will expire" in _accept_alert(officer)
    assert officer.see(".status").text == "Pending"
    assert officer.portal.times_fired() == [1]


def test_an_alert_on_approve_stands_before_the_dialog(officer: Officer) -> None:
    _open(officer, "BATCH001", kind="alert", on="approve")

    officer.see(".approve-btn").click()

    _accept_alert(officer)
    officer.see("#confirm-dialog")


def test_an_alert_on_confirm_stands_before_the_request(officer: Officer) -> None:
    _open_dialog(officer, "BATCH002", kind="alert", on="confirm")

    officer.press("Confirm")

    assert _effect(officer, "BATCH002") == ("Pending", 0, 0)
    _accept_alert(officer)
    officer.see(".alert-success")
    assert _effect(officer, "BATCH002") == ("Approved", 1, 1)


def test_a_message_about_another_batch_stands_there_on_load(officer: Officer) -> None:
    _open(officer, "BATCH003", kind="lingering_message")

    assert officer.see(".alert-success").text == "Batch BATCH004 has been approved successfully."


def test_a_message_about_another_batch_comes_with_the_click_on_confirm(officer: Officer) -> None:
    hang = {"kind": "hang", "step": "approve", "batch_id": "BATCH003"}
    officer.portal.set_faults({"kind": "lingering_message", "on": "confirm"}, hang)
    officer.open("/esc/batches/BATCH003")
    officer.see(".approve-btn").click()
    assert officer.browser.find_elements(By.CSS_SELECTOR, ".alert-success") == []

    officer.press("Confirm")

    assert "BATCH004" in officer.see(".alert-success").text
    assert officer.portal.batch("BATCH003")["approvals"] == []


@pytest.mark.parametrize("when", [{}, {"ms": 1}])
def test_confirm_is_replaced_by_a_fresh_element_that_works(
    officer: Officer, when: dict[str, int]
) -> None:
    batch_id = "BATCH006" if when else "BATCH005"
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


def test_a_button_of_another_batch_comes_under_the_pointer(officer: Officer) -> None:
    _open_dialog(officer, "BATCH007", kind="button_replaced", by="other_batch")

    officer.see(".confirm-btn").click()

    officer.wait_until(lambda: _effect(officer, "BATCH008") == ("Approved", 1, 1))
    assert _effect(officer, "BATCH007") == ("Pending", 0, 0)


def test_a_reject_button_comes_under_the_pointer(officer: Officer) -> None:
    _open_dialog(officer, "BATCH009", kind="button_replaced", by="reject")

    with _listening_for_clicks(officer) as clicked:
        officer.see(".confirm-btn").click()
        officer.wait_until(lambda: _effect(officer, "BATCH009") == ("Rejected", 0, 0))

    assert [name for name in clicked if "confirm-btn" in name] == []


@pytest.mark.parametrize(("sent_by", "batch_id"), [("fetch", "BATCH010"), ("form", "BATCH011")])
def test_the_request_leaves_after_the_click_is_over(
    officer: Officer, sent_by: str, batch_id: str
) -> None:
    _open_dialog(officer, batch_id, kind="late_effect", ms=1, sent_by=sent_by)

    officer.press("Confirm")

    assert batch_id in officer.see(".alert-success").text
    assert _effect(officer, batch_id) == ("Approved", 1, 1)


def test_a_request_that_leaves_late_has_not_left_with_the_click(officer: Officer) -> None:
    _open_dialog(officer, "BATCH012", kind="late_effect", ms=3_600_000)

    officer.press("Confirm")
    officer.open("/esc/dashboard")

    assert _effect(officer, "BATCH012") == ("Pending", 0, 0)


@pytest.mark.parametrize(
    ("kind", "batch_id"), [("keydown_submits", "BATCH013"), ("form_dialog", "BATCH014")]
)
def test_enter_in_the_remark_sends_the_request(officer: Officer, kind: str, batch_id: str) -> None:
    _open_dialog(officer, batch_id, kind=kind)

    officer.see("#remark").send_keys("By Enter", Keys.ENTER)

    assert batch_id in officer.see(".alert-success").text
    assert _effect(officer, batch_id) == ("Approved", 1, 1)
    (approval,) = officer.portal.batch(batch_id)["approvals"]
    assert approval["remark"] == "By Enter"


def test_confirm_submits_the_form_once(officer: Officer) -> None:
    _open_dialog(officer, "BATCH015", kind="form_dialog")

    officer.press("Confirm")

    assert "BATCH015" in officer.see(".alert-success").text
    assert officer.see(".status").text == "Approved"
    assert _effect(officer, "BATCH015") == ("Approved", 1, 1)


def test_a_batch_in_a_frame_is_approved_there(officer: Officer) -> None:
    _open(officer, "BATCH016", kind="in_iframe")
    assert officer.browser.find_elements(By.CSS_SELECTOR, ".approve-btn") == []

    officer.browser.switch_to.frame(officer.see("iframe.batch-frame"))
    officer.see(".approve-btn").click()
    officer.press("Confirm")

    officer.see(".alert-success")
    assert _effect(officer, "BATCH016") == ("Approved", 1, 1)


def test_a_page_that_polls_shows_what_others_decide(officer: Officer) -> None:
    _open(officer, "BATCH017", kind="polling", ms=20)

    decision = {"by": "s.kulkarni", "remark": ""}
    officer.portal.ask_truth("POST", "/truth/batches/BATCH017/approve", decision)

    officer.wait_until(lambda: officer.see(".status").text == "Approved")
    assert _effect(officer, "BATCH017") == ("Approved", 0, 1)
