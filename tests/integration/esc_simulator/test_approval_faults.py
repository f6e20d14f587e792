"""What becomes of an approval when a test wants it late, hidden, moved on or forestalled."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.integration.esc_simulator.practice_portal import PracticePortal, approve, sign_in

PATIENCE_SECONDS = 60.0
AN_HOUR_MS = 3_600_000


# Each test has a batch of its own, so they share one portal.
@pytest.fixture
def portal(shared_portal: PracticePortal) -> PracticePortal:
    return shared_portal


@pytest.fixture(scope="module")
def officer(portal_of_the_module: PracticePortal) -> Iterator[httpx.Client]:
    with portal_of_the_module.visitor() as visitor:
        sign_in(visitor)
        yield visitor


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
    portal: PracticePortal, officer: httpx.Client
) -> None:
    portal.set_faults({"kind": "lands_late", "ms": 300, "batch_id": "BATCH001"})

    answer = approve(officer, "BATCH001", "Looks fine")

    assert answer.status_code == 200
    assert "BATCH001 is being processed" in answer.json()["message"]
    assert answer.json()["status"] == "Pending"
    _wait_until(lambda: portal.summary()["late_requests"] == 0)
    batch = portal.batch("BATCH001")
    assert [a["remark"] for a in batch["approvals"]] == ["Looks fine"]
    assert (batch["posts"], batch["late_requests"]) == (1, 0)


def test_a_late_request_is_counted_and_nothing_is_stored_while_it_waits(
    start_portal: Callable[..., PracticePortal],
) -> None:
    # Given a portal of its own: this request never lands
    portal = start_portal("--batches", "3")
    portal.set_faults({"kind": "lands_late", "ms": AN_HOUR_MS})
    with portal.visitor() as officer:
        sign_in(officer)
        approve(officer, "BATCH001")

    batch = portal.batch("BATCH001")
    assert (batch["approvals"], batch["posts"], batch["late_requests"]) == ([], 1, 1)
    assert portal.summary()["late_requests"] == 1
    assert portal.stop() == 0


def test_a_late_request_may_be_answered_with_an_error(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    portal.set_faults(
        {"kind": "lands_late", "ms": 1}, {"kind": "server_error", "step": "stored", "http": 502}
    )

    assert approve(officer, "BATCH002").status_code == 502

    _wait_until(lambda: len(portal.batch("BATCH002")["approvals"]) == 1)


def test_an_approval_shown_late_is_true_at_once(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    portal.set_faults({"kind": "shown_late", "ms": AN_HOUR_MS, "batch_id": "BATCH003"})

    assert approve(officer, "BATCH003").json()["status"] == "Approved"

    assert _shown(officer, "BATCH003") == ("Pending", ["Submitted"])
    assert "BATCH003" in officer.get("/esc/pending-batches/table?q=BATCH003&status=Pending").text
    assert portal.batch("BATCH003")["status"] == "Approved"
    assert _decisions(portal, "BATCH003") == [("officer", "Approved")]


def test_an_approval_shown_late_is_shown_in_the_end(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    portal.set_faults({"kind": "shown_late", "ms": 200, "batch_id": "BATCH004"})

    approve(officer, "BATCH004")

    _wait_until(lambda: _shown(officer, "BATCH004") == ("Approved", ["Submitted", "Approved"]))


@pytest.mark.parametrize(
    ("status", "batch_id"), [("Forwarded", "BATCH005"), ("On Hold", "BATCH006")]
)
def test_a_batch_moves_on_after_our_approval_and_keeps_its_history(
    portal: PracticePortal, officer: httpx.Client, status: str, batch_id: str
) -> None:
    portal.set_faults({"kind": "moves_on", "ms": 1, "status": status, "batch_id": batch_id})

    approve(officer, batch_id)

    _wait_until(lambda: portal.summary()["late_moves"] == 0)
    assert _shown(officer, batch_id) == (status, ["Submitted", "Approved", status])
    assert len(portal.batch(batch_id)["approvals"]) == 1


@pytest.mark.parametrize(
    ("kind", "what", "batch_id"),
    [
        ("somebody_approves", "Approved", "BATCH007"),
        ("somebody_rejects", "Rejected", "BATCH008"),
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
    portal: PracticePortal, officer: httpx.Client
) -> None:
    portal.set_faults({"kind": "somebody_approves", "step": "look", "batch_id": "BATCH009"})

    assert _shown(officer, "BATCH009") == ("Pending", ["Submitted"])

    assert _decisions(portal, "BATCH009") == [("s.kulkarni", "Approved")]


def test_somebody_decides_just_after_our_approval(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    portal.set_faults({"kind": "somebody_rejects", "step": "stored", "batch_id": "BATCH010"})

    approve(officer, "BATCH010")

    decisions = [("officer", "Approved"), ("s.kulkarni", "Rejected")]
    assert _decisions(portal, "BATCH010") == decisions


def test_a_race_is_lost_silently(portal: PracticePortal, officer: httpx.Client) -> None:
    portal.set_faults({"kind": "silent_lost_race", "times": 1})

    answer = approve(officer, "BATCH011")

    assert (answer.status_code, answer.json()["status"]) == (200, "Approved")
    assert _decisions(portal, "BATCH011") == [("s.kulkarni", "Rejected")]
    assert portal.batch("BATCH011")["posts"] == 1
