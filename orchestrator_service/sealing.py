"""Seals the evidence of final tasks: writes manifest.json and its signature into their folders.

Orchestrators alone write manifests, one of them at a time, for any task of the record. Not the
worker that ends a task: it talks to a portal and must not hold the key that vouches for what it
did, and it may die right after it ended the task, as may whoever cancels one. The record knows
which final tasks lack their manifest (shared/record/seals.py), so whoever dies, any orchestrator
makes it. One at a time, because the record is read and the files are replaced under one lock: a
manifest is never replaced by an older one.

The signature is taken away before the manifest is replaced and put back afterwards. So there is
never a signature beside a manifest that it is not for, and a reader who finds the same signature
before and after reading the manifest has a pair.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog

from orchestrator_service.manifest import Account, FoundFile, account_of, text_of
from shared.record import Record, seals
from shared.record.mutual_exclusion import Work, alone
from shared.record.seals import Seal
from shared.seal import MANIFEST, SIGNATURE, SigningKey

log = structlog.get_logger()

PAGE = 50
PATIENCE_SECONDS = 10.0
"""How long the lock may be somebody else's; it is held for one task at a time."""

_CHUNK = 1 << 18
_NEW = ".new"
OURS = frozenset({MANIFEST, SIGNATURE, MANIFEST + _NEW, SIGNATURE + _NEW})
"""What sealing itself puts into a folder; the last two are left by a crash and replaced."""


class Sealer:
    """Makes the manifests that the record says are to be made."""

    def __init__(self, record: Record, results_dir: Path, key: SigningKey) -> None:
        """Folders lie in `results_dir`; `key` signs."""
        self._record = record
        self._results_dir = results_dir
        self._key = key

    def seal_due(self, stopping: Callable[[], bool] = lambda: False) -> bool:
        """Seal every task that is due, until `stopping`; False if one could not be sealed."""
        all_sealed = True
        after = ""
        while True:
            with self._record.read() as connection:
                due = seals.due(connection, after, PAGE)
            if not due:
                return all_sealed
            for task_id in due:
                if stopping():
                    return all_sealed
                all_sealed = self._try(task_id) and all_sealed
            after = due[-1]

    def seal(self, task_id: str) -> Seal | None:
        """Seal this task if that is due; its seal as it then stands, None if it is not final.

        Raises OSError if its folder cannot be written, and TimeoutError if another orchestrator
        keeps the lock.
        """
        with alone(self._record, Work.KEEPING_EVIDENCE, PATIENCE_SECONDS):
            with self._record.read() as connection:
                seal = seals.get(connection, task_id)
                if seal is None or seal.removed_at is not None or seal.made >= seal.wanted:
                    return seal
                account = account_of(connection, task_id)
            began = time.monotonic()
            self._write(self._results_dir / task_id, account, seal.wanted)
            with self._record.write() as connection:
                seals.sealed(connection, seal)
        took = round((time.monotonic() - began) * 1000, 1)
        log.info("evidence_sealed", task_id=task_id, files=len(account.files), milliseconds=took)
        return seal

    def _try(self, task_id: str) -> bool:
        try:
            self.seal(task_id)
        except OSError as error:
            log.error("evidence_not_sealed", task_id=task_id, why=error.strerror or str(error))
            return False
        return True

    def _write(self, folder: Path, account: Account, number: int) -> None:
        is_new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        missing = [file.name for file in account.files if not is_there(folder, file.name)]
        if missing:
            log.error("evidence_missing", folder=folder.name, files=missing)
        known = {file.name for file in account.files}
        content = text_of(
            account, number, self._key.public.id, missing, list(_unrecorded(folder, known))
        )
        _put(folder / (MANIFEST + _NEW), content)
        _put(folder / (SIGNATURE + _NEW), self._key.sign(content).encode())
        (folder / SIGNATURE).unlink(missing_ok=True)
        (folder / (MANIFEST + _NEW)).rename(folder / MANIFEST)
        (folder / (SIGNATURE + _NEW)).rename(folder / SIGNATURE)
        sync_folder(folder)
        if is_new:
            sync_folder(folder.parent)


def is_there(folder: Path, name: str) -> bool:
    """True if `name` is a file of the folder itself, whatever a row may say."""
    place = folder / name
    return "/" not in name and place.is_file() and not place.is_symlink()


def _unrecorded(folder: Path, known: set[str]) -> Iterator[FoundFile]:
    """What a crash left between writing a file and recording it."""
    for place in sorted(folder.iterdir()):
        if place.name not in known | OURS and is_there(folder, place.name):
            digest = hashlib.sha256()
            with place.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
            yield FoundFile(place.name, digest.hexdigest(), place.stat().st_size)


def _put(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make what was renamed, added or removed in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
