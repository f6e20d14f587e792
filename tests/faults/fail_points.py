"""Places in the product where the fault suite may hold a process: made from outside, by wrapping.

The product carries no test code. `tests.faults.worker` and `tests.faults.orchestrator` wrap public
functions of it before they run it unchanged; pool children are forked afterwards and have it too. A
process that reaches an armed point says so in a file and stands still until it is let go or killed.
"""

from __future__ import annotations

import fcntl
import functools
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import time_machine

from automation_service.browser import Browser
from automation_service.portal import Portal
from orchestrator_service.celery_client import TaskQueue
from shared.notifications import NewsPublisher
from shared.record import outcomes
from tests.faults.traps import ARMED, FOLDER_VARIABLE, HITS, RAISE, Trap, go_file
from worker_service import bookkeeping
from worker_service.claim import RecordClaim

LOOK_SECONDS = 0.005
LONGEST_HOLD = 180.0
"""Seconds after which a process goes on by itself, should the suite have died."""


class HeldUpError(Exception):
    """What a fail point raises when the suite lets the process go on with an error."""


class FailPoints:
    """The points of one process; `about` names the batch and the task that are being worked on."""

    def __init__(self, folder: Path) -> None:
        """`folder` is shared with the suite; nothing is armed while it is empty."""
        self._folder = folder
        self._version: tuple[int, int] | None = None
        self._armed: list[Trap] = []

    def reach(self, point: str, *about: str) -> None:
        """Stand still here if the suite wants it. Raises HeldUpError if that is what it wants."""
        for trap in self._now_armed():
            if trap.point == point and (trap.about is None or trap.about in about):
                count = self._count(trap)
                if count == trap.nth or (trap.always and count > trap.nth):
                    self._hold(trap, count, about)

    def _now_armed(self) -> list[Trap]:
        path = self._folder / ARMED
        try:
            found = path.stat()
            version = (found.st_ino, found.st_mtime_ns)
            if version != self._version:
                self._armed = [Trap(**each) for each in json.loads(path.read_text())]
                self._version = version
        except FileNotFoundError:
            self._armed, self._version = [], None
        return self._armed

    def _count(self, trap: Trap) -> int:
        """How often any process has come by, this time included."""
        with self._locked(self._folder / f"{trap.id}.count") as file:
            count = int(os.pread(file, 20, 0) or b"0") + 1
            os.pwrite(file, str(count).encode(), 0)
        return count

    def _hold(self, trap: Trap, count: int, about: tuple[str, ...]) -> None:
        hit = {
            "trap": trap.id,
            "count": count,
            "point": trap.point,
            "about": about,
            "pid": os.getpid(),
            "parent": os.getppid(),
            "at": time.time(),
        }
        with self._locked(self._folder / HITS, os.O_APPEND) as file:
            os.write(file, json.dumps(hit).encode() + b"\n")
        go = self._folder / go_file(trap.id, count)
        ends = time.monotonic() + LONGEST_HOLD
        while not go.exists() and time.monotonic() < ends:
            time.sleep(LOOK_SECONDS)
        word, *numbers = (go.read_text() if go.exists() else "").split() or [""]
        if word == RAISE:
            raise HeldUpError(f"The fault suite struck at {trap.point}.")
        if word == "clock":
            _move_own_clock(*map(float, numbers))

    @contextmanager
    def _locked(self, path: Path, flags: int = 0) -> Iterator[int]:
        file = os.open(path, os.O_RDWR | os.O_CREAT | flags, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)


def _move_own_clock(seconds: float, lasts: float) -> None:
    """Only the wall clock: what is measured on the monotonic one goes on as it is."""
    hands = time_machine.travel(timedelta(seconds=seconds), tick=True)
    hands.start()
    right_again = threading.Timer(lasts, hands.stop)
    right_again.daemon = True
    right_again.start()


class WorkerPoints:
    """Knows how far a pool child is with the item it has in hand."""

    def __init__(self, points: FailPoints) -> None:
        """Nothing is wrapped before `install`."""
        self._points = points
        self._about: tuple[str, ...] = ()
        self._claim: RecordClaim | None = None
        self._clicked = False
        self._finished = False

    def install(self) -> None:
        """Wrap the product's functions; fails loudly where one of them is not there any more."""
        about_task = self._reach_about_task
        around(bookkeeping, "planned", about_task("before_plan"), about_task("after_plan"))
        around(bookkeeping, "claim_next", about_task("before_claim"), self._claimed)
        around(RecordClaim, "__enter__", self._begin, None)
        around(Portal, "open_batch", self._looking("before"), self._looking("after"))
        around(RecordClaim, "state_intent", self._at("before_intent"), self._at("after_intent"))
        around(Browser, "click", self._at("before_click"), self._has_clicked)
        around(outcomes, "record", None, self._at("during_outcome"))
        around(bookkeeping, "finished", self._at("before_outcome"), self._has_finished)
        around(NewsPublisher, "publish", self._waking("before"), self._waking("after"))

    def _at(self, point: str) -> Callable[..., None]:
        return lambda *_: self._points.reach(point, *self._about)

    def _reach_about_task(self, point: str) -> Callable[..., None]:
        return lambda _, call: self._points.reach(point, call[1])

    def _claimed(self, claimed: Any, _: tuple[Any, ...]) -> None:
        if claimed is not None:
            self._about = (claimed.held.item.key, claimed.task.id)
            self._clicked = self._finished = False
            self._points.reach("after_claim", *self._about)

    def _begin(self, _: None, call: tuple[Any, ...]) -> None:
        self._claim = call[0]

    def _looking(self, when: str) -> Callable[..., None]:
        def look(*_: object) -> None:
            step = "look"
            if self._clicked:
                step = "read_back"
            elif self._claim is not None and self._claim.open_intents:
                step = "resolve"
            self._points.reach(f"{when}_{step}", *self._about)

        return look

    def _has_clicked(self, *_: object) -> None:
        self._clicked = True
        self._points.reach("after_click", *self._about)

    def _has_finished(self, *_: object) -> None:
        self._points.reach("after_outcome", *self._about)
        self._finished = True

    def _waking(self, when: str) -> Callable[..., None]:
        def wake(*_: object) -> None:
            if self._finished:
                self._finished = when == "before"
                self._points.reach(f"{when}_wake_up", *self._about)

        return wake


def around(
    owner: Any,
    name: str,
    before: Callable[[None, tuple[Any, ...]], None] | None,
    after: Callable[[Any, tuple[Any, ...]], None] | None,
) -> None:
    """Wrap `owner.name`; `before` and `after` get the result (None before) and the arguments."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def passing(*call: Any, **options: Any) -> Any:
        if before:
            before(None, call)
        result = original(*call, **options)
        if after:
            after(result, call)
        return result

    setattr(owner, name, passing)


def install_in_worker() -> None:
    """Make the points of a worker and its children."""
    WorkerPoints(FailPoints(Path(os.environ[FOLDER_VARIABLE]))).install()


def install_in_orchestrator() -> None:
    """Make the points of an orchestrator: around the ring that follows the dispatcher's commit."""
    points = FailPoints(Path(os.environ[FOLDER_VARIABLE]))

    def at(point: str) -> Callable[..., None]:
        return lambda _, call: points.reach(point, call[2])

    around(TaskQueue, "ring", at("before_ring"), at("after_ring"))
