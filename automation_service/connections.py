"""Lets a browser forget its connections, so that it cannot send a request twice.

Chromium sends a request again, a POST too, when a connection that was used before dies without
an answer: one click, two approvals. On a connection of its own a request is never sent again.
"""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from typing import Any

from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from shared.errors import BrowserDied

_PATIENCE = 10.0
_PAGE = "chrome://net-internals/#sockets"
_FLUSH = "chrome.send('flushSocketPools'); true"
_READY = "document.readyState === 'complete' && typeof chrome.send === 'function'"


class Connections:
    """A browser's connections to all servers.

    Chromium offers to close them only on a page of its own, which stays open in a second tab. It
    is asked directly: by way of the driver that takes 80 ms, here 2.
    """

    def __init__(self, driver: Chrome) -> None:
        """Open that page. Raises BrowserDied if this browser has no such page."""
        self._stack = ExitStack()
        self._calls = 0
        try:
            self._channel = self._open(driver)
            self._wait_until_ready()
        except (WebDriverException, WebSocketException, OSError, KeyError) as error:
            self.close()
            raise BrowserDied(f"The browser cannot drop its connections: {error}") from error
        except BaseException:
            self.close()
            raise

    def drop(self) -> None:
        """Close idle connections and let no connection in use serve another request.

        Raises BrowserDied if the browser does not answer.
        """
        if self._ask(_FLUSH) is not True:
            raise BrowserDied("The browser did not drop its connections.")

    def close(self) -> None:
        """Let go of the page. Never raises."""
        self._stack.close()

    def _open(self, driver: Chrome) -> ClientConnection:
        address = driver.capabilities["goog:chromeOptions"]["debuggerAddress"]
        target = driver.execute_cdp_cmd("Target.createTarget", {"url": _PAGE, "background": True})
        url = f"ws://{address}/devtools/page/{target['targetId']}"
        return self._stack.enter_context(
            connect(url, compression=None, proxy=None, open_timeout=_PATIENCE, close_timeout=0.1)
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while self._ask(_READY) is not True:
            if time.monotonic() > deadline:
                raise BrowserDied(f"The browser has no page {_PAGE} to drop connections with.")
            time.sleep(0.01)

    def _ask(self, expression: str) -> Any:
        self._calls += 1
        call = {
            "id": self._calls,
            "method": "Runtime.evaluate",
            "params": {"expression": expression, "returnByValue": True},
        }
        try:
            self._channel.send(json.dumps(call))
            while True:
                answer = json.loads(self._channel.recv(timeout=_PATIENCE))
                if answer.get("id") == self._calls:
                    return answer.get("result", {}).get("result", {}).get("value")
        except (WebSocketException, OSError, TimeoutError) as error:
            raise BrowserDied("The browser does not answer.") from error
