"""Making a backup while everything runs: the record as it is at one moment, then its files."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, select

from shared.backup.format import (
    BACKUP_TASKS,
    CONTENTS,
    LEFT_OUT_TABLES,
    RECORD_FOLDER,
    RESULTS_FOLDER,
    Contents,
    Part,
)
from shared.backup.rows import dump
from shared.code_version import code_version
from shared.contracts import EvidenceKind
from shared.record import Record
from shared.record.migrate import NEWEST
from shared.record.mutual_exclusion import Work, alone
from shared.record.tables import artifacts, metadata, seals, tasks
from shared.seal import MANIFEST, PUBLIC_KEY_FILE, SIGNATURE
from shared.utils import rfc3339, utc_now

_CHUNK = 1 << 20
_ROWS_BETWEEN_CHECKS = 1000


@dataclass(frozen=True)
class Source:
    """What is backed up. `scratch` is a folder for what is needed on the way, on a local disk."""

    record: Record
    results_dir: Path
    data_dir: Path
    scratch: Path


def make_backup(source: Source, into: Path, check: Callable[[], None]) -> Contents:
    """Write a backup to the file `into`.

    The record is that of one moment. Each of its files is there as the record has it, for files
    come before their rows and are never changed; one that is not on disk so is named as left out.
    `check` is called now and then, and raises if nobody wants the backup any more.
    """
    made_at = rfc3339(utc_now())
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as package:
        packing = _Packing(package, check)
        with _one_moment(source) as connection:
            spoken = _spoken_of(connection)
            for table in metadata.sorted_tables:
                if table.name not in LEFT_OUT_TABLES:
                    packing.add_table(table.name, dump(connection, table))
        for path, sha256 in spoken.files.items():
            packing.add_file(source.results_dir, path, sha256)
        for task_id in spoken.sealed:
            with alone(source.record, Work.KEEPING_EVIDENCE):
                # A manifest and its signature are replaced one after the other.
                for name in (MANIFEST, SIGNATURE):
                    packing.add_file(source.results_dir, f"{task_id}/{name}")
        packing.add_key(source.data_dir / PUBLIC_KEY_FILE)
        contents = Contents(
            made_at=made_at,
            schema=NEWEST,
            code_version=code_version(),
            tables=packing.tables,
            files=packing.files,
            left_out=sorted([*spoken.backups, *packing.absent]),
        )
        package.writestr(CONTENTS, contents.as_json())
    return contents


class _Packing:
    """Puts parts into the package and notes what each was."""

    def __init__(self, package: zipfile.ZipFile, check: Callable[[], None]) -> None:
        self._package = package
        self._check = check
        self.tables: list[Part] = []
        self.files: list[Part] = []
        self.absent: list[str] = []

    def add_table(self, name: str, lines: Iterable[bytes]) -> None:
        digest, rows = hashlib.sha256(), 0
        member = f"{RECORD_FOLDER}/{name}.jsonl"
        with self._package.open(member, "w", force_zip64=True) as part:
            for line in lines:
                digest.update(line)
                part.write(line)
                rows += 1
                if rows % _ROWS_BETWEEN_CHECKS == 0:
                    self._check()
        self.tables.append(Part(member, digest.hexdigest(), rows))

    def add_file(self, results_dir: Path, path: str, sha256: str | None = None) -> None:
        """Add a file of a task; if it is there, and is what the record says (None: anything)."""
        self._check()
        try:
            # A file that is replaced or removed meanwhile stays readable while it is open.
            with (results_dir / path).open("rb") as file:
                found = hashlib.sha256()
                while chunk := file.read(_CHUNK):
                    found.update(chunk)
                if sha256 not in (None, found.hexdigest()):
                    self.absent.append(path)
                    return
                size = file.tell()
                file.seek(0)
                member = f"{RESULTS_FOLDER}/{path}"
                # Pictures and packages are packed already.
                about = zipfile.ZipInfo(member)
                with self._package.open(about, "w", force_zip64=True) as part:
                    shutil.copyfileobj(file, part, _CHUNK)
        except FileNotFoundError:
            self.absent.append(path)
            return
        self.files.append(Part(member, found.hexdigest(), size))

    def add_key(self, path: Path) -> None:
        """Add the public key that checks the signatures, if this machine has it."""
        with suppress(FileNotFoundError):
            self._package.writestr(PUBLIC_KEY_FILE, path.read_bytes())


@contextmanager
def _one_moment(source: Source) -> Iterator[Connection]:
    """One moment's view of the record that holds nobody up, however long it is read.

    A reader of SQLite keeps its write-ahead log from being taken in, so a copy is read instead.
    """
    if not source.record.is_sqlite:
        with source.record.read() as connection:
            yield connection
        return
    with TemporaryDirectory(dir=source.scratch) as folder:
        copy = Path(folder) / "record.sqlite3"
        with (
            closing(sqlite3.connect(str(source.record.url.database))) as original,
            closing(sqlite3.connect(copy)) as copied,
        ):
            original.backup(copied)
        record = Record(f"sqlite:///{copy}")
        try:
            with record.read() as connection:
                yield connection
        finally:
            record.close()


@dataclass(frozen=True)
class _Spoken:
    """The files that a moment's record speaks of: path to SHA-256, sealed tasks, other backups."""

    files: dict[str, str]
    sealed: list[str]
    backups: list[str]


def _spoken_of(connection: Connection) -> _Spoken:
    rows = connection.execute(
        select(artifacts.c.path, artifacts.c.sha256, artifacts.c.kind, tasks.c.task_type)
        .join(tasks, tasks.c.id == artifacts.c.task_id)
        .order_by(artifacts.c.id)
    ).all()
    backups = [
        row.path
        for row in rows
        if (row.task_type, row.kind) == (BACKUP_TASKS, EvidenceKind.FILE.value)
    ]
    sealed = select(seals.c.task_id).where(seals.c.made > 0, seals.c.removed_at.is_(None))
    left_out = frozenset(backups)
    return _Spoken(
        files={row.path: row.sha256 for row in rows if row.path not in left_out},
        sealed=list(connection.execute(sealed.order_by(seals.c.task_id)).scalars()),
        backups=backups,
    )
