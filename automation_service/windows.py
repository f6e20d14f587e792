"""What else of a portal a browser shows: new windows, and frames with a process of their own.

Both are stopped as they are born and go on only once the guard is in them. A window that is opened
stops its opener too until then; so somebody has to listen all the time: a thread of each browser.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from automation_service.devtools import QUIET, DevToolsError, NoAnswer, TabGone

_OPEN_PATIENCE = 10.0
_OURS = [{"type": "page"}, {"type": "iframe"}]


@dataclass(frozen=True)
class Target:
    """A window or a frame by the browser's own ids. `parent` is the frame's, or "" of a window."""

    id: str
    parent: str
    session: str


class Windows:
    """Hears of every window and frame of one browser, and keeps those that came after it."""

    def __init__(self, address: str, guard: str) -> None:
        """`address` is where the browser listens for debuggers; `guard` goes into every document.

        Windows that are there already are left alone, but their frames are heard of. Raises
        DevToolsError if the browser does not listen.
        """
        self.guard = guard
        """What goes into windows and frames that come from now on."""
        self._news = threading.Condition()
        self._targets: dict[str, Target] = {}
        self._calls = 0
        self._gone = False
        try:
            # Not by way of a proxy: the browser is on this machine.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"http://{address}/json/version", timeout=_OPEN_PATIENCE) as told:
                url = json.load(told)["webSocketDebuggerUrl"]
            self._socket = connect(
                url,
                compression=None,
                proxy=None,
                max_size=None,
                open_timeout=_OPEN_PATIENCE,
                close_timeout=0.1,
                ping_interval=None,
                logger=QUIET,
                legacy=True,
            )
        except (WebSocketException, OSError, KeyError, ValueError) as error:
            raise TabGone(f"no browser at {address}: {error}") from error
        self._thread = threading.Thread(target=self._listen, name="windows", daemon=True)
        self._thread.start()
        self._attach("")

    @property
    def is_watching(self) -> bool:
        """True while what is new is guarded."""
        return not self._gone

    @property
    def opened(self) -> list[Target]:
        """The windows that were opened and are still there, oldest first."""
        with self._news:
            return self._windows

    @property
    def _windows(self) -> list[Target]:
        return [target for target in self._targets.values() if not target.parent]

    def await_opened(self, known: int, patience: float) -> Target | None:
        """The newest window once there are more than `known`; None if none comes in time."""
        with self._news:
            self._news.wait_for(lambda: len(self._windows) > known or self._gone, patience)
            return self._windows[-1] if len(self._windows) > known else None

    def close(self, target: Target, patience: float) -> None:
        """Close a window. NoAnswer if it does not go."""
        self._send("Target.closeTarget", targetId=target.id)
        with self._news:
            if not self._news.wait_for(
                lambda: target.id not in self._targets or self._gone, patience
            ):
                raise NoAnswer("a window did not close")
        if self._gone:
            raise TabGone("the browser is gone")

    def end(self) -> None:
        """Hear of nothing any more. Never raises."""
        self._socket.close()
        self._thread.join(_OPEN_PATIENCE)

    # -- on the thread ------------------------------------------------------------------------

    def _listen(self) -> None:
        try:
            for message in self._socket:
                self._take(json.loads(message))
        except (WebSocketException, OSError, DevToolsError):
            # A browser that ends: whoever waits is told below.
            pass
        finally:
            with self._news:
                self._gone = True
                self._news.notify_all()

    def _take(self, message: dict[str, Any]) -> None:
        event, about = message.get("method"), message.get("params", {})
        if event == "Target.attachedToTarget":
            self._receive(about)
        elif event == "Target.detachedFromTarget":
            with self._news:
                self._targets = {
                    key: it for key, it in self._targets.items() if it.session != about["sessionId"]
                }
                self._news.notify_all()

    def _receive(self, about: dict[str, Any]) -> None:
        """Guard what was born, hear of its own frames, and let it go on."""
        session, info = about["sessionId"], about["targetInfo"]
        self._attach(session)
        if not about["waitingForDebugger"]:
            return
        self._send("Page.enable", session)
        self._send("Page.addScriptToEvaluateOnNewDocument", session, source=self.guard)
        # The empty document a window begins with is there already.
        self._send("Runtime.evaluate", session, expression=self.guard)
        if info["type"] == "page":
            self._send("Emulation.setFocusEmulationEnabled", session, enabled=True)
        self._send("Runtime.runIfWaitingForDebugger", session)
        target = Target(info["targetId"], info.get("parentFrameId", ""), session)
        with self._news:
            self._targets[target.id] = target
            self._news.notify_all()

    def _attach(self, session: str) -> None:
        self._send(
            "Target.setAutoAttach",
            session,
            autoAttach=True,
            waitForDebuggerOnStart=True,
            flatten=True,
            filter=_OURS,
        )

    def _send(self, method: str, session: str = "", **params: Any) -> None:
        with self._news:
            self._calls += 1
            number = self._calls
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        try:
            self._socket.send(json.dumps(message))
        except (WebSocketException, OSError) as error:
            raise TabGone(f"gone during {method}: {type(error).__name__}") from error
