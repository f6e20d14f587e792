"""The wire between browser and portal, which breaks where a test wants it to.

It passes bytes on both ways and knows just enough HTTP/1.1 to tell requests apart on a connection
that is kept alive and to find `POST .../approve` among them.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from urllib.parse import unquote, urlsplit

from tests.faults.relay import until_one_side_leaves

_APPROVE = re.compile(rb"POST \S*/([^/\s]+)/approve[ ?]")
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_GATEWAY_TIMED_OUT = (
    b"HTTP/1.1 504 Gateway Time-out\r\nContent-Type: text/html\r\nConnection: close\r\n"
    b"Content-Length: 26\r\n\r\n<h1>Gateway Time-out</h1>\n"
)
_LONGEST_HEAD = 2**20
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Answer(Enum):
    """What the browser gets for its request to approve."""

    PORTALS = "the portal's answer"
    CLOSED = "a closed connection"
    RESET = "a reset connection"
    TIMED_OUT = "408, then a closed connection"
    NONE = "nothing, on a connection that stays open"
    GATEWAY = "504 at once"


@dataclass
class Rule:
    """What the wire does to requests to approve; the first unspent one for the batch counts.

    The request is passed on after `delay` seconds, also if the browser has left by then, which the
    portal learns only after its answer; or not at all (`passes_on`). The browser gets `answer`
    once the portal has answered, so after it has stored what it stores; at once where nothing is
    passed on, or where a gateway answers that has not passed it on yet. Without `batch_id` every
    batch is meant, without `times` every request.
    """

    answer: Answer = Answer.PORTALS
    delay: float = 0.0
    passes_on: bool = True
    batch_id: str | None = None
    times: int | None = None
    fired: int = field(default=0, init=False)

    def takes(self, batch_id: str) -> bool:
        """Count the request if it is this rule's, and tell whether it is."""
        is_spent = self.times is not None and self.fired >= self.times
        if is_spent or self.batch_id not in (None, batch_id):
            return False
        self.fired += 1
        return True


class WireProxy:
    """Listens on a port of its own and stands for the portal there, in a thread of its own.

    `rules` may be changed at any moment. `seen` and `passed` count the requests to approve that
    came in and that were passed on, by batch.
    """

    def __init__(self, portal_url: str) -> None:
        """`portal_url` is where requests are passed on to; nothing listens yet."""
        self.rules: list[Rule] = []
        self.seen: Counter[str] = Counter()
        self.passed: Counter[str] = Counter()
        parts = urlsplit(portal_url)
        assert parts.hostname
        self._portal = (parts.hostname, parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)

    def __enter__(self) -> WireProxy:
        """Take connections."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Break every connection, delayed requests and all, and take no more."""
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def rule_for(self, batch_id: str) -> Rule:
        """Count a request to approve, and what is to be done to it."""
        self.seen[batch_id] += 1
        return next((rule for rule in list(self.rules) if rule.takes(batch_id)), Rule())

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._join, sock=self._listener, limit=_LONGEST_HEAD)
        await self._stop.wait()
        server.close()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        browser = _End(reader, writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                portal = _End(*await asyncio.open_connection(*self._portal))
                try:
                    await _Connection(self, browser, portal).run()
                finally:
                    portal.close()
        finally:
            browser.close()


class _End:
    """One end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer
        # Else small answers wait 40 ms for the other side.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def _socket(self) -> socket.socket:
        found: socket.socket = self._writer.get_extra_info("socket")
        return found

    async def send(self, content: bytes) -> None:
        self._writer.write(content)
        await self._writer.drain()

    def close(self) -> None:
        self._writer.close()

    def reset(self) -> None:
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._writer.transport.abort()


class _Connection:
    """One connection of the browser and the one to the portal that belongs to it."""

    def __init__(self, wire: WireProxy, browser: _End, portal: _End) -> None:
        self._wire = wire
        self._browser = browser
        self._portal = portal
        self._answer = Answer.PORTALS
        self._portal_has_answered = asyncio.Event()
        self._portal_has_answered.set()

    async def run(self) -> None:
        """Pass on until one side has left."""
        await until_one_side_leaves(self._ask(), self._reply())

    async def _ask(self) -> None:
        with suppress(asyncio.IncompleteReadError):
            await self._ask_until_the_browser_leaves()
        await self._portal_has_answered.wait()

    async def _ask_until_the_browser_leaves(self) -> None:
        while True:
            head = await self._browser.reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await self._browser.reader.readexactly(int(length[1]) if length else 0)
            approves = _APPROVE.match(head)
            if approves is None:
                await self._portal.send(head + body)
            elif not await self._ask_to_approve(unquote(approves[1].decode()), head + body):
                return

    async def _ask_to_approve(self, batch_id: str, request: bytes) -> bool:
        """Do what the rules say; False ends the connection."""
        rule = self._wire.rule_for(batch_id)
        if rule.answer is Answer.GATEWAY:
            await self._browser.send(_GATEWAY_TIMED_OUT)
        await asyncio.sleep(rule.delay)
        self._answer = rule.answer
        if rule.passes_on:
            self._portal_has_answered.clear()
            self._wire.passed[batch_id] += 1
            await self._portal.send(request)
            return True
        return await self._give_answer()

    async def _reply(self) -> None:
        while content := await self._portal.reader.read(65536):
            self._portal_has_answered.set()
            if self._answer is Answer.PORTALS:
                await self._browser.send(content)
            elif not await self._give_answer():
                return
        if self._answer is not Answer.PORTALS:
            await self._give_answer()

    async def _give_answer(self) -> bool:
        """Give the browser what it gets instead of the portal's answer; False ends it all."""
        if self._answer is Answer.TIMED_OUT:
            await self._browser.send(_TIMED_OUT)
        elif self._answer is Answer.RESET:
            self._browser.reset()
        elif self._answer is Answer.NONE:
            await asyncio.Event().wait()
        return False
