"""A tab's own debugging channel: what the driver would pass on, without its detours.

Measured on one machine, by way of the driver and directly: a click 65 and 2 ms, a question 6 and
0.5, loading and reading a page 89 and 64.
"""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from automation_service.dialogs import Dialogs

# The library writes every frame to its debug log, passwords too.
QUIET = logging.getLogger("automation_service.devtools")
QUIET.setLevel(logging.INFO)

_OPEN_PATIENCE = 10.0
STUCK_SECONDS = 0.25
_COMMIT_LOOK = 0.002
_PAGES_REMEMBERED = 16


class DevToolsError(Exception):
    """The browser says it cannot do what was asked."""


class NoAnswer(DevToolsError):
    """The browser did not answer in time."""


class TabGone(DevToolsError):
    """The tab or the browser is not there any more."""


class Tab:
    """One tab of a running browser."""

    def __init__(self, address: str, target: str, dialogs: Dialogs | None = None) -> None:
        """`address` is where the browser listens for debuggers, `target` the tab's id.

        `dialogs` answers those that its pages open. Raises TabGone if it is not there.
        """
        self.target = target
        self.dialogs = dialogs or Dialogs()
        self.on_paused: Callable[[str], None] = lambda _: None
        """What is done about a request that has to wait, by its id."""
        self.on_stuck: Callable[[], None] | None = None
        """What is done each time that the tab does not answer for STUCK_SECONDS."""
        self._stack = ExitStack()
        self._calls = 0
        self._loaded: deque[str] = deque(maxlen=_PAGES_REMEMBERED)
        try:
            self._socket = self._stack.enter_context(
                connect(
                    f"ws://{address}/devtools/page/{target}",
                    compression=None,
                    proxy=None,
                    max_size=None,
                    open_timeout=_OPEN_PATIENCE,
                    close_timeout=0.1,
                    ping_interval=None,
                    logger=QUIET,
                )
            )
        except (WebSocketException, OSError) as error:
            raise TabGone(f"no tab: {error}") from error

    def call(self, method: str, patience: float, **params: Any) -> dict[str, Any]:
        """Have something done and return what came of it; `patience` in seconds.

        Raises DevToolsError if it cannot be done, NoAnswer or TabGone if nobody knows whether it
        was.
        """
        deadline = time.monotonic() + patience
        try:
            number = self.send(method, **params)
            while True:
                message = self._receive(deadline)
                if message.get("id") == number:
                    return _result(message)
                self._take_note(message.get("method"), message.get("params"))
        except TimeoutError:
            raise NoAnswer(f"no answer to {method}") from None
        except (WebSocketException, OSError) as error:
            raise TabGone(f"gone during {method}: {type(error).__name__}") from error

    def send(self, method: str, **params: Any) -> int:
        """Have something done whose answer nobody waits for; its number.

        Raises WebSocketException or OSError if the tab is gone.
        """
        self._calls += 1
        self._socket.send(json.dumps({"id": self._calls, "method": method, "params": params}))
        return self._calls

    def _receive(self, deadline: float) -> dict[str, Any]:
        while True:
            left = max(0.0, deadline - time.monotonic())
            try:
                wait = left if self.on_stuck is None else min(left, STUCK_SECONDS)
                message: dict[str, Any] = json.loads(self._socket.recv(wait))
                return message
            except TimeoutError:
                if self.on_stuck is None or time.monotonic() >= deadline:
                    raise
                self.on_stuck()

    def hear(self, patience: float) -> dict[str, Any] | None:
        """The next event that was asked for; None if none comes within `patience` seconds.

        Events that come during a call are not told here. Raises TabGone.
        """
        try:
            message: dict[str, Any] = json.loads(self._socket.recv(patience))
        except TimeoutError:
            return None
        except (WebSocketException, OSError) as error:
            raise TabGone(f"gone: {type(error).__name__}") from error
        return message

    def navigate(self, url: str, patience: float) -> dict[str, Any]:
        """Load `url`; once this returns, its document has taken the place of all before it.

        The browser itself answers before that, while a page may still be there that came in
        between. Page events must have been asked for. `errorText` in the answer tells why nothing
        was loaded. Raises as `call` does.
        """
        deadline = time.monotonic() + patience
        if "#" in url:
            # Where only what follows the # differs, the same document would stay.
            self.navigate("about:blank", patience)
            patience = max(0.0, deadline - time.monotonic())
        answer = self.call("Page.navigate", patience, url=url)
        loader = answer.get("loaderId")
        while loader and "errorText" not in answer and loader not in self._loaded:
            if time.monotonic() >= deadline:
                raise NoAnswer("no page came of Page.navigate")
            self.call("Page.getFrameTree", max(0.0, deadline - time.monotonic()))
            time.sleep(_COMMIT_LOOK)
        return answer

    def evaluate(self, expression: str, patience: float) -> Any:
        """The value of a JavaScript expression in the page; a promise's once it is kept.

        Raises DevToolsError with the page's own words if it throws, and as `call` does.
        """
        answer = self.call(
            "Runtime.evaluate",
            patience,
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in answer:
            thrown = answer["exceptionDetails"]
            words = thrown.get("exception", {}).get("description") or thrown["text"]
            raise DevToolsError(words.splitlines()[0])
        return answer["result"].get("value")

    def end_browser(self, patience: float) -> None:
        """Ask the browser to end, and wait until it has closed the tab, `patience` seconds at most.

        Never raises: who has to know looks at the processes.
        """
        deadline = time.monotonic() + patience
        with suppress(DevToolsError):
            self.call("Browser.close", patience)
            # Calls, and not mere waiting: a page that asks whether to leave it gets its answer.
            while True:
                self.call("Page.getFrameTree", max(0.0, deadline - time.monotonic()))
                time.sleep(_COMMIT_LOOK)

    def close(self) -> None:
        """Let go of the tab, which stays as it is. Never raises."""
        self._stack.close()

    def _take_note(self, event: str | None, about: Any) -> None:
        if event == "Page.javascriptDialogOpening":
            self._answer_dialog(about)
        elif event == "Fetch.requestPaused":
            self.on_paused(about["requestId"])
        elif event == "Page.frameNavigated" and "parentId" not in about["frame"]:
            self._loaded.append(about["frame"]["loaderId"])

    def _answer_dialog(self, dialog: dict[str, Any]) -> None:
        answer = self.dialogs.answer(dialog["type"], dialog["message"])
        self.send("Page.handleJavaScriptDialog", **answer)


def _result(message: dict[str, Any]) -> dict[str, Any]:
    if "error" in message:
        raise DevToolsError(message["error"]["message"])
    result: dict[str, Any] = message["result"]
    return result
