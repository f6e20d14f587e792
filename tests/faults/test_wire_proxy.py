"""The wire over real sockets, between a real practice portal and what a browser would send."""

from __future__ import annotations

import http.client
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

import httpx
import pytest

from launcher.practice_portal import PracticePortal
from tests.faults.wire_proxy import Answer, Rule, WireProxy

PATIENCE_SECONDS = 60.0


class Officer:
    """An officer behind the wire, with a connection that is kept alive."""

    def __init__(self, wire: WireProxy, practice: PracticePortal) -> None:
        self.wire = wire
        self.practice = practice
        self._client = httpx.Client(
            base_url=wire.url, timeout=PATIENCE_SECONDS, trust_env=False, follow_redirects=True
        )
        (form_token,) = re.findall('name="csrf_token" value="([^"]+)"', self.open("/login"))
        fields = {
            "username": practice.username,
            "password": practice.password,
            "csrf_token": form_token,
        }
        page = self._client.post("/login", data=fields).text
        (self.token,) = re.findall('name="csrf-token" content="([^"]+)"', page)

    def open(self, path: str) -> str:
        """Load a page."""
        return self._client.get(path).raise_for_status().text

    def approve(self, batch_id: str) -> httpx.Response:
        """Send what Confirm sends."""
        headers = {"X-Requested-With": "XMLHttpRequest", "X-CSRF-Token": self.token}
        return self._client.post(_path(batch_id), data={"remark": "Seen"}, headers=headers)

    def counts(self, batch_id: str) -> tuple[int, int, int]:
        """Requests to approve that the wire saw and passed on, and the portal's approvals."""
        found = httpx.get(f"{self.practice.truth_url}/truth/batches/{batch_id}", trust_env=False)
        approvals = len(found.raise_for_status().json()["approvals"])
        return self.wire.seen[batch_id], self.wire.passed[batch_id], approvals

    @property
    def headers(self) -> dict[str, str]:
        """What goes with a request to approve."""
        cookies = "; ".join(f"{name}={value}" for name, value in self._client.cookies.items())
        return {
            "Cookie": cookies,
            "X-Requested-With": "XMLHttpRequest",
            "X-CSRF-Token": self.token,
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def raw_approval(self, batch_id: str) -> bytes:
        """The same request as bytes."""
        headers = {**self.headers, "Host": "portal", "Content-Length": "11"}
        lines = [f"{name}: {value}" for name, value in headers.items()]
        head = (f"POST {_path(batch_id)} HTTP/1.1", *lines, "", "remark=Seen")
        return "\r\n".join(head).encode()

    def close(self) -> None:
        """Leave."""
        self._client.close()


@pytest.fixture
def officer(practice_portal: Callable[..., PracticePortal]) -> Iterator[Officer]:
    portal = practice_portal(batches=5)
    with ExitStack() as stack:
        officer = Officer(stack.enter_context(WireProxy(portal.url)), portal)
        stack.callback(officer.close)
        yield officer


def _path(batch_id: str) -> str:
    return f"/esc/batches/{batch_id}/approve"


def _line_to(wire: WireProxy) -> socket.socket:
    parts = urlsplit(wire.url)
    return socket.create_connection((parts.hostname, parts.port or 0), PATIENCE_SECONDS)


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def test_without_rules_everything_passes_and_approvals_are_counted(officer: Officer) -> None:
    page = officer.open("/esc/batches/BATCH001")
    answer = officer.approve("BATCH001")

    assert "BATCH001" in page
    assert answer.json()["status"] == "Approved"
    assert officer.counts("BATCH001") == (1, 1, 1)
    assert officer.counts("BATCH002") == (0, 0, 0)


@pytest.mark.parametrize("answer", [Answer.CLOSED, Answer.RESET])
def test_a_connection_breaks_after_the_approval_was_stored(
    officer: Officer, answer: Answer
) -> None:
    officer.wire.rules = [Rule(answer, times=1)]
    broken = httpx.RemoteProtocolError if answer is Answer.CLOSED else httpx.ReadError

    with pytest.raises(broken):
        officer.approve("BATCH001")

    assert officer.counts("BATCH001") == (1, 1, 1)
    assert officer.approve("BATCH002").status_code == 200


def test_408_comes_in_the_place_of_the_portals_answer(officer: Officer) -> None:
    officer.wire.rules = [Rule(Answer.TIMED_OUT)]

    answer = officer.approve("BATCH001")

    assert (answer.status_code, answer.headers["connection"]) == (408, "close")
    assert officer.counts("BATCH001") == (1, 1, 1)


def test_a_gateway_gives_up_on_a_request_that_arrives_all_the_same(officer: Officer) -> None:
    officer.wire.rules = [Rule(Answer.GATEWAY, delay=0.5)]

    answer = officer.approve("BATCH001")

    assert (answer.status_code, answer.headers["connection"]) == (504, "close")
    _wait_until(lambda: officer.counts("BATCH001") == (1, 1, 1))


def test_an_answer_that_never_comes_leaves_the_connection_open(officer: Officer) -> None:
    officer.wire.rules = [Rule(Answer.NONE)]
    with _line_to(officer.wire) as line:
        line.sendall(officer.raw_approval("BATCH001"))
        _wait_until(lambda: officer.counts("BATCH001") == (1, 1, 1))

        line.settimeout(0.2)
        with pytest.raises(TimeoutError):
            line.recv(1)


def test_a_request_can_be_lost_before_it_reaches_the_portal(officer: Officer) -> None:
    officer.wire.rules = [Rule(Answer.CLOSED, passes_on=False)]

    with pytest.raises(httpx.RemoteProtocolError):
        officer.approve("BATCH001")

    assert officer.counts("BATCH001") == (1, 0, 0)


def test_a_delayed_request_arrives_though_its_sender_has_left(officer: Officer) -> None:
    officer.wire.rules = [Rule(delay=0.5)]
    with _line_to(officer.wire) as line:
        line.sendall(officer.raw_approval("BATCH001"))
        _wait_until(lambda: officer.wire.seen["BATCH001"] == 1)

    _wait_until(lambda: officer.counts("BATCH001") == (1, 1, 1))


def test_a_rule_for_one_batch_and_so_many_times_leaves_the_rest_alone(officer: Officer) -> None:
    officer.wire.rules = [Rule(Answer.TIMED_OUT, batch_id="BATCH002", times=1)]

    answers = [officer.approve(key).status_code for key in ("BATCH001", "BATCH002", "BATCH002")]

    assert answers == [200, 408, 200]
    assert officer.wire.rules[0].fired == 1
    assert officer.counts("BATCH002") == (2, 2, 2)


def test_requests_are_told_apart_on_a_connection_that_is_kept_alive(officer: Officer) -> None:
    officer.wire.rules = [Rule(Answer.CLOSED, batch_id="BATCH002")]
    parts = urlsplit(officer.wire.url)
    line = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE_SECONDS)
    with closing(line):
        line.connect()
        first_socket = line.sock
        for method, path in (("GET", "/static/notice.js"), ("POST", _path("BATCH001"))) * 2:
            line.request(method, path, "remark=Seen", officer.headers)
            answer = line.getresponse()
            answer.read()
            assert (answer.status, line.sock) == (200, first_socket)

        line.request("POST", _path("BATCH002"), "remark=Seen", officer.headers)
        with pytest.raises(http.client.RemoteDisconnected):
            line.getresponse()

    assert officer.counts("BATCH001") == (2, 2, 2)
    assert officer.counts("BATCH002") == (1, 1, 1)


def test_a_portal_that_is_down_is_a_broken_connection(officer: Officer) -> None:
    officer.open("/login")
    officer.practice.stop()

    with pytest.raises(httpx.TransportError):
        officer.approve("BATCH001")


def test_the_end_of_the_wire_breaks_what_still_waits(officer: Officer) -> None:
    officer.wire.rules = [Rule(delay=3600.0)]
    with _line_to(officer.wire) as line:
        line.sendall(officer.raw_approval("BATCH001"))
        _wait_until(lambda: officer.wire.seen["BATCH001"] == 1)

        officer.wire.close()

        assert line.recv(1) == b""
    assert officer.counts("BATCH001") == (1, 0, 0)
