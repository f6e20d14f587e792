"""How a browser asks its portal: anew for all that a reading depends on, and never twice.

What a page shows is read as what the portal says. Chromium may answer a page, or a request of one
of its scripts, from what it kept of an earlier answer, and a service worker from what it kept
itself; that would tell what was. Style, pictures and scripts may be kept: to fetch these again for
every look takes a third of all approvals.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import structlog

from automation_service.stillness import Stillness
from automation_service.troubles import Troubles
from automation_service.windows import Windows

log = structlog.get_logger()

_DATA = ("Document", "XHR", "Fetch", "EventSource")
_MAY_BE_DATA = ("Script",)
"""Its address tells: it is data if that names what is looked at."""
_SCRIPTS_REMEMBERED = 500
_PROXY_ASKS = 407
_ASKED_BY_SCRIPTS = [{"resourceType": "XHR"}, {"resourceType": "Fetch"}]
STILL_SECONDS = 0.25
"""Longer than a portal far away takes to answer."""
RESTLESS_SECONDS = 2.0
"""How long a page that never is still is waited for."""


class Traffic:
    """The requests of all that runs in one browser: decisions/0005."""

    def __init__(self, windows: Windows, first: str, patience: float) -> None:
        """`first` is the first window's target. Raises NoAnswer or TabGone."""
        self._windows = windows
        self._scripts: deque[str] = deque(maxlen=_SCRIPTS_REMEMBERED)
        self._kept = ""
        self._served: deque[str] = deque(maxlen=_SCRIPTS_REMEMBERED)
        self._caches_refused = False
        self._is_asked_by_proxy = False
        self.troubles = Troubles()
        """What of the page's own requests failed since it was loaded."""
        self._stillness = Stillness()
        windows.listener = self._hear
        # Of what is answered nothing needs to be remembered for us.
        windows.order("Network.enable", maxTotalBufferSize=0, maxResourceBufferSize=0)
        windows.order("Network.setBypassServiceWorker", bypass=True)
        windows.await_answers(first, patience)

    def forget(self) -> None:
        """Another page is loaded now."""
        self._kept = ""
        self._is_asked_by_proxy = False
        self._scripts.clear()
        self.troubles.begin()
        self._stillness.begin()

    def await_stillness(
        self, shown: str, patience: float, at_most: float, *, by_sockets: bool
    ) -> None:
        """Wait a little while something is under way that a page may need to hear what is done.

        `by_sockets`: only if that is a socket. `at_most` is in seconds. Raises NoAnswer or TabGone.
        """
        self._windows.catch_up(shown, patience)
        self._stillness.wait(STILL_SECONDS, at_most, by_sockets=by_sockets)

    def was_kept(self, values: dict[str, str], shown: str, patience: float) -> bool:
        """True if something that was read since the last page was loaded may be old.

        `values` are what is looked at, by name, such as its id. Nothing is kept any more then: the
        same page, loaded again, tells what is. Raises NoAnswer or TabGone.
        """
        if self._caches_refused:
            return False
        self._windows.catch_up(shown, patience)
        kept = self._kept or next((url for url in list(self._scripts) if _names(url, values)), "")
        if not kept:
            return False
        log.info("caches_refused", path=urlsplit(kept).path)
        self._caches_refused = True
        self.refuse_caches(shown, patience)
        return True

    def is_asked_by_proxy(self, shown: str, patience: float) -> bool:
        """True if it is a proxy that asks who we are, and not the portal (RFC 9110, 15.5.8).

        Raises NoAnswer or TabGone.
        """
        self._windows.catch_up(shown, patience)
        return self._is_asked_by_proxy

    def refuse_caches(self, shown: str, patience: float) -> None:
        """Ask for everything anew from now on. Raises NoAnswer or TabGone."""
        self._order_caches(refused=True)
        self._windows.await_answers(shown, patience)

    def allow_caches(self) -> None:
        """Let what is kept be used again, if it ever may. Raises TabGone."""
        self._order_caches(refused=self._caches_refused)

    def _order_caches(self, *, refused: bool) -> None:
        self._windows.order("Network.setCacheDisabled", cacheDisabled=refused)

    def close_connections(self, shown: str, patience: float) -> None:
        """Ask for each connection to be closed after one answer, from now on.

        Raises NoAnswer if something that runs does not do so, TabGone.
        """
        self._order_headers({"Connection": "close"})
        # What a browser asks by itself before a request to another origin has no such header.
        self._windows.order("Fetch.enable", patterns=_ASKED_BY_SCRIPTS)
        self._windows.await_answers(shown, patience)

    def keep_connections(self) -> None:
        """Use connections again. Raises TabGone."""
        self._order_headers({})
        self._windows.recall("Fetch.enable", "Fetch.disable")

    def _order_headers(self, headers: dict[str, str]) -> None:
        self._windows.order("Network.setExtraHTTPHeaders", headers=headers)

    # -- on the thread of the windows -----------------------------------------------------------

    def _hear(self, event: str, about: dict[str, Any], session: str) -> None:
        if event == "Fetch.requestPaused":
            self._windows.tell(session, "Fetch.continueRequest", **_on_its_own(about))
            return
        self._stillness.hear(event, about)
        self.troubles.hear(event, about)
        if event == "Network.responseReceivedExtraInfo":
            self._is_asked_by_proxy |= about["statusCode"] == _PROXY_ASKS
        elif event == "Network.requestServedFromCache":
            self._served.append(about["requestId"])
        elif event == "Network.responseReceived":
            answer, kind = about["response"], about["type"]
            if not (_was_kept(answer) or about["requestId"] in self._served):
                return
            if kind in _DATA:
                self._kept = answer["url"]
            elif kind in _MAY_BE_DATA:
                self._scripts.append(answer["url"])


def _on_its_own(paused: dict[str, Any]) -> dict[str, Any]:
    request = paused["request"]
    if request["method"] != "OPTIONS":
        return {"requestId": paused["requestId"]}
    headers = {**request["headers"], "Connection": "close"}
    told = [{"name": name, "value": value} for name, value in headers.items()]
    return {"requestId": paused["requestId"], "headers": told}


def _names(url: str, values: dict[str, str]) -> bool:
    parts = {unquote_plus(part) for part in re.split(r"[/?&=;,#]", url)}
    parts |= {part.rpartition(".")[0] for part in parts}
    return any(value and value in parts for value in values.values())


def _was_kept(answer: dict[str, Any]) -> bool:
    # One that the portal confirmed ("304") was asked for, and is told as such. `Age` is of what
    # was kept on the way (RFC 9111, 5.1).
    age = next((it for name, it in answer["headers"].items() if name.lower() == "age"), "0")
    kept_here = answer.get("fromDiskCache") or answer.get("fromPrefetchCache")
    return bool(kept_here or age.strip() not in ("", "0"))
