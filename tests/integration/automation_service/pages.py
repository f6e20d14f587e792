"""A web server with pages such as real portals have, and the profile that fits them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zlib import crc32

PATIENCE = 1.0
KINDS = {"js": "text/javascript", "css": "text/css", "json": "application/json"}

PROFILE: dict[str, Any] = {
    "name": "pages",
    "title": "Pages of a test",
    "timings": {"click_budget": 5, "settle": 0.1, "step": PATIENCE},
    "session": {"logged_in": "#user", "lost": "#login"},
    "login": {
        "path": "/login",
        "username": "#name",
        "password": "#secret",
        "submit": "#enter",
        "success": "#user",
        "refused": ".wrong",
    },
    "batch": {
        "path": "/batches/{key}",
        "printed_key": "#key",
        "missing": "#none",
        "status": "#status",
        "words": {"Open": "pending", "Done": "approved"},
    },
    "actions": {
        "approve": {
            "allowed": ["pending"],
            "becomes": "approved",
            "recorded": "Approved",
            "steps": [{"click": "#approve", "effect": True}],
            "outcomes": {"success": ".good", "refused": ".bad"},
        },
    },
    "pending": {
        "path": "/list",
        "ready": "table",
        "empty": "#empty",
        "row": "table tr",
        "key": "td",
        "next": "#next",
    },
}

APPROVE = """<button id=approve onclick="fetch('/effect', {method: 'POST'})">Approve</button>"""


class Pages:
    """A web server with exactly these pages."""

    def __init__(self) -> None:
        self.html: dict[str, str] = {}
        self.status: dict[str, int] = {}
        self.headers: dict[str, str] = {}
        self.keep: dict[str, str] = {}
        """How long browsers may keep what is at a path, as Cache-Control says it."""
        self.gets: list[str] = []
        self.tunnels: list[str] = []
        """Hosts and ports to which a line was asked for, as of a proxy."""
        self.posts: list[str] = []
        self.cut: set[str] = set()
        """What is taken when it is posted, and never answered: the connection ends."""
        self.asks_as_proxy = False
        """True if it is the proxy on the way that asks."""
        self.challenge: Callable[[str, str], str] = lambda _method, _answer: ""
        """What is asked, by HTTP, of who answers so to it; "" if that is enough."""
        self.after_post: dict[str, Callable[[], None]] = {}
        self._stalled: dict[str, threading.Event] = {}
        self._asked_again: set[str] = set()
        handler = type("Handler", (_Handler,), {"pages": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def batch(self, key: str, content: str, *, path: str = "") -> None:
        """A page that knows us and prints this id."""
        known = f"<b id=user>officer</b><b id=key>{key}</b>"
        self.html[path or f"/batches/{key}"] = known + content

    def stall_first(self, path: str) -> None:
        """Answer the first request for this page only when a second one comes."""
        self._stalled[path] = threading.Event()

    def wait_for_turn(self, path: str) -> None:
        """Wait if this request is one to stall."""
        stalled = self._stalled.get(path)
        if stalled is None:
            return
        if path in self._asked_again:
            stalled.set()
        self._asked_again.add(path)
        stalled.wait(20)

    def wait_for_posts(self, count: int) -> list[str]:
        """What was posted, once there are so many."""
        deadline = time.monotonic() + 10
        while len(self.posts) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return list(self.posts)

    def wait_for_post(self, path: str) -> int:
        """How often this was posted, once it was."""
        deadline = time.monotonic() + 10
        while path not in self.posts and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.posts.count(path)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    pages: Pages
    protocol_version = "HTTP/1.1"

    def parse_request(self) -> bool:
        if not super().parse_request():
            return False
        asked = self.pages.challenge(self.command, self.headers.get("Authorization", ""))
        if asked:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            proxy = self.pages.asks_as_proxy
            self.send_response(407 if proxy else 401)
            self.send_header("Proxy-Authenticate" if proxy else "WWW-Authenticate", asked)
            self.send_header("Content-Length", "0")
            self.end_headers()
        return not asked

    def do_GET(self) -> None:
        self.pages.gets.append(self.path)
        self.pages.wait_for_turn(self.path)
        self._answer(self.pages.html.get(self.path, ""), self.pages.status.get(self.path, 200))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.pages.after_post.get(self.path, lambda: None)()
        self.pages.posts.append(self.path)
        if self.path in self.pages.cut:
            self.close_connection = True
            return
        self._answer(self.pages.html.get(self.path, ""), 200)

    def do_OPTIONS(self) -> None:
        self.send_response(204)
        for what in ("Origin", "Methods", "Headers"):
            self.send_header(f"Access-Control-Allow-{what}", "*")
        self.end_headers()

    def do_CONNECT(self) -> None:
        self.pages.tunnels.append(self.path)
        self.send_error(502)

    def _answer(self, html: str, status: int) -> None:
        kind = KINDS.get(self.path.partition("?")[0].rpartition(".")[2], "text/html")
        body = (f"<!doctype html>{html}" if kind == "text/html" else html).encode()
        etag = f'"{crc32(body)}"'
        if self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if self.path in self.pages.keep:
            self.send_header("Cache-Control", self.pages.keep[self.path])
            self.send_header("ETag", etag)
        for name, value in self.pages.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""
