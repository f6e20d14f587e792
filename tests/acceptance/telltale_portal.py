"""A portal that repeats the password wherever it can: in fields, in sentences, in refusals."""

from __future__ import annotations

import html
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

_FORM = """<form class="login" method="post" action="/login"><input id="username" name="username">
<input id="password" name="password" type="password"><button type="submit">Sign in</button>
{said}</form>"""
_INSIDE = '<div class="user-box"><b class="user-name">officer</b></div><p class="dashboard">in</p>'
_REPEATED = """<p>{it} is wrong, and so is this:</p><input value="{it}" size="60">
<script>console.log("{it}"); document.title = "{it}";</script>"""


class TelltalePortal:
    """Lets the first login in, fails during the second one, and refuses every further one.

    Whoever is in and asks for anything is asked to log in again.
    """

    def __init__(self, cookie: str) -> None:
        """`cookie` is the value of the session's cookie."""
        self._cookie = cookie
        self.logins: list[str] = []

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Serve, on a free port; the URL."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join(timeout=10)

    def answer(self, password: str) -> tuple[int, str]:
        """What a login is answered with."""
        self.logins.append(password)
        repeated = _REPEATED.format(it=html.escape(password))
        if len(self.logins) == 1:
            return 200, _INSIDE
        if len(self.logins) == 2:
            return 500, repeated
        refusal = f'<p class="login-error">No such password: {html.escape(password)}</p>'
        return 401, _FORM.format(said=refusal + repeated)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        portal = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/login":
                    self._send(200, _FORM.format(said=""))
                else:
                    self.send_response(303)
                    self.send_header("Location", "/login")
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._send(*portal.answer(parse_qs(body)["password"][0]))

            def _send(self, status: int, body: str) -> None:
                content = f"<!doctype html><meta charset='utf-8'>{body}".encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Set-Cookie", f"SESSION={portal._cookie}; HttpOnly; Path=/")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
