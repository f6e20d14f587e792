"""All that runs of a portal in a browser: its pages, new windows, frames of their own, workers.

What comes is stopped as it is born and goes on only once it has its orders, and a window or frame
the guard. A window that is opened stops its opener too until then; so somebody has to listen all
the time: a thread of each browser.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from automation_service.devtools import QUIET, DevToolsError, NoAnswer, TabGone

_OPEN_PATIENCE = 10.0
_WORKERS = (
    "worker", "shared_worker", "service_worker",
    "worklet", "auction_worklet", "shared_storage_worklet",
)  # fmt: skip
# What is not named here is stopped all the same, and nobody would let it go on.
_OURS = [{"type": kind} for kind in ("page", "iframe", *_WORKERS)]
_SLEEPERS = ("service_worker",)
"""What may be asleep, and answers nothing then."""
_WORKERS_SECONDS = 1.0
"""How long a worker is waited for: one that stands still asks for nothing."""
_SLICE = 0.25


@dataclass(frozen=True)
class Target:
    """What runs, by the browser's own ids. `parent` is a frame's, or "".

    `is_new` is True of windows and frames that came after we began to listen.
    """

    id: str
    kind: str
    parent: str
    session: str
    is_new: bool


class Windows:
    """Hears of all that runs in one browser, tells it what holds for all, and closes windows."""

    def __init__(self, address: str, guard: str) -> None:
        """`address` is where the browser listens for debuggers; `guard` goes into every document.

        Windows that are there already are left alone, but their frames are heard of. Raises
        DevToolsError if the browser does not listen.
        """
        self.guard = guard
        """What goes into windows and frames that come from now on."""
        self._news = threading.Condition()
        self._targets: dict[str, Target] = {}
        self._past: set[str] = set()
        self._orders: dict[str, dict[str, Any]] = {}
        self._unanswered: dict[int, str] = {}
        self.listener: Callable[[str, dict[str, Any], str], None] = lambda *_: None
        """Hears, on the thread, what orders make all that runs tell, and in which session."""
        self.meanwhile: Callable[[], None] = lambda: None
        """Is called while answers are waited for: a page may ask something by a dialog."""
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
        known = self._targets.values()
        return [it for it in known if it.is_new and it.kind == "page"]

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
                lambda: target.session not in self._targets or self._gone, patience
            ):
                raise NoAnswer("a window did not close")
        if self._gone:
            raise TabGone("the browser is gone")

    def order(self, method: str, **params: Any) -> None:
        """Have this done by all that runs, and all that will; the last word of each method holds.

        Raises TabGone if the browser is gone.
        """
        with self._news:
            self._orders[method] = params
            known = list(self._targets.values())
        for target in known:
            self._send(method, target.session, **params)

    def recall(self, method: str, undo: str) -> None:
        """Give an order no more, and have `undo` done by all that runs. Raises TabGone."""
        with self._news:
            self._orders.pop(method, None)
            known = list(self._targets.values())
        for target in known:
            self._send(undo, target.session)

    def tell(self, session: str, method: str, **params: Any) -> None:
        """Have one of all that runs do this. Raises TabGone if the browser is gone."""
        self._send(method, session, **params)

    def await_answers(self, shown: str, patience: float) -> None:
        """Wait until all that runs beside `shown`, a target's id, has done what it was told.

        Windows other than that are not waited for, and workers not for long: what stands still does
        nothing. Raises NoAnswer, or TabGone if the browser is gone, or what is shown.
        """
        began = time.monotonic()
        while not self._has_answered(shown, time.monotonic() - began < _WORKERS_SECONDS):
            if time.monotonic() - began > patience:
                raise NoAnswer("something did not do what it was told")
            self.meanwhile()

    def _has_answered(self, shown: str, with_workers: bool) -> bool:
        def answered() -> bool:
            waited = {
                session
                for session, it in self._targets.items()
                if it.id == shown or self._is_waited_for(it, with_workers)
            }
            there = any(it.id == shown for it in self._targets.values())
            done = there and not waited & set(self._unanswered.values())
            return done or self._gone or shown in self._past

        with self._news:
            has_answered = self._news.wait_for(answered, _SLICE)
            if self._gone or shown in self._past:
                raise TabGone("the window that is shown is gone")
        return has_answered

    def _is_waited_for(self, target: Target, with_workers: bool) -> bool:
        if target.kind in _WORKERS:
            return with_workers and target.kind not in _SLEEPERS
        return target not in self._windows

    def catch_up(self, shown: str, patience: float) -> None:
        """Wait until what has happened by now was heard of. Raises as `await_answers` does."""
        with self._news:
            known = list(self._targets.values())
        for target in known:
            self._send("Runtime.evaluate", target.session, expression="0")
        self.await_answers(shown, patience)

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
        event, about = message.get("method", ""), message.get("params", {})
        if "id" in message:
            with self._news:
                self._unanswered.pop(message["id"], None)
                self._news.notify_all()
        elif event == "Target.attachedToTarget":
            self._receive(about)
        elif event == "Target.detachedFromTarget":
            self._forget(about["sessionId"])
        else:
            self.listener(event, about, message.get("sessionId", ""))

    def _forget(self, session: str) -> None:
        with self._news:
            gone = self._targets.pop(session, None)
            if gone is not None:
                self._past.add(gone.id)
            for call in [call for call, of in self._unanswered.items() if of == session]:
                del self._unanswered[call]
            self._news.notify_all()

    def _receive(self, about: dict[str, Any]) -> None:
        """Guard what was born, give it its orders, hear of its own frames, and let it go on."""
        session, info = about["sessionId"], about["targetInfo"]
        waits, kind = about["waitingForDebugger"], info["type"]
        target = Target(info["targetId"], kind, info.get("parentFrameId", ""), session, waits)
        self._attach(session)
        if waits and kind not in _WORKERS:
            self._guard(target)
        with self._news:
            orders = dict(self._orders)
            self._targets[session] = target
            for method, params in orders.items():
                self._send(method, session, **params)
            self._news.notify_all()
        if waits:
            self._send("Runtime.runIfWaitingForDebugger", session)

    def _guard(self, target: Target) -> None:
        session = target.session
        self._send("Page.enable", session)
        self._send("Page.addScriptToEvaluateOnNewDocument", session, source=self.guard)
        # The empty document a window begins with is there already.
        self._send("Runtime.evaluate", session, expression=self.guard)
        if target.kind == "page":
            self._send("Emulation.setFocusEmulationEnabled", session, enabled=True)

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
            self._unanswered[number] = session
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        try:
            self._socket.send(json.dumps(message))
        except (WebSocketException, OSError) as error:
            raise TabGone(f"gone during {method}: {type(error).__name__}") from error
