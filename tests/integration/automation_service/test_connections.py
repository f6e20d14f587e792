"""Chromium sends a request again when a used connection dies unanswered; ours must not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from automation_service.browser import Browser, BrowserOptions, reap
from shared.errors import BrowserDied, PortalUnavailable
from tests.integration.automation_service.conftest import Desk, OpenPortal
from tests.integration.automation_service.pages import Pages
from tests.integration.automation_service.test_step_kinds import BUDGET, fired, portal_by
from tests.integration.automation_service.worker_double import InMemoryClaim

POST = "fetch('/effect', {method: 'POST'}).catch(() => fetch('/failed', {method: 'POST'}))"
LATER = f"setTimeout(() => {POST}, 200)"
# Asks for something all the time, so that there is always a connection that served before.
POLLING = "setInterval(() => fetch('/token'), 20)"
OLDER = """const asked = new XMLHttpRequest(); asked.open('POST', '/effect', %s);
    try { asked.send() } catch { fetch('/failed', {method: 'POST'}) }
    asked.onerror = () => fetch('/failed', {method: 'POST'})"""
# Another origin is asked first whether it takes such a request: by Chromium itself.
OTHER = "'http://localhost:' + location.port + '/effect'"
HEADED = "asked.setRequestHeader('X-Token', '1'); asked.send()"
ELSEWHERE = POST.replace("'/effect', {", f"{OTHER}, {{headers: {{'X-Token': '1'}}, ")

SENDING = {
    "some moments after the click": LATER,
    "once a token has come": f"fetch('/token').then(it => it.text()).then(() => {POST})",
    "by an older script": f"setTimeout(() => {{ {OLDER % 'true'} }}, 200)",
    "by a script that does nothing meanwhile": f"setTimeout(() => {{ {OLDER % 'false'} }}, 200)",
    "to another origin": f"setTimeout(() => {ELSEWHERE}, 200)",
    "to another origin at once": ELSEWHERE,
    "to another origin, by an older script": f"""setTimeout(() => {{
        {(OLDER % "true").replace("'/effect'", OTHER).replace("asked.send()", HEADED)} }}, 200)""",
    "though the page goes": LATER.replace("{method", "{keepalive: true, method"),
    "by a worker": "this.worker = new Worker('/worker.js')",
    "by a shared worker": "this.worker = new SharedWorker('/worker.js')",
    "by a new window": "window.open('/more')",
    "by a frame": "document.body.insertAdjacentHTML('beforeend', '<iframe src=/more>')",
}


def test_ten_lost_answers_are_ten_requests_and_ten_approvals(desk: Desk) -> None:
    # Given connections that served pages before, and answers that never come
    claims = []
    for _ in range(10):
        claim = InMemoryClaim(desk.a_batch())
        desk.set_faults({"kind": "response_lost", "batch_id": claim.key})
        desk.approve(claim)
        claims.append(claim)

    batches = [desk.batch(claim.key) for claim in claims]
    assert [(batch["posts"], len(batch["approvals"])) for batch in batches] == [(1, 1)] * 10


def test_a_browser_whose_connections_cannot_be_dropped_is_not_used_again(
    make_options: Callable[..., BrowserOptions], tmp_path: Path
) -> None:
    browser = Browser(make_options(tmp_path), lambda process: None)
    try:
        reap(browser.process)

        with pytest.raises(BrowserDied), browser.requests_held():
            pass
        assert not browser.alive()
    finally:
        browser.quit()


def test_no_portal_is_spoken_to_in_a_way_that_shares_connections(browser: Browser) -> None:
    # Given a portal that listens to how it is addressed, and says nothing
    hellos = []
    with socket.create_server(("127.0.0.1", 0)) as portal:

        def listen() -> None:
            line, _ = portal.accept()
            portal.close()
            with line:
                hellos.append(line.recv(65536))

        listening = threading.Thread(target=listen)
        listening.start()
        with pytest.raises(PortalUnavailable):
            browser.navigate(f"https://127.0.0.1:{portal.getsockname()[1]}/")
        listening.join(10)

    # Then HTTP/1.1 is offered in the TLS handshake's ALPN, and HTTP/2 is not
    assert b"\x08http/1.1" in hellos[0]
    assert b"\x02h2\x08http/1.1" not in hellos[0]


@pytest.mark.parametrize("polling", ["", POLLING], ids=["alone", "polling"])
@pytest.mark.parametrize("how", SENDING)
def test_what_is_sent_later_and_never_answered_is_sent_once(
    portal_with: OpenPortal, pages: Pages, how: str, polling: str
) -> None:
    # Given a portal that takes what is sent and ends the connection
    pages.cut.add("/effect")
    pages.html |= {
        "/more": f"<script>{POLLING}; {LATER}</script>",
        "/worker.js": f"{POLLING}; {LATER}",
        "/token": "token",
    }
    button = f"""<button id=f onclick="{SENDING[how]}">Approve</button>"""
    pages.batch("A", f"<i id=status>Open</i>{button}<script>{polling}</script>")

    fired(portal_by(portal_with, [{"click": "#f", "effect": True}]))

    # Then the script is told that it failed, and Chromium has not tried again by itself
    assert pages.wait_for_post("/failed") == 1
    assert pages.posts.count("/effect") == 1


def test_a_form_that_is_sent_later_is_sent_once(portal_with: OpenPortal, pages: Pages) -> None:
    pages.cut.add("/effect")
    form = "<form action=/effect method=post></form>"
    send = "setTimeout(() => document.forms[0].submit(), 200)"
    button = f"""<button id=f onclick="{send}">Approve</button>"""
    pages.batch("A", f"<i id=status>Open</i>{button}{form}<script>{POLLING}</script>")

    page = fired(portal_by(portal_with, [{"click": "#f", "effect": True}]))

    assert page.hear(BUDGET).signal == "no_answer"
    assert pages.posts == ["/effect"]
