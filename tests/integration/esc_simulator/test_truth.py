"""What tests are told and can do on the second port."""

import httpx
import pytest

from tests.integration.esc_simulator.practice_portal import PracticePortal


@pytest.mark.parametrize(("deed", "status"), [("approve", "Approved"), ("reject", "Rejected")])
def test_somebody_else_decides_a_batch(
    portal: PracticePortal, officer: httpx.Client, deed: str, status: str, batch_id: str
) -> None:
    decision = {"by": "a.somebody", "remark": "Urgent"}

    answer = portal.ask_truth("POST", f"/truth/batches/{batch_id}/{deed}", decision)

    assert answer.json() == portal.batch(batch_id)
    assert answer.json()["status"] == status
    assert answer.json()["posts"] == 0
    page = officer.get(f"/esc/batches/{batch_id}").text
    assert "a.somebody" in page
    assert "Urgent" in page


def test_only_approvals_count_as_approvals(portal: PracticePortal, batch_id: str) -> None:
    portal.ask_truth("POST", f"/truth/batches/{batch_id}/approve", {"by": "a.somebody"})
    portal.ask_truth("POST", f"/truth/batches/{batch_id}/reject", {"by": "b.somebody"})

    batch = portal.batch(batch_id)

    assert batch["status"] == "Rejected"
    assert [approval["by"] for approval in batch["approvals"]] == ["a.somebody"]
    assert [line["by"] for line in batch["history"][1:]] == ["a.somebody", "b.somebody"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/truth/batches/NONE"), ("POST", "/truth/batches/NONE/approve")],
)
def test_an_unknown_batch_is_said_to_be_unknown(
    portal: PracticePortal, method: str, path: str
) -> None:
    answer = portal.ask_truth(method, path, {"by": "a.somebody"} if method == "POST" else None)

    assert answer.status_code == 404
    assert "NONE" in answer.json()["detail"]


def test_the_truth_is_not_told_on_the_portals_port(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    assert officer.get("/truth/summary").status_code == 404
    assert officer.put("/faults", json=[]).status_code in (404, 405)


def test_faults_are_shown_replaced_and_removed(portal: PracticePortal) -> None:
    portal.set_faults({"kind": "latency", "ms": 1}, {"kind": "response_lost", "times": 2})
    kinds = [fault["kind"] for fault in portal.ask_truth("GET", "/faults").json()]
    assert kinds == ["latency", "response_lost"]

    portal.set_faults({"kind": "success_without_effect", "batch_id": "BATCH001"})
    kinds = [fault["kind"] for fault in portal.ask_truth("GET", "/faults").json()]
    assert kinds == ["success_without_effect"]

    assert portal.ask_truth("DELETE", "/faults").status_code == 204
    assert portal.ask_truth("GET", "/faults").json() == []


def test_a_fault_of_an_unknown_kind_is_refused_and_changes_nothing(
    portal: PracticePortal,
) -> None:
    portal.set_faults({"kind": "latency", "ms": 1})

    answer = portal.ask_truth("PUT", "/faults", [{"kind": "flood"}])

    assert answer.status_code == 422
    assert "'latency', 'account_slow', 'server_error'" in answer.text
    assert portal.times_fired() == [0]
