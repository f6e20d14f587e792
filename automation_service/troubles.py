"""What of a page's own requests its portal failed: the page may lack something by that.

Some portals always fail some request that nothing depends on, such as one that only counts visits;
what fails on a page that was as it should be is no reason for another to lack something.
"""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

_FEEDING = ("Document", "XHR", "Fetch", "EventSource", "Script")
_SERVER_ERROR = 500
_NO_TROUBLE = ("net::ERR_ABORTED", "net::ERR_NAME_NOT_RESOLVED", "net::ERR_BLOCKED_BY_CLIENT")
"""What fails always: a page that takes it back, and hosts that no browser of ours finds."""


class Troubles:
    """The requests of the page that is shown that failed, heard of on a thread."""

    def __init__(self) -> None:
        """None has."""
        self._lock = threading.Lock()
        self._asked: dict[str, str] = {}
        self._sockets: dict[str, str] = {}
        self._closed: dict[str, str] = {}
        self._failed: dict[str, str] = {}
        self._usual: set[str] = set()

    @property
    def told(self) -> str:
        """What failed last, in the browser's words; empty if nothing did but what always does.

        A page that had sockets and has none any more was failed, too.
        """
        with self._lock:
            closed = {} if self._sockets else self._closed
            told = [words for place, words in self._last(closed) if place not in self._usual]
            return told[-1] if told else ""

    def begin(self) -> None:
        """Another page is loaded now."""
        with self._lock:
            for known in (self._asked, self._sockets, self._closed, self._failed):
                known.clear()

    def are_usual(self) -> None:
        """The page is as it should be, whatever failed so far."""
        with self._lock:
            self._usual.update(place for place, _ in self._last(self._closed))

    def hear(self, event: str, about: dict[str, Any]) -> None:
        """Take note of what the browser tells of its network."""
        with self._lock:
            if event == "Network.requestWillBeSent":
                self._asked[about["requestId"]] = _place(about["request"]["url"])
            elif event == "Network.webSocketCreated":
                place = self._asked[about["requestId"]] = _place(about["url"])
                self._sockets[about["requestId"]] = place
            elif event == "Network.webSocketClosed":
                place = self._sockets.pop(about["requestId"], "")
                if place:
                    self._closed[place] = "its socket was closed"
            elif words := _failure(event, about):
                # One that is not known was asked for by the page before.
                place = self._asked.get(about["requestId"], "")
                if place:
                    self._failed[place] = words

    def _last(self, closed: dict[str, str]) -> list[tuple[str, str]]:
        return [*closed.items(), *self._failed.items()]


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _failure(event: str, about: dict[str, Any]) -> str:
    if event == "Network.webSocketFrameError":
        return str(about["errorMessage"])
    if event == "Network.loadingFailed" and about["type"] in _FEEDING:
        why = str(about["errorText"])
        return "" if about.get("canceled") or why in _NO_TROUBLE else why
    if event == "Network.responseReceived" and about["type"] in _FEEDING:
        status = about["response"]["status"]
        return f"it answered {status}" if status >= _SERVER_ERROR else ""
    return ""
