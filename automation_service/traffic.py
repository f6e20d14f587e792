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
        self._scripts.clear()
        self.troubles.begin()
        self._stillness.begin()

    def await_stillness(self, shown: str, patience: float, *, by_sockets: bool) -> None:
        """Wait a little while something is under way that a page may need to hear what is done.

        `by_sockets`: only if that is a socket. Raises NoAnswer or TabGone.
        """
        self._windows.catch_up(shown, patience)
        self._stillness.wait(STILL_SECONDS, RESTLESS_SECONDS, by_sockets=by_sockets)

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
        self._windows.await_answers(shown, patience)

    def keep_connections(self) -> None:
        """Use connections again. Raises TabGone."""
        self._order_headers({})

    def _order_headers(self, headers: dict[str, str]) -> None:
        self._windows.order("Network.setExtraHTTPHeaders", headers=headers)

    # -- on the thread of the windows -----------------------------------------------------------

    def _hear(self, event: str, about: dict[str, Any]) -> None:
        self._stillness.hear(event, about)
        self.troubles.hear(event, about)
        if event == "Network.requestServedFromCache":
            self._served.append(about["requestId"])
        elif event == "Network.responseReceived":
            answer, kind = about["response"], about["type"]
            if not (_was_kept(answer) or about["requestId"] in self._served):
                return
            if kind in _DATA:
                self._kept = answer["url"]
            elif kind in _MAY_BE_DATA:
                self._scripts.append(answer["url"])


def _names(url: str, values: dict[str, str]) -> bool:
    parts = {unquote_plus(part) for part in re.split(r"[/?&=;,#]", url)}
    parts |= {part.rpartition(".")[0] for part in parts}
    return any(value and value in parts for value in values.values())


def _was_kept(answer: dict[str, Any]) -> bool:
    # One that the portal confirmed ("304") was asked for, and is told as such.
    return bool(answer.get("fromDiskCache") or answer.get("fromPrefetchCache"))
