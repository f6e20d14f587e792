"""Which versions a worker can end tasks with: those that served, and kept ones that were tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import structlog

from shared.config import Settings
from shared.record.task_types import VERSION_DIGITS
from worker_service.task_files.checking import Check, Declared
from worker_service.task_files.copies import Copies
from worker_service.task_files.loading import load, reason_of
from worker_service.task_files.task_file import Version

log = structlog.get_logger()


class OldVersions:
    """Tries, one at a time, what tasks were begun with and never served here.

    Another worker may have begun them, which has what this one lacks, or one before it. Looked
    after by one thread.
    """

    def __init__(self, settings: Settings, copies: Copies, check_seconds: float) -> None:
        """Nothing is known yet. What takes longer than `check_seconds` to import is no good."""
        self._settings = settings
        self._copies = copies
        self._check_seconds = check_seconds
        self._wanted: frozenset[str] = frozenset()
        self._tried: dict[str, frozenset[str]] = {}
        self._check: Check | None = None
        self._checked = ""

    @property
    def tried(self) -> Mapping[str, frozenset[str]]:
        """The task types of each version that is known, by its SHA-256; none if it is no good."""
        return dict(self._tried)

    def want(self, versions: Iterable[str]) -> None:
        """Find out about these; for any thread."""
        self._wanted = frozenset(versions)

    def serves(self, version: Version) -> None:
        """It was found good, and is offered."""
        self._tried[version.file.sha256] = frozenset(version.names)

    def step(self) -> None:
        """Begin to try one that is wanted, or see what became of trying."""
        if self._check is None:
            self._begin()
            return
        answer = self._check.poll()
        if answer is not None:
            self._check = None
            self._decide(self._checked, answer)

    def end(self) -> None:
        """Try nothing any more."""
        if self._check is not None:
            self._check.end()
            self._check = None

    def _begin(self) -> None:
        sha256 = min(self._wanted - self._tried.keys(), default=None)
        content = None if sha256 is None else self._copies.content(sha256)
        if sha256 is None or content is None:
            return
        path = self._copies.path(sha256)
        try:
            self._check = Check(
                partial(load, path.name, content, sha256, path),
                partial(reason_of, path=path),
                self._settings,
                self._check_seconds,
            )
        except OSError as error:
            log.warning("task file cannot be tried now", file=path.name, reason=str(error))
        self._checked = sha256

    def _decide(self, sha256: str, answer: list[Declared] | str) -> None:
        if isinstance(answer, str):
            version = sha256[:VERSION_DIGITS]
            log.warning("what was begun cannot be ended here", version=version, reason=answer)
            answer = []
        self._tried[sha256] = frozenset(one.task_type.name for one in answer)
