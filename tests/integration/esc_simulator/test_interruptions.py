"""Steps that are answered with something else: errors, nothing at all, or a lost session."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import httpx
import pytest

from tests.integration.esc_simulator.practice_portal import (
    PracticePortal,
    approve,
    send_approval,
    sign_in,
)

PATIENCE_SECONDS = 60.0


@pytest.fixture
def officer(portal: PracticePortal) -> Iterator[httpx.Client]:
    with portal.visitor() as visitor:
        sign_in(visitor)
        yield visitor


def _effect(portal: PracticePortal, batch_id: str) -> tuple[int, int]:
    batch = portal.batch(batch_id)
    return batch["posts"], len(batch["approvals"])


def test_an_error_on_the_look_leaves_the_read_back_alone(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    portal.set_faults({"kind": "server_error", "step": "look", "times": 1})
    assert officer.get(f"/esc/batches/{batch_id}").status_code == 500

    portal.set_faults({"kind": "server_error", "step": "look", "batch_id": batch_id})
    send_approval(officer, batch_id, "made-up")
    assert officer.get(f"/esc/batches/{batch_id}").status_code == 200
    assert portal.times_fired() == [0]


def test_an_error_on_the_read_back_leaves_the_look_alone(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    portal.set_faults({"kind": "server_error", "step": "read_back", "http": 503})

    assert approve(officer, batch_id).status_code == 200

    assert officer.get(f"/esc/batches/{batch_id}").status_code == 503
    assert portal.times_fired() == [1]


@pytest.mark.parametrize(("step", "approvals"), [("approve", 0), ("stored", 1)])
def test_an_error_on_approving_comes_before_or_after_storing(
    portal: PracticePortal, officer: httpx.Client, step: str, batch_id: str, approvals: int
) -> None:
    portal.set_faults({"kind": "server_error", "step": step, "times": 1})

    answer = approve(officer, batch_id)

    assert answer.status_code == 500
    assert "500" in answer.json()["message"]
    assert _effect(portal, batch_id) == (1, approvals)


def test_a_gateways_error_is_html_for_scripts_too(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    portal.set_faults({"kind": "server_error", "step": "stored", "http": 504})

    answer = approve(officer, batch_id)

    assert (answer.status_code, answer.headers["content-type"]) == (504, "text/html; charset=utf-8")


@pytest.mark.parametrize(("step", "approvals"), [("approve", 0), ("stored", 1)])
def test_a_request_that_hangs_hangs_before_or_after_storing(
    portal: PracticePortal, officer: httpx.Client, step: str, batch_id: str, approvals: int
) -> None:
    page = officer.get(f"/esc/batches/{batch_id}").text
    portal.set_faults({"kind": "hang", "step": step, "times": 1})
    line = http.client.HTTPConnection(officer.base_url.netloc.decode())
    with closing(line):
        line.request("POST", f"/esc/batches/{batch_id}/approve", "", _headers(officer, page))
        _wait_until(lambda: portal.times_fired() == [1])

        assert _effect(portal, batch_id) == (1, approvals)
        line.sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            line.getresponse()


def _headers(officer: httpx.Client, page: str) -> dict[str, str]:
    (token,) = re.findall(r'name="csrf-token" content="([^"]+)"', page)
    cookies = "; ".join(f"{name}={value}" for name, value in officer.cookies.items())
    return {"Cookie": cookies, "X-CSRF-Token": token}


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def test_signing_in_can_be_down_and_hang(portal: PracticePortal) -> None:
    with portal.visitor() as visitor:
        portal.set_faults({"kind": "server_error", "step": "login", "http": 503, "times": 1})
        assert visitor.get("/login").status_code == 503
        visitor.get("/login")
        portal.set_faults({"kind": "server_error", "step": "login"})
        assert visitor.post("/login", data={"username": "officer"}).status_code == 500

        portal.set_faults({"kind": "hang", "step": "login"})
        with pytest.raises(httpx.ReadTimeout):
            visitor.get("/login", timeout=0.5)


def test_a_slow_account_is_slow_for_who_signs_in_and_who_is_signed_in(
    portal: PracticePortal,
) -> None:
    portal.set_faults({"kind": "account_slow", "ms": 1})
    with portal.visitor() as visitor:
        visitor.get("/login")
        assert portal.times_fired() == [0]

        sign_in(visitor)
        assert portal.times_fired() == [2]  # the form sent, and the dashboard that follows


@pytest.mark.parametrize("step", ["look", "read_back"])
def test_a_session_dropped_on_a_page_is_over_for_good(
    portal: PracticePortal, officer: httpx.Client, step: str, batch_id: str
) -> None:
    if step == "read_back":
        send_approval(officer, batch_id, "made-up")
    portal.set_faults({"kind": "session_dropped", "step": step, "times": 1})

    page = officer.get(f"/esc/batches/{batch_id}")

    assert (page.url.path, page.url.query) == ("/login", b"expired=1")
    assert officer.get("/esc/dashboard").url.path == "/login"


def test_a_lost_session_can_look_like_a_page_that_is_forbidden(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    fault = {"kind": "session_dropped", "step": "look", "form": "forbidden"}
    portal.set_faults({**fault, "times": 1})

    page = officer.get(f"/esc/batches/{batch_id}")

    assert page.status_code == 403
    assert "Access denied" in page.text
    assert "user-name" not in page.text
    assert officer.get("/esc/dashboard").url.path == "/login"


def test_a_lost_session_can_look_like_nothing_to_do(
    portal: PracticePortal, officer: httpx.Client, batch_id: str
) -> None:
    fault = {"kind": "session_dropped", "step": "look", "form": "public"}
    portal.set_faults({**fault, "times": 1})

    page = officer.get(f"/esc/batches/{batch_id}")

    assert page.status_code == 200
    assert "No such batch" in page.text
    assert 'class="not-found"' in page.text
    assert "user-name" not in page.text
    assert officer.get("/esc/dashboard").url.path == "/login"


@pytest.mark.parametrize(
    ("step", "form", "status_code", "approvals"),
    [
        ("approve", "login", 401, 0),
        ("approve", "forbidden", 403, 0),
        ("approve", "public", 200, 0),
        ("stored", "login", 401, 1),
        ("stored", "forbidden", 403, 1),
        ("stored", "public", 200, 1),
    ],
)
def test_a_session_dropped_on_approving_drops_before_or_after_storing(
    portal: PracticePortal,
    officer: httpx.Client,
    step: str,
    form: str,
    batch_id: str,
    status_code: int,
    approvals: int,
) -> None:
    portal.set_faults({"kind": "session_dropped", "step": step, "form": form, "times": 1})

    answer = approve(officer, batch_id)

    assert answer.status_code == status_code
    assert "Approved" not in answer.text
    assert _effect(portal, batch_id) == (1, approvals)
    assert officer.get("/esc/dashboard").url.path == "/login"
