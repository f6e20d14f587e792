"""What becomes of an approval when a test wants it late, hidden, moved on or forestalled."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import httpx
import pytest

from tests.integration.esc_simulator.practice_portal import PracticePortal, approve

PATIENCE_SECONDS = 60.0
AN_HOUR_MS = 3_600_000


def _shown(officer: httpx.Client, batch_id: str) -> tuple[str, list[str]]:
    """The status and the history as the batch's page shows them."""
    page = officer.get(f"/esc/batches/{batch_id}").text
    (status,) = re.findall(r'<span class="status [^"]*">([^<]+)', page)
    return status, re.findall(r'<td class="what">([^<]+)', page)


def _decisions(portal: PracticePortal, batch_id: str) -> list[tuple[str, str]]:
    return [(line["by"], line["what"]) for line in portal.batch(batch_id)["history"][1:]]


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def test_a_late_request_is_answered_at_once_and_waited_for(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    portal.set_faults({"kind": "lands_late", "ms": 300, "batch_id": batch_id})

    answer = approve(officer, batch_id, "Looks fine")

    assert answer.status_code == 200
    assert f"{batch_id} is being processed" in answer.json()["message"]
    assert answer.json()["status"] == "Pending"
    _wait_until(lambda: portal.batch(batch_id)["late_requests"] == 0)
    batch = portal.batch(batch_id)
    assert [a["remark"] for a in batch["approvals"]] == ["Looks fine"]
    assert (batch["posts"], batch["late_requests"]) == (1, 0)


def test_a_late_request_is_counted_and_nothing_is_stored_while_it_waits(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    before = portal.summary()["late_requests"]
    portal.set_faults({"kind": "lands_late", "ms": AN_HOUR_MS})

    approve(officer, batch_id)

    batch = portal.batch(batch_id)
    assert (batch["approvals"], batch["posts"], batch["late_requests"]) == ([], 1, 1)
    assert portal.summary()["late_requests"] == before + 1


def test_a_late_request_may_be_answered_with_an_error(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    portal.set_faults(
        {"kind": "lands_late", "ms": 1}, {"kind": "server_error", "step": "stored", "http": 502}
    )

    assert approve(officer, batch_id).status_code == 502

    _wait_until(lambda: len(portal.batch(batch_id)["approvals"]) == 1)


def test_an_approval_shown_late_is_true_at_once(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    portal.set_faults({"kind": "shown_late", "ms": AN_HOUR_MS, "batch_id": batch_id})

    assert approve(officer, batch_id).json()["status"] == "Approved"

    assert _shown(officer, batch_id) == ("Pending", ["Submitted"])
    assert batch_id in officer.get(f"/esc/pending-batches/table?q={batch_id}&status=Pending").text
    assert portal.batch(batch_id)["status"] == "Approved"
    assert _decisions(portal, batch_id) == [("officer", "Approved")]


def test_an_approval_shown_late_is_shown_in_the_end(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    portal.set_faults({"kind": "shown_late", "ms": 200, "batch_id": batch_id})

    approve(officer, batch_id)

    _wait_until(lambda: _shown(officer, batch_id) == ("Approved", ["Submitted", "Approved"]))


@pytest.mark.parametrize("status", ["Forwarded", "On Hold"])
def test_a_batch_moves_on_after_our_approval_and_keeps_its_history(
    portal: PracticePortal, officer: httpx.Client, status: str, batch_id: str
) -> None:
    portal.set_faults({"kind": "moves_on", "ms": 1, "status": status, "batch_id": batch_id})

    approve(officer, batch_id)

    _wait_until(lambda: portal.summary()["late_moves"] == 0)
    assert _shown(officer, batch_id) == (status, ["Submitted", "Approved", status])
    assert len(portal.batch(batch_id)["approvals"]) == 1


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("somebody_approves", "Approved"),
        ("somebody_rejects", "Rejected"),
    ],
)
def test_somebody_decides_just_before_our_request_is_judged(
    portal: PracticePortal, officer: httpx.Client, kind: str, what: str, batch_id: str
) -> None:
    portal.set_faults({"kind": kind, "step": "approve", "times": 1, "by": "a.somebody"})

    assert approve(officer, batch_id).status_code == 200

    assert _decisions(portal, batch_id) == [("a.somebody", what), ("officer", "Approved")]
    assert portal.times_fired() == [1]


def test_somebody_decides_just_after_our_look(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    portal.set_faults({"kind": "somebody_approves", "step": "look", "batch_id": batch_id})

    assert _shown(officer, batch_id) == ("Pending", ["Submitted"])

    assert _decisions(portal, batch_id) == [("s.kulkarni", "Approved")]


def test_somebody_decides_just_after_our_approval(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    portal.set_faults({"kind": "somebody_rejects", "step": "stored", "batch_id": batch_id})

    approve(officer, batch_id)

    decisions = [("officer", "Approved"), ("s.kulkarni", "Rejected")]
    assert _decisions(portal, batch_id) == decisions


def test_a_race_is_lost_silently(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    portal.set_faults({"kind": "silent_lost_race", "times": 1})

    answer = approve(officer, batch_id)

    assert (answer.status_code, answer.json()["status"]) == (200, "Approved")
    assert _decisions(portal, batch_id) == [("s.kulkarni", "Rejected")]
    assert portal.batch(batch_id)["posts"] == 1
