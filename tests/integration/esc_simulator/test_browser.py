"""The portal in real Chromium, clicked as an officer would."""

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as conditions
from selenium.webdriver.support.ui import WebDriverWait

from tests.integration.esc_simulator.officer import PATIENCE_SECONDS, Officer
from tests.integration.esc_simulator.practice_portal import PracticePortal


@pytest.fixture
def officer(at_the_browser: Officer) -> Officer:
    return at_the_browser


def test_one_batch_is_approved_from_the_list_and_one_on_its_own_page(
    portal: PracticePortal, officer: Officer
) -> None:
    listed, own = portal.untouched(), portal.untouched()
    before = portal.summary()

    officer.open(f"/esc/pending-batches?q={listed}")
    row = officer.see("table.batches-table tbody tr")
    assert row.find_element(By.CSS_SELECTOR, ".batch-id").text == listed
    row.find_element(By.CSS_SELECTOR, ".approve-btn").click()
    officer.see("textarea#remark").send_keys("From the list")
    officer.press("Confirm")
    assert listed in officer.see(".alert-success").text
    assert row.find_element(By.CSS_SELECTOR, ".batch-status").text == "Approved"

    officer.open(f"/esc/batches/{own}")
    officer.see(".approve-btn").click()
    officer.see("textarea#remark").send_keys("From its page")
    officer.press("Confirm")
    assert own in officer.see(".alert-success").text
    assert officer.see(".status").text == "Approved"

    officer.open(f"/esc/batches/{own}")
    assert officer.see("table.history tr:last-child .remark").text == "From its page"
    after = portal.summary()
    assert after["approvals"] == before["approvals"] + 2
    assert after["approve_posts"] == before["approve_posts"] + 2
    assert after["double_approved"] == before["double_approved"]
    for batch_id, remark in ((listed, "From the list"), (own, "From its page")):
        assert [a["remark"] for a in portal.batch(batch_id)["approvals"]] == [remark]


def test_cancel_approves_nothing(portal: PracticePortal, officer: Officer, batch_id: str) -> None:
    officer.open(f"/esc/batches/{batch_id}")
    officer.see(".approve-btn").click()
    dialog = officer.see("#confirm-dialog")

    officer.press("Cancel")

    assert not dialog.is_displayed()
    assert portal.batch(batch_id)["posts"] == 0


def test_a_refused_batch_shows_the_reason_and_stays_pending(
    portal: PracticePortal, officer: Officer
) -> None:
    batch_id = portal.untouched(lambda batch: bool(batch["refusal"]))

    officer.open(f"/esc/batches/{batch_id}")
    officer.see(".approve-btn").click()
    officer.press("Confirm")

    assert officer.see(".alert-danger").text == portal.batch(batch_id)["refusal"]
    assert officer.see(".status").text == "Pending"


def test_a_double_click_on_confirm_is_two_approvals(
    portal: PracticePortal, officer: Officer, batch_id: str
) -> None:
    # Given an answer that takes long enough for a second click
    before = portal.summary()["double_approved"]
    portal.set_faults({"kind": "latency", "ms": 1500, "batch_id": batch_id})
    officer.open(f"/esc/batches/{batch_id}")
    officer.see(".approve-btn").click()

    ActionChains(officer.browser).double_click(officer.see(".confirm-btn")).perform()

    officer.see(".alert-success")
    waiting = WebDriverWait(officer.browser, PATIENCE_SECONDS)
    waiting.until(lambda _: len(portal.batch(batch_id)["approvals"]) == 2)
    assert portal.summary()["double_approved"] == before + 1


def test_a_session_lost_while_confirming_leads_to_the_form(
    portal: PracticePortal, officer: Officer, batch_id: str
) -> None:
    officer.open(f"/esc/batches/{batch_id}")
    officer.see(".approve-btn").click()
    officer.see("#confirm-dialog")
    portal.ask_truth("POST", "/truth/sessions/expire")

    officer.press("Confirm")

    assert "session has expired" in officer.see(".session-expired").text
    assert portal.batch(batch_id)["approvals"] == []


def test_the_next_page_of_the_list_arrives_by_its_link(officer: Officer) -> None:
    officer.open("/esc/pending-batches")
    officer.see("a.page-next").click()

    waiting = WebDriverWait(officer.browser, PATIENCE_SECONDS)
    number = (By.CSS_SELECTOR, ".page-number")
    waiting.until(conditions.text_to_be_present_in_element(number, "2"))
    assert len(officer.browser.find_elements(By.CSS_SELECTOR, "table.batches-table tr")) == 26
