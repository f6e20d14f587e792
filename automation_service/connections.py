"""Lets a browser forget its connections, so that it cannot send a request twice.

Chromium sends a request again, a POST too, when a connection that was used before dies without
an answer: one click, two approvals. On a connection of its own a request is never sent again.
"""

from __future__ import annotations

import time

from automation_service.devtools import DevToolsError, Tab

PAGE = "chrome://net-internals/#sockets"
"""Chromium offers to drop its connections on this page of its own, and nowhere else."""

_PATIENCE = 10.0
_FLUSH = "chrome.send('flushSocketPools'); true"
_READY = "document.readyState === 'complete' && typeof chrome.send === 'function'"


class Connections:
    """A browser's connections to all servers."""

    def __init__(self, tab: Tab) -> None:
        """`tab` is a tab at PAGE. Raises DevToolsError if this browser has no such page."""
        self._tab = tab
        deadline = time.monotonic() + _PATIENCE
        while self._tab.evaluate(_READY, _PATIENCE) is not True:
            if time.monotonic() > deadline:
                raise DevToolsError(f"there is no page {PAGE}")
            time.sleep(0.01)

    def drop(self) -> None:
        """Close idle connections and let no connection in use serve another request.

        Raises DevToolsError if the browser does not do it.
        """
        self._tab.evaluate(_FLUSH, _PATIENCE)

    def close(self) -> None:
        """Let go of the tab. Never raises."""
        self._tab.close()
