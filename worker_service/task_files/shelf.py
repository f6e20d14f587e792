"""What the files in TASKS_DIR offer now: the newest content of each that can be offered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

import structlog

from shared.config import Settings
from shared.errors import ConfigurationError
from shared.record.task_types import TaskType
from shared.record.workers import Refusal
from worker_service.task_files.checking import CHECK_SECONDS, Declared
from worker_service.task_files.copies import Copies
from worker_service.task_files.folder import SourceFile, TaskFolder
from worker_service.task_files.old_versions import OldVersions
from worker_service.task_files.task_file import TaskFile, Version

log = structlog.get_logger()

LOOK_SECONDS = 0.25


@dataclass(frozen=True)
class Shelf:
    """What is offered at one moment, what is refused, and what was withdrawn and why.

    `tried` has the task types of each version that this worker knows, offered or not, by its
    SHA-256; none for one that it cannot load.
    """

    declared: tuple[Declared, ...] = ()
    refused: tuple[Refusal, ...] = ()
    withdrawn: tuple[tuple[str, str], ...] = ()
    tried: Mapping[str, frozenset[str]] = field(default_factory=dict)


class TaskShelf:
    """Looks after TASKS_DIR in a thread of the worker's parent process.

    A content is tried in a process of its own, kept, and then offered. What cannot be offered is
    refused, and the content before it goes on to be.
    """

    def __init__(
        self,
        settings: Settings,
        copies: Copies,
        taken: Collection[str],
        known: Callable[[], Iterable[TaskType]],
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        """`taken` are the names that no file may have.

        `known` tells the types that the record knows: whose a name was before this worker began.
        A file that takes longer than `check_seconds` to import is refused.
        """
        self._check_seconds = check_seconds
        self._settings = settings
        self._old = OldVersions(settings, copies, check_seconds)
        self._folder = TaskFolder(settings.tasks_dir)
        self._copies = copies
        self._taken = taken
        self._known = known
        self._before: dict[str, TaskType] | None = None
        self._places: dict[str, TaskFile] = {}
        self._withdrawn: dict[str, str] = {}
        self._shelf = Shelf()
        self._fault = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="task files", daemon=True)

    @property
    def now(self) -> Shelf:
        """What is offered, as of the last look; for any thread."""
        return self._shelf

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and end what is being tried."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        for place in self._places.values():
            place.end()
        self._old.end()

    def find_out(self, begun_with: Iterable[str]) -> None:
        """Find out whether tasks that were begun with these versions can be ended here.

        For any thread.
        """
        self._old.want(begun_with)

    def look(self) -> None:
        """Take up what changed in the folder, and what became of trials.

        Raises ConfigurationError if the folder cannot be read, and what `known` raises.
        """
        seen = self._folder.look()
        if self._before is None:
            self._before = {one.name: one for one in self._known() if one.file}
            self._withdraw_missing(seen)
        for name in self._places.keys() - seen.keys():
            self._remove(name)
        files = sorted(
            (file for file in seen.values() if file is not None),
            key=lambda file: (file.changed_at, file.name),
        )
        for file in files:
            self._place(file.name).step(file)
        owners = {before.file for before in self._before.values()}
        for file in sorted(files, key=lambda file: file.name not in owners):
            self._seat(file.name)
        self._old.step()
        self._publish()

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                self.look()
                self._fault = ""
            except Exception as error:
                # Whatever a file or the record does, the next look may go well.
                told = error.message if isinstance(error, ConfigurationError) else repr(error)
                if told != self._fault:
                    log.warning("task files stay as they are", reason=told)
                self._fault = told

    def _place(self, name: str) -> TaskFile:
        place = self._places.get(name)
        if place is None:
            place = TaskFile(self._settings, self._copies, self._earlier(name), self._check_seconds)
            self._places[name] = place
        return place

    def _earlier(self, name: str) -> SourceFile | None:
        for before in (self._before or {}).values():
            if before.file == name and not before.withdrawn:
                content = self._copies.content(before.sha256)
                return None if content is None else SourceFile(name, content, 0)
        return None

    def _withdraw_missing(self, seen: Collection[str]) -> None:
        """Say of types whose files went while nobody looked that they are not there."""
        for name, before in (self._before or {}).items():
            if before.file not in seen and before.withdrawn is None:
                self._withdrawn[name] = f"Its file {before.file} is not in TASKS_DIR."

    def _remove(self, name: str) -> None:
        place = self._places.pop(name)
        place.end()
        if place.serving is not None:
            log.info("task file removed", file=name, task_types=sorted(place.serving.names))
            gone = f"Its file {name} was removed from TASKS_DIR."
            self._withdrawn |= dict.fromkeys(place.serving.names, gone)

    def _seat(self, name: str) -> None:
        """Let a file's new content serve, if the names in it are free."""
        place = self._places[name]
        version = place.waiting
        if version is None or self._awaits_owner(name, version):
            return
        clash = self._clash(name, version)
        if clash is not None:
            place.refuse(clash)
            return
        before = place.serving.names if place.serving is not None else self._names_before(name)
        try:
            place.serve(version)
        except OSError as error:
            place.refuse(f"it cannot be kept in DATA_DIR: {error.strerror}.")
            return
        self._old.serves(version)
        gone = f"Its file {name} does not declare it any more."
        self._withdrawn |= dict.fromkeys(before - version.names, gone)

    def _names_before(self, file: str) -> set[str]:
        return {name for name, before in (self._before or {}).items() if before.file == file}

    def _clash(self, name: str, version: Version) -> str | None:
        for wanted in sorted(version.names):
            if wanted in self._taken:
                return f"'{wanted}' is the name of a task type that comes with the program."
            for other, place in self._places.items():
                if other != name and place.serving and wanted in place.serving.names:
                    return f"'{wanted}' is offered by {other} already."
        return None

    def _awaits_owner(self, name: str, version: Version) -> bool:
        """True while a file that had one of these names before this worker began is tried."""
        assert self._before is not None
        owners = {self._before[n].file for n in version.names if n in self._before}
        return any(
            other != name and other in owners and place.undecided
            for other, place in self._places.items()
        )

    def _publish(self) -> None:
        places = [self._places[name] for name in sorted(self._places)]
        declared = [
            one for place in places if place.serving is not None for one in place.serving.declared
        ]
        for one in declared:
            self._withdrawn.pop(one.task_type.name, None)
        self._shelf = Shelf(
            tuple(declared),
            tuple(place.refusal for place in places if place.refusal is not None),
            tuple(sorted(self._withdrawn.items())),
            self._old.tried,
        )
