"""Rejecting a batch: over HTTP as the page's script does, and by its button in a browser."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.integration.esc_simulator.officer import Officer
from tests.integration.esc_simulator.practice_portal import (
    PracticePortal,
    approve,
    reject,
    send_rejection,
    sign_in,
    token_on_page,
)


def test_a_rejection_is_stored_with_its_remark_under_the_officers_name(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    answer = reject(officer, batch_id, " Lab not equipped ")

    assert answer.json()["status"] == "Rejected"
    batch = portal.batch(batch_id)
    (rejection,) = batch["rejections"]
    assert (rejection["by"], rejection["remark"]) == ("officer", "Lab not equipped")
    assert (batch["status"], batch["reject_posts"], batch["posts"]) == ("Rejected", 1, 0)
    assert "Lab not equipped" in officer.get(f"/esc/batches/{batch_id}").text


def test_without_a_remark_or_the_token_nothing_is_rejected_and_the_request_counted(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    assert reject(officer, batch_id, "  ").status_code == 422
    assert send_rejection(officer, batch_id, "made-up", "No").status_code == 403

    batch = portal.batch(batch_id)
    assert (batch["status"], batch["rejections"], batch["reject_posts"]) == ("Pending", [], 2)


def test_rejecting_twice_records_two_rejections(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    before = portal.summary()

    for _ in range(2):
        assert reject(officer, batch_id, "Duplicate").status_code == 200

    assert len(portal.batch(batch_id)["rejections"]) == 2
    after = portal.summary()
    assert after["double_rejected"] == before["double_rejected"] + 1
    assert after["reject_posts"] == before["reject_posts"] + 2


def test_an_approved_batch_is_not_rejected_any_more(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    approve(officer, batch_id)

    answer = reject(officer, batch_id, "Too late")

    assert answer.status_code == 409
    assert "Approved, not Pending" in answer.json()["message"]
    batch = portal.batch(batch_id)
    assert (batch["status"], len(batch["approvals"])) == ("Approved", 1)
    page = officer.get(f"/esc/batches/{batch_id}").text
    assert re.search(r'class="button reject-btn"[^>]* disabled', page)


def test_a_batch_against_the_rules_of_approving_can_be_rejected(
    officer: httpx.Client, portal: PracticePortal
) -> None:
    # What cannot be approved is what is rejected most
    batch_id = portal.untouched(lambda batch: bool(batch["refusal"]))

    assert reject(officer, batch_id, "No trainer came").status_code == 200


@pytest.mark.parametrize(
    ("fault", "answered", "rejections", "status"),
    [
        ({"kind": "success_without_effect"}, 200, 0, "Pending"),
        ({"kind": "server_error", "step": "reject"}, 500, 0, "Pending"),
        ({"kind": "server_error", "step": "stored"}, 500, 1, "Rejected"),
        ({"kind": "server_error", "step": "approve"}, 200, 1, "Rejected"),
        ({"kind": "silent_lost_race"}, 200, 0, "Approved"),
        ({"kind": "session_dropped", "step": "reject"}, 401, 0, "Pending"),
        ({"kind": "somebody_approves", "step": "reject"}, 409, 0, "Approved"),
        ({"kind": "moves_on", "ms": 0}, 200, 1, None),
    ],
)
def test_the_faults_of_approving_are_those_of_rejecting(
    portal: PracticePortal,
    fault: dict[str, object],
    batch_id: str,
    answered: int,
    rejections: int,
    status: str | None,
) -> None:
    # Given an officer of their own, for one of the faults ends the session
    with portal.visitor() as officer:
        sign_in(officer)
        token = token_on_page(officer, batch_id)
        portal.set_faults({**fault, "batch_id": batch_id, "times": 1})

        answer = send_rejection(officer, batch_id, token, "Not yet")

    assert answer.status_code == answered
    batch = portal.batch(batch_id)
    assert len(batch["rejections"]) == rejections
    assert status in (None, batch["status"])


def test_after_a_request_to_reject_the_page_is_read_back(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    portal.set_faults({"kind": "server_error", "step": "read_back", "batch_id": batch_id})

    assert officer.get(f"/esc/batches/{batch_id}").status_code == 200
    reject(officer, batch_id, "Not yet")

    assert officer.get(f"/esc/batches/{batch_id}").status_code == 500


def test_the_dialog_asks_for_a_remark_and_rejects(
    portal: PracticePortal, at_the_browser: Officer, batch_id: str
) -> None:
    officer = at_the_browser
    officer.open(f"/esc/batches/{batch_id}")
    officer.press("Reject")
    assert officer.see(".dialog-title").text == "Confirm Rejection"

    officer.press("Confirm")
    assert officer.see(".remark-missing").text == "Please enter a remark."
    assert portal.batch(batch_id)["reject_posts"] == 0

    officer.see("#remark").send_keys("Two trainers short")
    officer.press("Confirm")
    assert "rejected successfully" in officer.see(".alert-success").text
    assert officer.see(".status").text == "Rejected"
    assert [line["remark"] for line in portal.batch(batch_id)["rejections"]] == [
        "Two trainers short"
    ]


def test_approving_after_reject_was_cancelled_approves(
    portal: PracticePortal, at_the_browser: Officer, batch_id: str
) -> None:
    officer = at_the_browser
    officer.open(f"/esc/batches/{batch_id}")
    officer.press("Reject")
    officer.see("#remark").send_keys("Wrong button")
    officer.press("Cancel")

    officer.press("Approve")
    officer.press("Confirm")

    officer.see(".alert-success")
    batch = portal.batch(batch_id)
    assert (len(batch["approvals"]), len(batch["rejections"])) == (1, 0)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "form_dialog"},
        {"kind": "late_effect", "ms": 20},
        {"kind": "late_effect", "ms": 20, "sent_by": "form"},
        {"kind": "button_replaced"},
    ],
)
def test_the_faults_of_the_page_come_with_rejecting_as_well(
    portal: PracticePortal, at_the_browser: Officer, fault: dict[str, object], batch_id: str
) -> None:
    portal.set_faults({**fault, "batch_id": batch_id})
    officer = at_the_browser
    officer.open(f"/esc/batches/{batch_id}")
    officer.press("Reject")
    officer.see("#remark").send_keys("No")
    officer.press("Confirm")

    officer.wait_until(lambda: len(portal.batch(batch_id)["rejections"]) == 1)
    assert portal.batch(batch_id)["approvals"] == []
