"""A task's sealed evidence as one zip, made while it is sent, in memory that does not grow."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import structlog

from orchestrator_service.manifest import name_in
from orchestrator_service.refusals import EvidenceNotReady, EvidenceRemoved
from orchestrator_service.sealing import Sealer, is_there
from shared.errors import StateConflict, UnknownTask
from shared.record import Record, artifacts, seals, tasks
from shared.record.seals import Seal
from shared.seal import MANIFEST, SIGNATURE

log = structlog.get_logger()

PAGE = 500
ATTEMPTS = 5
_CHUNK = 1 << 18


@dataclass(frozen=True)
class Member:
    """A file of the archive, open for reading, and when it was made."""

    name: str
    moment: datetime
    file: IO[bytes]


@dataclass(frozen=True)
class SealedPair:
    """A manifest, open for reading, and the signature that is for it."""

    manifest: IO[bytes]
    signature: bytes


class EvidenceArchive:
    """Opens a task's evidence; whatever is wrong with that is said before the first byte."""

    def __init__(self, record: Record, results_dir: Path, sealer: Sealer) -> None:
        """`sealer` makes a manifest that is not there yet."""
        self._record = record
        self._results_dir = results_dir
        self._sealer = sealer

    def of_task(self, task_id: str) -> Iterator[bytes]:
        """The archive's bytes: a folder named like the task, which can be verified.

        Files whose rows exist but which are gone themselves are left out; the manifest names
        them. Raises UnknownTask, StateConflict for a task that is not final, EvidenceRemoved, and
        EvidenceNotReady if there is no manifest and none can be made now.
        """
        seal = self._sealed(task_id)
        return _zipped(task_id, self._members(seal, self._pair(task_id)))

    def _sealed(self, task_id: str) -> Seal:
        with self._record.read() as connection:
            task = tasks.get(connection, task_id)
        if task is None:
            raise UnknownTask(f"There is no task {task_id[:60]}.", task_id=task_id[:60])
        try:
            seal = self._sealer.seal(task_id)
        except OSError as error:
            log.error("evidence_not_sealed", task_id=task_id, why=error.strerror or str(error))
            raise EvidenceNotReady(task_id=task_id) from error
        if seal is None:
            raise StateConflict(
                f"The task is {task.state.value}; evidence is sealed when a task has ended.",
                task_id=task_id,
                state=task.state.value,
            )
        if seal.removed_at is not None:
            raise EvidenceRemoved(task_id=task_id, state=task.state.value)
        return seal

    def _pair(self, task_id: str) -> SealedPair:
        for _ in range(ATTEMPTS):
            pair = _opened(self._results_dir / task_id)
            if pair is not None:
                return pair
            # Somebody took it away, or it is just being made again: see to it that it is there.
            with self._record.write() as connection:
                seals.want(connection, task_id)
            self._sealed(task_id)
        raise EvidenceNotReady(task_id=task_id)

    def _members(self, seal: Seal, pair: SealedPair) -> Iterator[Member]:
        with pair.manifest:
            yield Member(MANIFEST, seal.finished_at, pair.manifest)
        yield Member(SIGNATURE, seal.finished_at, io.BytesIO(pair.signature))
        folder = self._results_dir / seal.task_id
        after = ""
        while True:
            with self._record.read() as connection:
                page = artifacts.page(connection, seal.task_id, after, PAGE)
            if not page:
                return
            for piece in page:
                name = name_in(seal.task_id, piece.path)
                if is_there(folder, name):
                    with (folder / name).open("rb") as file:
                        yield Member(name, piece.taken_at, file)
            after = page[-1].path


def _opened(folder: Path) -> SealedPair | None:
    """The pair, or None if there is none just now; sealing.py tells why this is one."""
    try:
        with (folder / SIGNATURE).open("rb") as signature, ExitStack() as on_failure:
            manifest = on_failure.enter_context((folder / MANIFEST).open("rb"))
            same = os.path.samestat(os.fstat(signature.fileno()), (folder / SIGNATURE).stat())
            if not same:
                return None
            on_failure.pop_all()
            return SealedPair(manifest, signature.read())
    except FileNotFoundError:
        return None


def _zipped(folder: str, members: Iterator[Member]) -> Iterator[bytes]:
    outbox = _Outbox()
    with ZipFile(outbox, "w", ZIP_STORED) as archive:  # pictures are compressed already
        for member in members:
            about = ZipInfo(f"{folder}/{member.name}", member.moment.timetuple()[:6])
            about.external_attr = 0o644 << 16
            about.file_size = member.file.seek(0, io.SEEK_END)
            member.file.seek(0)
            with archive.open(about, "w") as entry:
                while chunk := member.file.read(_CHUNK):
                    entry.write(chunk)
                    yield from outbox.taken()
    yield from outbox.taken()


class _Outbox(io.RawIOBase):
    """Takes what is written until it is sent. It cannot be wound back, and zipfile minds that."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._waiting.append(bytes(content))
        return len(content)

    def taken(self) -> Iterator[bytes]:
        waiting, self._waiting = self._waiting, []
        if waiting:
            yield b"".join(waiting)
