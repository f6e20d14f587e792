"""The wire under the portal: a connection that can be hung up without an answer."""

import asyncio
from typing import Any

from fastapi import Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HANG_UP = "hang_up"


class HangUpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP, which also hands each request the way to close its own connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the way to close this connection where its requests find it."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, _HANG_UP: transport.close}


class NoAnswer(Response):
    """Closes the connection instead of answering."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hang up, and return only when the server knows, lest it answer for us."""
        scope["state"][_HANG_UP]()
        while (await receive())["type"] != "http.disconnect":
            continue


class HalfAnswer(Response):
    """Sends the head and half of the body, then hangs up; or nothing any more, if it `stalls`."""

    def __init__(self, whole: Response, stalls: bool) -> None:
        """`whole` is what would have been sent."""
        super().__init__()
        self._whole = whole
        self._stalls = stalls

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send half, and return only when the visitor has left."""
        body = bytes(self._whole.body)
        head = {"status": self._whole.status_code, "headers": self._whole.raw_headers}
        await send({"type": "http.response.start", **head})
        half = {"body": body[: len(body) // 2], "more_body": True}
        await send({"type": "http.response.body", **half})
        if not self._stalls:
            scope["state"][_HANG_UP]()
        while (await receive())["type"] != "http.disconnect":
            continue


class NeverAnswered(Response):
    """Keeps the connection open and never answers."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Return only when the visitor has left."""
        while (await receive())["type"] != "http.disconnect":
            continue
