"""Approving over HTTP, as the page's script does."""

import re
import threading

import httpx
import pytest

from tests.integration.esc_simulator.practice_portal import (
    PracticePortal,
    approve,
    can_be_approved,
    send_approval,
)


def test_an_approval_is_stored_before_it_is_answered(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    answer = approve(officer, batch_id, " Looks fine ")

    assert answer.status_code == 200
    assert answer.json()["status"] == "Approved"
    assert batch_id in answer.json()["message"]
    batch = portal.batch(batch_id)
    (approval,) = batch["approvals"]
    assert (approval["by"], approval["remark"]) == ("officer", "Looks fine")
    assert (batch["status"], batch["posts"]) == ("Approved", 1)
    assert "Looks fine" in officer.get(f"/esc/batches/{batch_id}").text


@pytest.mark.parametrize("status", ["Approved", "Rejected", "On Hold"])
def test_a_batch_that_is_not_pending_is_approved_without_a_word(
    portal: PracticePortal, officer: httpx.Client, status: str
) -> None:
    batch_id = portal.untouched(lambda batch: batch["status"] == status)
    before = len(portal.batch(batch_id)["approvals"])

    answer = approve(officer, batch_id)

    assert answer.json()["status"] == "Approved"
    assert len(portal.batch(batch_id)["approvals"]) == before + 1


def test_approving_twice_records_two_approvals(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    before = portal.summary()["double_approved"]

    answers = [approve(officer, batch_id).status_code for _ in range(2)]

    assert answers == [200, 200]
    assert len(portal.batch(batch_id)["approvals"]) == 2
    assert portal.summary()["double_approved"] == before + 1


def test_approvals_at_the_same_moment_are_all_recorded(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    approvers = [threading.Thread(target=approve, args=(officer, batch_id)) for _ in range(8)]
    for approver in approvers:
        approver.start()
    for approver in approvers:
        approver.join()

    batch = portal.batch(batch_id)
    assert (len(batch["approvals"]), batch["posts"]) == (8, 8)


@pytest.mark.parametrize("words", ["no trainer", "seats exceeded"])
def test_a_batch_against_the_rules_is_refused_with_the_reason(
    portal: PracticePortal, officer: httpx.Client, words: str
) -> None:
    batch_id = portal.untouched(lambda batch: words in (batch["refusal"] or ""))

    answer = approve(officer, batch_id)

    batch = portal.batch(batch_id)
    assert answer.status_code == 409
    assert answer.json()["message"] == batch["refusal"]
    assert (batch["status"], batch["approvals"], batch["posts"]) == ("Pending", [], 1)


def test_a_foreign_token_is_refused_and_the_request_counted(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    answer = send_approval(officer, batch_id, "made-up")

    assert answer.status_code == 403
    batch = portal.batch(batch_id)
    assert (batch["approvals"], batch["posts"]) == ([], 1)


def test_without_a_session_nothing_is_approved_and_the_request_counted(
    portal: PracticePortal, batch_id: str
) -> None:
    with portal.visitor() as visitor:
        answer = send_approval(visitor, batch_id, "")

    assert answer.status_code == 401
    batch = portal.batch(batch_id)
    assert (batch["approvals"], batch["posts"]) == ([], 1)


def test_an_unknown_batch_cannot_be_approved(portal: PracticePortal, officer: httpx.Client) -> None:
    before = portal.summary()["approve_posts"]

    answer = approve(officer, "BATCH9999")

    assert answer.status_code == 404
    assert portal.summary()["approve_posts"] == before + 1


def test_a_remark_that_is_too_long_is_refused(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    assert approve(officer, batch_id, "x" * 251).status_code == 422
    assert portal.batch(batch_id)["approvals"] == []
    assert approve(officer, batch_id, "x" * 250).status_code == 200


def test_a_form_is_answered_with_the_batchs_page(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    page = officer.get(f"/esc/batches/{batch_id}").text
    (token,) = re.findall(r'name="csrf-token" content="([^"]+)"', page)
    path = f"/esc/batches/{batch_id}/approve"

    answer = officer.post(path, data={"csrf_token": token, "remark": "By form"})

    assert answer.status_code == 200
    assert 'class="alert alert-success"' in answer.text
    assert ">Approved</span>" in answer.text
    assert [a["remark"] for a in portal.batch(batch_id)["approvals"]] == ["By form"]


def test_a_form_without_the_token_is_refused_on_the_batchs_page(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    answer = officer.post(f"/esc/batches/{batch_id}/approve", data={"remark": "By form"})

    assert answer.status_code == 403
    assert 'class="alert alert-danger"' in answer.text
    batch = portal.batch(batch_id)
    assert (batch["approvals"], batch["posts"]) == ([], 1)


def test_an_approved_batch_leaves_the_list_of_pending_ones(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    listed = _listed(officer)
    batch_id = portal.untouched(lambda batch: batch["id"] in listed and can_be_approved(batch))

    approve(officer, batch_id)

    # What came after it has moved up
    listed.remove(batch_id)
    assert _listed(officer)[: len(listed)] == listed


def _listed(officer: httpx.Client) -> list[str]:
    table = officer.get("/esc/pending-batches/table").text
    return re.findall(r'<tr data-batch-id="(\w+)">', table)
