"""Serves the dashboard from an origin of its own, as any web host would."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any

FOLDER = Path(__file__).resolve().parent


class PageServer:
    """A web server on a free port that has only the page. Use it as a context manager."""

    def __init__(self, policy: str | None = None) -> None:
        """`policy` is the Content-Security-Policy to send with every file, if any."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, policy))
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.origin = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> PageServer:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, policy: str | None, *arguments: Any) -> None:
        self._policy = policy
        super().__init__(*arguments, directory=str(FOLDER))

    def guess_type(self, path: Any) -> str:
        # Whatever the machine's own table says: a browser runs no module of another type.
        return "text/javascript" if str(path).endswith(".js") else super().guess_type(path)

    def end_headers(self) -> None:
        if self._policy:
            self.send_header("Content-Security-Policy", self._policy)
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing: nobody reads it."""
