"""Approving over HTTP, as the page's script does."""

import re
import threading
from collections.abc import Callable

import httpx
import pytest

from tests.integration.esc_simulator.practice_portal import (
    PracticePortal,
    approve,
    send_approval,
)


def test_an_approval_is_stored_before_it_is_answered(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    answer = approve(officer, "BATCH001", " Looks fine ")

    assert answer.status_code == 200
    assert answer.json()["status"] == "Approved"
    assert "BATCH001" in answer.json()["message"]
    batch = portal.batch("BATCH001")
    (approval,) = batch["approvals"]
    assert (approval["by"], approval["remark"]) == ("officer", "Looks fine")
    assert (batch["status"], batch["posts"]) == ("Approved", 1)
    assert "Looks fine" in officer.get("/esc/batches/BATCH001").text


@pytest.mark.parametrize("status", ["Approved", "Rejected", "On Hold"])
def test_a_batch_that_is_not_pending_is_approved_without_a_word(
    portal: PracticePortal, officer: httpx.Client, find_batch: Callable[[str], str], status: str
) -> None:
    batch_id = find_batch(status)
    before = len(portal.batch(batch_id)["approvals"])

    answer = approve(officer, batch_id)

    assert answer.json()["status"] == "Approved"
    assert len(portal.batch(batch_id)["approvals"]) == before + 1


def test_approving_twice_records_two_approvals(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    answers = [approve(officer, "BATCH001").status_code for _ in range(2)]

    assert answers == [200, 200]
    assert len(portal.batch("BATCH001")["approvals"]) == 2
    assert portal.summary()["double_approved"] == 1


def test_approvals_at_the_same_moment_are_all_recorded(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    approvers = [threading.Thread(target=approve, args=(officer, "BATCH001")) for _ in range(8)]
    for approver in approvers:
        approver.start()
    for approver in approvers:
        approver.join()

    batch = portal.batch("BATCH001")
    assert (len(batch["approvals"]), batch["posts"]) == (8, 8)


@pytest.mark.parametrize("words", ["no trainer", "seats exceeded"])
def test_a_batch_against_the_rules_is_refused_with_the_reason(
    portal: PracticePortal, officer: httpx.Client, words: str
) -> None:
    refused = next(b for b in portal.batches() if words in (b["refusal"] or ""))

    answer = approve(officer, refused["id"])

    assert answer.status_code == 409
    assert answer.json()["message"] == refused["refusal"]
    batch = portal.batch(refused["id"])
    assert (batch["status"], batch["approvals"], batch["posts"]) == ("Pending", [], 1)


def test_a_foreign_token_is_refused_and_the_request_counted(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    answer = send_approval(officer, "BATCH001", "made-up")

    assert answer.status_code == 403
    batch = portal.batch("BATCH001")
    assert (batch["approvals"], batch["posts"]) == ([], 1)


def test_without_a_session_nothing_is_approved_and_the_request_counted(
    portal: PracticePortal,
) -> None:
    with portal.visitor() as visitor:
        answer = send_approval(visitor, "BATCH001", "")

    assert answer.status_code == 401
    batch = portal.batch("BATCH001")
    assert (batch["approvals"], batch["posts"]) == ([], 1)


def test_an_unknown_batch_cannot_be_approved(portal: PracticePortal, officer: httpx.Client) -> None:
    answer = approve(officer, "BATCH9999")

    assert answer.status_code == 404
    assert portal.summary()["approve_posts"] == 1


def test_a_remark_that_is_too_long_is_refused(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    assert approve(officer, "BATCH001", "x" * 251).status_code == 422
    assert portal.batch("BATCH001")["approvals"] == []
    assert approve(officer, "BATCH001", "x" * 250).status_code == 200


def test_a_form_is_answered_with_the_batchs_page(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    page = officer.get("/esc/batches/BATCH001").text
    (token,) = re.findall(r'name="csrf-token" content="([^"]+)"', page)
    path = "/esc/batches/BATCH001/approve"

    answer = officer.post(path, data={"csrf_token": token, "remark": "By form"})

    assert answer.status_code == 200
    assert 'class="alert alert-success"' in answer.text
    assert ">Approved</span>" in answer.text
    assert [a["remark"] for a in portal.batch("BATCH001")["approvals"]] == ["By form"]


def test_a_form_without_the_token_is_refused_on_the_batchs_page(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    answer = officer.post("/esc/batches/BATCH001/approve", data={"remark": "By form"})

    assert answer.status_code == 403
    assert 'class="alert alert-danger"' in answer.text
    batch = portal.batch("BATCH001")
    assert (batch["approvals"], batch["posts"]) == ([], 1)


def test_an_approved_batch_leaves_the_list_of_pending_ones(officer: httpx.Client) -> None:
    first, second, *_ = _listed(officer)

    approve(officer, first)

    assert _listed(officer)[0] == second


def _listed(officer: httpx.Client) -> list[str]:
    table = officer.get("/esc/pending-batches/table").text
    return re.findall(r'<tr data-batch-id="(\w+)">', table)
