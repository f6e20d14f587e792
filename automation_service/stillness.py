"""When a page has stopped exchanging things with its portal, and is wired for what is done to it.

Many pages show before their scripts have come, or before the socket has opened over which they
tell their server what is typed and clicked. Until then that is lost, or comes in another order.
"""

from __future__ import annotations

import threading
import time
from typing import Any

_SOCKET = "Network.webSocket"
_ENDED = ("Network.loadingFinished", "Network.loadingFailed")
_OPENED = ("webSocketHandshakeResponseReceived", "webSocketFrameError", "webSocketClosed")


class Stillness:
    """What is under way between a browser's pages and their portal."""

    def __init__(self) -> None:
        """Nothing is."""
        self._news = threading.Condition()
        self._coming: set[str] = set()
        self._opening: set[str] = set()
        self._last = self._last_by_socket = 0.0

    def begin(self) -> None:
        """Another page is loaded now."""
        with self._news:
            self._coming.clear()
            self._opening.clear()
            self._last_by_socket = 0.0

    def hear(self, event: str, about: dict[str, Any]) -> None:
        """Take note of what the browser tells of its network."""
        if not event.startswith("Network."):
            return
        with self._news:
            self._last = time.monotonic()
            if event.startswith(_SOCKET):
                self._last_by_socket = self._last
                self._follow(
                    self._opening, event.endswith("Created"), event.endswith(_OPENED), about
                )
            else:
                # What else is asked for may be a question that waits for news, and stays open.
                is_script = event == "Network.requestWillBeSent" and about.get("type") == "Script"
                self._follow(self._coming, is_script, event in _ENDED, about)
            self._news.notify_all()

    def wait(self, seconds: float, at_most: float, *, by_sockets: bool = False) -> None:
        """Return once no script is on its way, no socket about to open, and all was still so long.

        With `by_sockets` only sockets count: a page that has none is still. Returns after `at_most`
        seconds in any case, as there are pages that never are.
        """
        until = time.monotonic() + at_most
        with self._news:
            while (now := time.monotonic()) < until:
                under_way = self._opening or (self._coming and not by_sockets)
                still_at = (self._last_by_socket if by_sockets else self._last) + seconds
                if not under_way and now >= still_at:
                    return
                self._news.wait((until if under_way else min(still_at, until)) - now)

    def _follow(self, known: set[str], begins: bool, ends: bool, about: dict[str, Any]) -> None:
        if begins:
            known.add(about["requestId"])
        elif ends:
            known.discard(about["requestId"])
