"""How the portal misbehaves when it is asked to."""

import time

import httpx
import pytest

from tests.integration.esc_simulator.practice_portal import PracticePortal, approve, send_approval


def test_a_lost_response_comes_after_the_approval_was_stored(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    portal.set_faults({"kind": "response_lost", "times": 1})

    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        approve(officer, batch_id)

    batch = portal.batch(batch_id)
    assert (batch["status"], len(batch["approvals"]), batch["posts"]) == ("Approved", 1, 1)
    assert portal.times_fired() == [1]
    assert approve(officer, portal.untouched()).status_code == 200


def test_a_lost_response_for_one_batch_leaves_the_others_alone(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    portal.set_faults({"kind": "response_lost", "batch_id": batch_id})

    assert approve(officer, portal.untouched()).status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        approve(officer, batch_id)


def test_success_without_effect_stores_nothing(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    portal.set_faults({"kind": "success_without_effect", "times": 1})

    answer = approve(officer, batch_id)

    assert answer.status_code == 200
    assert answer.json()["status"] == "Approved"
    batch = portal.batch(batch_id)
    assert (batch["status"], batch["approvals"], batch["posts"]) == ("Pending", [], 1)
    assert portal.times_fired() == [1]


def test_latency_is_waited_for_on_every_page_and_its_scripts(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    portal.set_faults({"kind": "latency", "ms": 60})
    began = time.monotonic()

    officer.get("/esc/pending-batches")
    officer.get("/esc/pending-batches/table")
    send_approval(officer, batch_id, "made-up")

    assert time.monotonic() - began >= 0.18
    assert portal.times_fired() == [3]


def test_latency_for_one_batch_leaves_the_other_pages_alone(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    portal.set_faults({"kind": "latency", "ms": 1, "batch_id": batch_id})

    officer.get("/esc/pending-batches")
    officer.get(f"/esc/batches/{portal.untouched()}")
    assert portal.times_fired() == [0]

    officer.get(f"/esc/batches/{batch_id}")
    assert portal.times_fired() == [1]


def test_files_of_the_page_are_never_late(portal: PracticePortal, officer: httpx.Client) -> None:
    portal.set_faults({"kind": "latency", "ms": 1})

    assert officer.get("/static/portal.css").status_code == 200
    assert portal.times_fired() == [0]


def test_a_request_to_approve_is_counted_while_it_still_waits(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    portal.set_faults({"kind": "latency", "ms": 600_000, "batch_id": batch_id})

    with pytest.raises(httpx.ReadTimeout):
        officer.post(f"/esc/batches/{batch_id}/approve", timeout=0.1)

    deadline = time.monotonic() + 30
    while portal.times_fired() != [1] and time.monotonic() < deadline:
        continue
    batch = portal.batch(batch_id)
    assert (batch["approvals"], batch["posts"]) == ([], 1)
