"""The wire over real sockets, between a real practice portal and what a browser would send."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import urlsplit

import httpx
import pytest

from tests.faults.wire_proxy import Answer, Rule, WireProxy
from tests.integration.esc_simulator.practice_portal import PracticePortal, sign_in, token_on_page

PATIENCE_SECONDS = 60.0


class Officer:
    """An officer behind the wire, with a connection that is kept alive."""

    def __init__(self, wire: WireProxy, portal: PracticePortal) -> None:
        self.wire = wire
        self.portal = portal
        self._client = httpx.Client(
            base_url=wire.url,
            timeout=PATIENCE_SECONDS,
            trust_env=False,
            verify=False,
            follow_redirects=True,
        )
        sign_in(self._client)
        self.token = token_on_page(self._client, "BATCH001")

    def open(self, path: str) -> str:
        """Load a page."""
        return self._client.get(path).raise_for_status().text

    def approve(self, batch_id: str) -> httpx.Response:
        """Send what Confirm sends."""
        headers = {"X-Requested-With": "XMLHttpRequest", "X-CSRF-Token": self.token}
        return self._client.post(_path(batch_id), data={"remark": "Seen"}, headers=headers)

    def counts(self, batch_id: str) -> tuple[int, int, int]:
        """Requests to approve that the wire saw and passed on, and the portal's approvals."""
        approvals = len(self.portal.batch(batch_id)["approvals"])
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


# Each test has batches and a wire of its own, so they share one portal.
@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticePortal]:
    folder = tmp_path_factory.mktemp("portal")
    with closing(PracticePortal(folder, "--batches", "60", "--pending-only")) as portal:
        yield portal


@pytest.fixture
def officer(portal: PracticePortal) -> Iterator[Officer]:
    with WireProxy(portal.url) as wire, closing(Officer(wire, portal)) as officer:
        yield officer


@pytest.fixture
def batch_id(portal: PracticePortal) -> str:
    return portal.untouched()


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


def test_without_rules_everything_passes_and_approvals_are_counted(
    officer: Officer, batch_id: str
) -> None:
    page = officer.open(f"/esc/batches/{batch_id}")
    answer = officer.approve(batch_id)

    assert batch_id in page
    assert answer.json()["status"] == "Approved"
    assert officer.counts(batch_id) == (1, 1, 1)
    assert officer.counts(officer.portal.untouched()) == (0, 0, 0)


@pytest.mark.parametrize("answer", [Answer.CLOSED, Answer.RESET])
def test_a_connection_breaks_after_the_approval_was_stored(
    officer: Officer, answer: Answer, batch_id: str
) -> None:
    officer.wire.rules = [Rule(answer, times=1)]
    broken = httpx.RemoteProtocolError if answer is Answer.CLOSED else httpx.ReadError

    with pytest.raises(broken):
        officer.approve(batch_id)

    assert officer.counts(batch_id) == (1, 1, 1)
    assert officer.approve(officer.portal.untouched()).status_code == 200


def test_408_comes_in_the_place_of_the_portals_answer(officer: Officer, batch_id: str) -> None:
    officer.wire.rules = [Rule(Answer.TIMED_OUT)]

    answer = officer.approve(batch_id)

    assert (answer.status_code, answer.headers["connection"]) == (408, "close")
    assert officer.counts(batch_id) == (1, 1, 1)


def test_a_gateway_gives_up_on_a_request_that_arrives_all_the_same(
    officer: Officer, batch_id: str
) -> None:
    officer.wire.rules = [Rule(Answer.GATEWAY, delay=0.5)]

    answer = officer.approve(batch_id)

    assert (answer.status_code, answer.headers["connection"]) == (504, "close")
    _wait_until(lambda: officer.counts(batch_id) == (1, 1, 1))


def test_an_answer_that_never_comes_leaves_the_connection_open(
    officer: Officer, batch_id: str
) -> None:
    officer.wire.rules = [Rule(Answer.NONE)]
    with _line_to(officer.wire) as line:
        line.sendall(officer.raw_approval(batch_id))
        _wait_until(lambda: officer.counts(batch_id) == (1, 1, 1))

        line.settimeout(0.2)
        with pytest.raises(TimeoutError):
            line.recv(1)


def test_a_request_can_be_lost_before_it_reaches_the_portal(
    officer: Officer, batch_id: str
) -> None:
    officer.wire.rules = [Rule(Answer.CLOSED, passes_on=False)]

    with pytest.raises(httpx.RemoteProtocolError):
        officer.approve(batch_id)

    assert officer.counts(batch_id) == (1, 0, 0)


def test_a_delayed_request_arrives_though_its_sender_has_left(
    officer: Officer, batch_id: str
) -> None:
    officer.wire.rules = [Rule(delay=0.5)]
    with _line_to(officer.wire) as line:
        line.sendall(officer.raw_approval(batch_id))
        _wait_until(lambda: officer.wire.seen[batch_id] == 1)

    _wait_until(lambda: officer.counts(batch_id) == (1, 1, 1))


def test_a_rule_for_one_batch_and_so_many_times_leaves_the_rest_alone(
    officer: Officer, batch_id: str
) -> None:
    another = officer.portal.untouched()
    officer.wire.rules = [Rule(Answer.TIMED_OUT, batch_id=batch_id, times=1)]

    answers = [officer.approve(key).status_code for key in (another, batch_id, batch_id)]

    assert answers == [200, 408, 200]
    assert officer.wire.rules[0].fired == 1
    assert officer.counts(batch_id) == (2, 2, 2)


def test_requests_are_told_apart_on_a_connection_that_is_kept_alive(
    officer: Officer, batch_id: str
) -> None:
    broken = officer.portal.untouched()
    officer.wire.rules = [Rule(Answer.CLOSED, batch_id=broken)]
    parts = urlsplit(officer.wire.url)
    line = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE_SECONDS)
    with closing(line):
        line.connect()
        first_socket = line.sock
        for method, path in (("GET", "/static/notice.js"), ("POST", _path(batch_id))) * 2:
            line.request(method, path, "remark=Seen", officer.headers)
            answer = line.getresponse()
            answer.read()
            assert (answer.status, line.sock) == (200, first_socket)

        line.request("POST", _path(broken), "remark=Seen", officer.headers)
        with pytest.raises(http.client.RemoteDisconnected):
            line.getresponse()

    assert officer.counts(batch_id) == (2, 2, 2)
    assert officer.counts(broken) == (1, 1, 1)


def test_a_portal_that_is_down_is_a_broken_connection(
    portal: PracticePortal, batch_id: str
) -> None:
    # Given a portal that can go down for one officer: what they see of it is another wire
    with (
        WireProxy(portal.url) as seen_of_it,
        WireProxy(seen_of_it.url) as wire,
        closing(Officer(wire, portal)) as officer,
    ):
        seen_of_it.close()

        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            officer.approve(batch_id)


def test_the_end_of_the_wire_breaks_what_still_waits(officer: Officer, batch_id: str) -> None:
    officer.wire.rules = [Rule(delay=3600.0)]
    with _line_to(officer.wire) as line:
        line.sendall(officer.raw_approval(batch_id))
        _wait_until(lambda: officer.wire.seen[batch_id] == 1)

        officer.wire.close()

        assert line.recv(1) == b""
    assert officer.counts(batch_id) == (1, 0, 0)
