"""Pages that speak with their portal over a WebSocket, which opens some time after they show."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request
from websockets.sync.server import ServerConnection, serve

from shared.errors import PortalTimeout
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import Pages
from tests.integration.automation_service.test_step_kinds import EFFECT, HASTE, fired, portal_by

LATE = 0.4
"""Seconds that the portal takes to open a socket: of one far away they are not few."""


class Line:
    """A portal's sockets, which open late, and what came over them."""

    def __init__(self) -> None:
        self.heard: list[dict[str, str]] = []
        self._news = threading.Condition()
        self._late = threading.Event()
        self._opened = threading.Event()
        self._server = serve(self._listen, "127.0.0.1", 0, process_request=self._open_late)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/"

    def _open_late(self, _socket: ServerConnection, _request: Request) -> None:
        self._late.wait(LATE)

    def _listen(self, socket: ServerConnection) -> None:
        self._opened.set()
        try:
            for message in socket:
                with self._news:
                    self.heard.append(json.loads(message))
                    self._news.notify_all()
                socket.send("right" if self.heard[-1].get("secret") == "b" else "wrong")
        except ConnectionClosed:
            pass

    def cut(self) -> None:
        """Close the socket once it has opened, as where a portal goes away for a moment."""
        assert self._opened.wait(10)
        self._server.shutdown()

    def wait_for_word(self) -> dict[str, str]:
        """The first message, once it has come."""
        with self._news:
            assert self._news.wait_for(lambda: self.heard, 10)
            return self.heard[0]

    def close(self) -> None:
        self._late.set()
        self._server.shutdown()
        self._thread.join(10)


@pytest.fixture
def line() -> Iterator[Line]:
    opened = Line()
    yield opened
    opened.close()


# What is typed is kept where a script of the page sees it come, which it does once it is wired; a
# click waits for that.
WIRED = """<script>
    const held = {}, socket = new WebSocket('%s');
    const opened = new Promise((go) => { socket.onopen = go });
    opened.then(() => document.addEventListener('input', (event) => {
        held[event.target.id] = event.target.value;
    }));
    const send = async () => { await opened; socket.send(JSON.stringify(held)) };
</script>"""


def test_a_login_form_is_filled_in_once_its_page_has_stopped_asking_for_things(
    portal_with: OpenPortal, pages: Pages, line: Line
) -> None:
    pages.html["/login"] = f"""<input id=name><input id=secret type=password>
        <button id=enter onclick="send()">Log in</button><p class=wrong></p>{WIRED % line.url}
        <script>socket.onmessage = ({{data}}) => {{
            const told = data === 'right' ? '<b id=user>a</b>' : '<p class=wrong>Wrong</p>';
            document.querySelector('p').outerHTML = told }}</script>"""
    portal = portal_with()

    portal.log_in()

    assert portal.has_logged_in
    assert line.heard == [{"name": "a", "secret": "b"}]


def test_steps_are_taken_once_the_socket_of_their_page_has_opened(
    portal_with: OpenPortal, pages: Pages, line: Line
) -> None:
    pages.batch(
        "A",
        f"""<i id=status>Open</i><textarea id=remark></textarea>
        <button id=approve onclick="send()">Approve</button>{WIRED % line.url}""",
    )
    steps: list[dict[str, Any]] = [{"fill": "#remark"}, {"click": "#approve", "effect": True}]

    fired(portal_by(portal_with, steps))

    assert line.wait_for_word() == {"remark": "Fine [m]"}


def test_a_page_that_lacks_something_once_its_socket_has_closed_is_no_fault_of_the_profile(
    portal_with: OpenPortal, pages: Pages, line: Line
) -> None:
    # Given a page that opens a dialog when its portal says so
    pages.batch(
        "A",
        f"""<i id=status>Open</i><button id=ask onclick="send()">Decide</button>{WIRED % line.url}
        <script>socket.onmessage = () => document.body.insertAdjacentHTML('beforeend',
            '<button id=approve>Approve</button>')</script>""",
    )
    page = portal_by(portal_with, [{"click": "#ask"}, EFFECT]).open_batch("A")

    # When the portal goes away after the look
    line.cut()

    with (
        pytest.raises(
            PortalTimeout, match=r"#approve.* asked the portal for failed: its socket was closed"
        ),
        page.aim("Fine", "[m]", HASTE),
    ):
        pass


def test_a_list_is_turned_once_the_socket_of_its_page_has_opened(
    portal_with: OpenPortal, pages: Pages, line: Line
) -> None:
    pages.html["/list"] = f"""<b id=user>officer</b><table><tr><td>A</table>
        <button id=next>More</button>{WIRED % line.url}<script>
        opened.then(() => document.getElementById('next').addEventListener('click', (event) => {{
            event.target.disabled = true;
            document.querySelector('table').insertAdjacentHTML('beforeend', '<tr><td>B');
        }}))</script>"""

    assert portal_with().pending(10) == ["A", "B"]
