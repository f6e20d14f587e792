"""The suite's side of the fail points: arm one, wait until a process stands there, let it go."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

FOLDER_VARIABLE = "FAULTS_FOLDER"
"""Environment variable with the folder that the suite and the processes under fault share."""
ARMED = "armed.json"
HITS = "hits.jsonl"
LOOK_SECONDS = 0.01

WORKER_POINTS = (
    *("before_claim", "after_claim", "before_look", "after_look", "before_intent", "after_intent"),
    *("before_click", "after_click", "before_read_back", "after_read_back"),
    *("before_outcome", "during_outcome", "after_outcome", "before_wake_up", "after_wake_up"),
)
"""The points of one item, in the order in which a worker passes them."""
RESOLVING_POINTS = ("before_resolve", "after_resolve")
PLANNING_POINTS = ("before_plan", "after_plan")
RINGING_POINTS = ("before_ring", "after_ring")
"""In the orchestrator: a doorbell is noted in the record, and on its way."""
TASK_POINTS = ("before_claim", *PLANNING_POINTS, *RINGING_POINTS)
"""Where only the task is known, not yet the batch."""


@dataclass(frozen=True)
class Trap:
    """One armed point. `about` is a batch or a task, None: any; it holds whoever is the `nth`.

    With `always` everybody after that is held too.
    """

    point: str
    about: str | None = None
    nth: int = 1
    always: bool = False
    id: str = field(default_factory=lambda: secrets.token_hex(4))


@dataclass(frozen=True)
class Hit:
    """A process that stands at a point; `at` is in seconds since 1970."""

    trap: str
    count: int
    point: str
    about: tuple[str, ...]
    pid: int
    parent: int
    at: float


RAISE = "raise"
"""The word on which an error is raised where the process stands."""


def move_clock(seconds: float, lasts: float) -> str:
    """The word on which the process puts its own wall clock forth, and back after a while."""
    return f"clock {seconds} {lasts}"


def go_file(trap_id: str, count: int) -> str:
    """The file whose appearance lets the process go on that was held as number `count`."""
    return f"{trap_id}.{count}.go"


class Traps:
    """The armed points of one system."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made if it is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._armed: list[Trap] = []
        self._forgotten = 0

    def arm(self, trap: Trap) -> Trap:
        """Put it in force beside those that are; every process sees it at its next point."""
        self._armed.append(trap)
        self._publish()
        return trap

    def disarm(self) -> None:
        """Let nobody be held any more, and everybody go on who is; who was held is forgotten."""
        self._armed = []
        self._publish()
        for hit in self.hits():
            self.release(hit)
        self._forgotten = len(self._lines())

    def hits(self, trap: Trap | None = None) -> list[Hit]:
        """Who was held so far, by this trap or by any that is armed."""
        found = [json.loads(line) for line in self._lines()[self._forgotten :]]
        hits = [Hit(**{**each, "about": tuple(each["about"])}) for each in found]
        return [hit for hit in hits if trap is None or hit.trap == trap.id]

    def new_hit(self, trap: Trap, seconds: float, after: int = 0) -> Hit | None:
        """Wait for the next process that is held, when `after` were seen before; None: nobody."""
        ends = time.monotonic() + seconds
        while True:
            hits = self.hits(trap)
            if len(hits) > after:
                return hits[after]
            if time.monotonic() >= ends:
                return None
            time.sleep(LOOK_SECONDS)

    def wait_for(self, wanted: Callable[[Hit], bool], seconds: float) -> list[Hit]:
        """Wait until somebody stands where it is wanted; everybody who does, oldest first.

        Raises TimeoutError.
        """
        ends = time.monotonic() + seconds
        while not (found := [hit for hit in self.hits() if wanted(hit)]):
            if time.monotonic() >= ends:
                raise TimeoutError(f"nobody stood there within {seconds:.0f} s")
            time.sleep(LOOK_SECONDS)
        return found

    def release(self, hit: Hit, *, word: str = "") -> None:
        """Let the process go on; `word` is one of those that `FailPoints` knows."""
        path = self.folder / go_file(hit.trap, hit.count)
        if not path.exists():
            _write(path, word)

    def _lines(self) -> list[str]:
        try:
            return (self.folder / HITS).read_text().splitlines()
        except FileNotFoundError:
            return []

    def _publish(self) -> None:
        _write(self.folder / ARMED, json.dumps([asdict(trap) for trap in self._armed]))


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text)
    part.replace(path)
