"""The line between worker and browser: the command to click is late on it, doubled or unanswered.

The worker speaks to its browser over one WebSocket a tab (automation_service/devtools.py). In a
system with a line, `install_in_worker` sends these by way of the suite, which passes every message
on and knows just enough of them to tell which batch is shown and when the mouse goes down.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import unquote

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_to_browser
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, WebSocketException

from automation_service import devtools
from tests.faults.relay import until_one_side_leaves

LINE_VARIABLE = "FAULTS_DRIVER_LINE"
"""Environment variable with the host and port of the line; without it workers use none."""
_BATCH = re.compile(r"/batches/([^/?#]+)$")
_CONNECT = "connect"
_AGAIN = 1_000_000
"""Added to a command's number when it is sent once more; nobody waits for its answer."""


@dataclass
class LineRule:
    """What the line does to the command to click, on the page of one batch.

    The mouse goes down `delay` seconds late. `again`: the whole click is sent once more.
    `answers`: the worker hears that the mouse was released. `cuts`: it breaks after that.
    """

    batch_id: str
    delay: float = 0.0
    again: bool = False
    answers: bool = True
    cuts: bool = False
    times: int = 1
    fired: int = field(default=0, init=False)

    def takes(self, batch_id: str) -> bool:
        """Count the click if it is this rule's, and tell whether it is."""
        if self.fired >= self.times or batch_id != self.batch_id:
            return False
        self.fired += 1
        return True


class DriverLine:
    """Listens on a port of its own for workers that want to speak to their browsers.

    `rules` may be changed at any moment.
    """

    def __init__(self) -> None:
        """Nothing listens yet."""
        self.rules: list[LineRule] = []
        self.address = ""
        """Host and port, once it listens."""
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._listens = threading.Event()
        self._thread = threading.Thread(target=self._run, name="line", daemon=True)

    def __enter__(self) -> DriverLine:
        """Take connections."""
        self._thread.start()
        self._listens.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Break every connection and take no more."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def rule_for(self, batch_id: str) -> LineRule:
        """Count a click, and what is to be done to it."""
        found = (rule for rule in list(self.rules) if rule.takes(batch_id))
        return next(found, LineRule(batch_id))

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        options: dict[str, Any] = {"compression": None, "max_size": None, "ping_interval": None}
        async with serve(self._join, "127.0.0.1", 0, **options) as server:
            host, port = next(iter(server.sockets)).getsockname()[:2]
            self.address = f"{host}:{port}"
            self._listens.set()
            await self._stop.wait()

    async def _join(self, worker: ServerConnection) -> None:
        assert worker.request is not None
        address = worker.request.path.lstrip("/")
        with suppress(OSError, WebSocketException):
            async with connect_to_browser(
                f"ws://{address}",
                compression=None,
                proxy=None,
                max_size=None,
                ping_interval=None,
            ) as browser:
                await _Connection(self, worker, browser).run()


class _Connection:
    """One worker's connection to one tab."""

    def __init__(
        self, line: DriverLine, worker: ServerConnection, browser: ClientConnection
    ) -> None:
        self._line = line
        self._worker = worker
        self._browser = browser
        self._batch = ""
        self._rule = LineRule("")
        self._clicked: list[dict[str, Any]] = []
        self._unheard: set[int] = set()

    async def run(self) -> None:
        """Pass on until one side has left."""
        await until_one_side_leaves(self._ask(), self._answer())

    async def _ask(self) -> None:
        with suppress(ConnectionClosed):
            async for message in self._worker:
                command = json.loads(message)
                self._note_page(command)
                if command["method"] != "Input.dispatchMouseEvent":
                    await self._browser.send(message)
                elif not await self._pass_mouse(command):
                    return

    def _note_page(self, command: dict[str, Any]) -> None:
        if command["method"] == "Page.navigate":
            shown = _BATCH.search(command["params"]["url"])
            self._batch = unquote(shown[1]) if shown else ""

    async def _pass_mouse(self, command: dict[str, Any]) -> bool:
        """Do what the rules say; False breaks the line."""
        kind = command["params"]["type"]
        if kind == "mousePressed":
            self._clicked = []
            self._rule = self._line.rule_for(self._batch)
            await asyncio.sleep(self._rule.delay)
        elif kind == "mouseReleased" and not self._rule.answers:
            self._unheard.add(command["id"])
        self._clicked.append(command)
        await self._browser.send(json.dumps(command))
        if kind == "mouseReleased" and self._rule.again:
            await self._click_again()
        return not (kind == "mouseReleased" and self._rule.cuts)

    async def _click_again(self) -> None:
        for command in self._clicked:
            number = command["id"] + _AGAIN
            self._unheard.add(number)
            await self._browser.send(json.dumps({**command, "id": number}))

    async def _answer(self) -> None:
        with suppress(ConnectionClosed):
            async for message in self._browser:
                if json.loads(message).get("id") not in self._unheard:
                    await self._worker.send(message)


def install_in_worker() -> None:
    """Reach every tab by way of the suite, where the suite wants it."""
    line = os.environ.get(LINE_VARIABLE)
    if not line:
        return
    original = getattr(devtools, _CONNECT)

    def by_way_of_the_line(url: str, **options: Any) -> Any:
        return original(url.replace("ws://", f"ws://{line}/", 1), **options)

    setattr(devtools, _CONNECT, by_way_of_the_line)
