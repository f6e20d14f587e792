"""What a simple task type's function may use while it works."""

from __future__ import annotations

import mimetypes
import re
import shutil
import time
from pathlib import Path

from shared.contracts import Claim, Evidence
from shared.errors import TaskFailed
from worker_service.context import TaskContext
from worker_service.task_browser import TaskBrowser

LOOK_SECONDS = 0.5
"""How long `wait` waits between two looks at whether the task is still wanted."""
LONGEST_LINE = 2000
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}\.[A-Za-z0-9]{1,10}")
_MANIFEST = "manifest.json"


class Work:
    """One run of the function: what it says, what it keeps, and how long it may go on."""

    def __init__(
        self, claim: Claim, context: TaskContext, browser: TaskBrowser | None = None
    ) -> None:
        """Nothing is kept yet. `browser` is there if the task type asked for one."""
        self._claim = claim
        self._context = context
        self._browser = browser
        self._percent_told = -1
        self.kept: list[Evidence] = []
        """The files saved so far, durable on disk."""

    @property
    def task_id(self) -> str:
        """The task that is worked on."""
        return self._claim.task_id

    @property
    def item(self) -> str:
        """The item of this run; the task's id if the task type names no items."""
        return self._claim.key

    @property
    def browser(self) -> TaskBrowser:
        """The browser. Raises TaskFailed if the task type did not ask for one."""
        if self._browser is None:
            raise TaskFailed("The task type has no browser: write browser=True in its decorator.")
        return self._browser

    @property
    def attempt(self) -> int:
        """1 for the first run, 2 for the one after it failed by an application error, and so on."""
        return self._claim.attempt

    @property
    def deadline(self) -> float:
        """The moment of `time.monotonic()` at which ITEM_TIME_LIMIT is over."""
        return self._claim.deadline

    def log(self, message: str) -> None:
        """Add a line to the task's log; whoever follows the task sees it at once.

        Raises what `check` raises.
        """
        self.check()
        self._claim.log_now(storable_text(message)[:LONGEST_LINE])

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Say that `done` of `total` is done of this run; each whole per cent is told once.

        Raises what `check` raises.
        """
        self.check()
        share = min(max(done / total, 0.0), 1.0) if total > 0 else 1.0
        percent = int(share * 100)
        if percent > self._percent_told:
            self._percent_told = percent
            self._claim.progress_now(share, storable_text(message)[:LONGEST_LINE])

    def check(self) -> None:
        """Return if the work is still wanted.

        Raises what ends the function if the task is cancelled or its time is over: let it pass.
        """
        self._claim.still_wanted()

    def wait(self, seconds: float) -> None:
        """Wait, for as long as the work is still wanted. Raises what `check` raises."""
        until = time.monotonic() + seconds
        self.check()
        while (now := time.monotonic()) < until:
            self._claim.wait_until(min(until, now + LOOK_SECONDS))
            self.check()

    def save_file(self, name: str, content: bytes | Path) -> None:
        """Keep a file that callers may fetch under this name once the function has returned.

        A path's file is copied. Raises TaskFailed if the name cannot be one, EvidenceFailed if
        the file cannot be stored, and what `check` raises.
        """
        self.check()
        if not _FILE_NAME.fullmatch(name) or name.lower().startswith(_MANIFEST):
            raise TaskFailed(
                f"save_file cannot keep a file named {name!r}: use letters, digits, '.', '_' and"
                " '-', at most 50 characters and an ending such as .csv; manifest.json is taken."
            )

        def write(into: Path) -> None:
            if isinstance(content, Path):
                shutil.copyfile(content, into)
            else:
                into.write_bytes(content)

        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        self.kept.append(self._context.evidence().keep(write, name, kind))


def storable_text(text: str) -> str:
    """`text` with a mark for each character that a database cannot hold."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
