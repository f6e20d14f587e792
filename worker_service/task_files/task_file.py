"""One file in TASKS_DIR: the content that serves, and the one that is tried or refused."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import structlog

from shared.config import Settings
from shared.record.task_types import VERSION_DIGITS
from shared.record.workers import Refusal
from worker_service.task_files.checking import Check, Declared
from worker_service.task_files.copies import Copies
from worker_service.task_files.folder import SourceFile
from worker_service.task_files.loading import load, reason_of

log = structlog.get_logger()


@dataclass(frozen=True)
class Version:
    """A content that was tried and can be offered, and what it declares."""

    file: SourceFile
    declared: tuple[Declared, ...]

    @property
    def names(self) -> set[str]:
        """Its task types."""
        return {one.task_type.name for one in self.declared}


class TaskFile:
    """What is known of one file. What is newest in it serves as soon as it can."""

    def __init__(
        self,
        settings: Settings,
        copies: Copies,
        earlier: SourceFile | None,
        check_seconds: float,
    ) -> None:
        """`earlier` is what served before this worker began, if that is still kept."""
        self._settings = settings
        self._copies = copies
        self._earlier = earlier
        self._check_seconds = check_seconds
        self._newest: SourceFile | None = None
        self._check: Check | None = None
        self._tried: SourceFile | None = None
        self._reason: str | None = None
        self._told = ("", "")
        self.serving: Version | None = None
        """What is offered."""
        self.waiting: Version | None = None
        """What was found good, and is to be offered if its names are free."""

    @property
    def undecided(self) -> bool:
        """True while something in it is being tried."""
        return self._check is not None

    @property
    def refusal(self) -> Refusal | None:
        """Why what is in the file is not offered; None if it is, or may be soon."""
        if self._newest is None or self._reason is None:
            return None
        told = f"Refused: {self._reason.rstrip('.')}."
        if self.serving is not None:
            told += f" Version {self.serving.file.sha256[:VERSION_DIGITS]} of it keeps serving."
        return Refusal(self._newest.name, self._newest.sha256[:VERSION_DIGITS], told)

    def step(self, file: SourceFile) -> None:
        """Try what is in the file now, or see what became of trying."""
        if self._newest is None or self._newest.sha256 != file.sha256:
            self._take_up(file)
        elif self._check is not None:
            answer = self._check.poll()
            if answer is not None:
                self._check = None
                self._decide(answer)

    def serve(self, version: Version) -> None:
        """Offer it from now on. Raises OSError if it cannot be kept."""
        self._copies.keep(version.file.sha256, version.file.content)
        log.info(
            "task file accepted",
            file=version.file.name,
            version=version.file.sha256[:VERSION_DIGITS],
            task_types=sorted(version.names),
        )
        self.serving = version
        self.waiting = None
        if version.file is self._newest:
            self._reason = None

    def refuse(self, reason: str) -> None:
        """What is in the file cannot be offered."""
        assert self._newest is not None
        self._reason = reason
        told = (self._newest.sha256, reason)
        if told != self._told:
            version = self._newest.sha256[:VERSION_DIGITS]
            log.warning("task file refused", file=self._newest.name, version=version, reason=reason)
        self._told = told

    def end(self) -> None:
        """Try nothing any more."""
        if self._check is not None:
            self._check.end()
            self._check = None

    def _take_up(self, file: SourceFile) -> None:
        self.end()
        self._newest, self._reason, self.waiting = file, None, None
        if file.fault is not None:
            self.refuse(f"{file.fault}.")
            self._fall_back()
        elif self.serving is None or self.serving.file.sha256 != file.sha256:
            self._try(file)

    def _try(self, file: SourceFile) -> None:
        path = self._copies.path(file.sha256)
        try:
            self._check = Check(
                partial(load, file.name, file.content, file.sha256, path),
                partial(reason_of, path=path),
                self._settings,
                self._check_seconds,
            )
        except OSError as error:
            self._newest = None  # tried again at the next look
            log.warning("task file cannot be tried now", file=file.name, reason=str(error))
        self._tried = file

    def _decide(self, answer: list[Declared] | str) -> None:
        assert self._tried is not None
        if not isinstance(answer, str):
            self.waiting = Version(self._tried, tuple(answer))
        elif self._tried is self._newest:
            self.refuse(answer)
            self._fall_back()

    def _fall_back(self) -> None:
        """Let what served before this worker began serve again."""
        earlier, self._earlier = self._earlier, None
        if self.serving is None and earlier is not None:
            self._try(earlier)
