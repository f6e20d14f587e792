"""Bringing a backup back into a deployment that has nothing yet."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection, select

from shared.backup.format import CONTENTS, RESULTS_FOLDER, Contents, Part, UnusableBackup
from shared.backup.rows import count_on, known_tables, load
from shared.record import Record, slots
from shared.record.migrate import MIGRATIONS, version
from shared.record.mutual_exclusion import Work, alone
from shared.record.tables import tasks
from shared.record.upgrade import upgrade
from shared.seal import PUBLIC_KEY_FILE
from shared.task_state import TaskState

RESTORED_KEY_FILE = "evidence_key.restored.pub"
"""In the data folder: the public key of the deployment that the backup was made in. The new one has
a key of its own; what was sealed before is checked with this one."""

_CHUNK = 1 << 20
_PATH_PARTS = 3


@dataclass(frozen=True)
class Restored:
    """What was brought back. `unfinished` is how many tasks go on once a worker starts."""

    contents: Contents
    unfinished: int


def restore(backup: Path, record: Record, results_dir: Path, data_dir: Path) -> Restored:
    """Bring a backup back; everything of it is checked before anything is written.

    Run again after it was interrupted, it goes on: what is there already must be the same. Raises
    UnusableBackup if the backup is damaged or of a newer version, or the record is not empty, and
    OSError or SQLAlchemyError if files or rows cannot be written.
    """
    try:
        with zipfile.ZipFile(backup) as package:
            return _restore(package, record, results_dir, data_dir)
    except zipfile.BadZipFile as error:
        raise UnusableBackup(f"It is damaged: {error}.") from error


def _restore(
    package: zipfile.ZipFile, record: Record, results_dir: Path, data_dir: Path
) -> Restored:
    contents = _contents_of(package)
    for part in contents.files:
        _require_a_files_name(part.name)
        _require_same(part, _digest(package, part.name))
    with alone(record, Work.MIGRATING):
        _require_empty(record, contents)
        # Files first: the record never speaks of one that is not there.
        for part in contents.files:
            _bring_back(package, part, results_dir)
        if PUBLIC_KEY_FILE in package.namelist():
            data_dir.mkdir(parents=True, exist_ok=True)
            (data_dir / RESTORED_KEY_FILE).write_bytes(package.read(PUBLIC_KEY_FILE))
        if version(record) is None:
            upgrade(record, to=contents.schema)
        with record.rebuild() as connection:
            _load_all(connection, package, contents)
        upgrade(record)
    with record.write() as connection:
        return Restored(contents, _end_what_ran(connection))


def _contents_of(package: zipfile.ZipFile) -> Contents:
    try:
        contents = Contents.read(package.read(CONTENTS).decode())
    except KeyError:
        raise UnusableBackup(f"It has no {CONTENTS}, so it is no backup.") from None
    known = {file.name.split("_")[0] for file in (MIGRATIONS / "versions").glob("*.py")}
    if contents.schema not in known:
        raise UnusableBackup(
            f"It is of a newer version ({contents.schema}): upgrade this program first."
        )
    return contents


def _require_empty(record: Record, contents: Contents) -> None:
    there = version(record)
    if there is None:
        return
    with record.read() as connection:
        is_used = connection.execute(select(tasks.c.id).limit(1)).first() is not None
    if is_used:
        raise UnusableBackup("The record here has tasks already; restore into an empty one.")
    if there != contents.schema:
        raise UnusableBackup(
            f"The tables here are of version {there}, the backup's of {contents.schema}: "
            "name a database without tables."
        )


def _load_all(connection: Connection, package: zipfile.ZipFile, contents: Contents) -> None:
    parts = {Path(part.name).stem: part for part in contents.tables}
    found = known_tables(connection)
    if missing := sorted(parts.keys() - found.keys()):
        raise UnusableBackup(f"It has tables that nobody knows: {', '.join(missing)}.")
    for name, table in found.items():
        if name not in parts:
            continue
        # What a service that was started here once has announced is in the backup as well.
        connection.execute(table.delete())
        lines = _Lines(package, parts[name])
        load(connection, table, lines)
        lines.require_all()
        count_on(connection, table)


class _Lines:
    """The lines of a table in the backup, counted and digested on the way."""

    def __init__(self, package: zipfile.ZipFile, part: Part) -> None:
        self._package = package
        self._part = part
        self._digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        with self._package.open(self._part.name) as lines:
            for line in lines:
                self._digest.update(line)
                yield line

    def require_all(self) -> None:
        _require_same(self._part, self._digest.hexdigest())


def _end_what_ran(connection: Connection) -> int:
    """Nobody is at work here: what slots held is free. How many tasks are not finished."""
    for slot in slots.live(connection):
        slots.end(connection, slot.id)
    slots.end_queued(connection, [slot.id for slot in slots.queued(connection)])
    final = [state.value for state in TaskState if state.is_final]
    return len(connection.execute(select(tasks.c.id).where(tasks.c.state.not_in(final))).all())


def _require_a_files_name(name: str) -> None:
    """Nothing in a backup may be written anywhere but into a task's own folder."""
    parts = PurePosixPath(name).parts
    plain = all(part not in ("", ".", "..") and "\\" not in part for part in parts)
    if len(parts) != _PATH_PARTS or parts[0] != RESULTS_FOLDER or not plain:
        raise UnusableBackup(f"It names a file that may not be there: {name!r}.")


def _digest(package: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    try:
        with package.open(name) as part:
            while chunk := part.read(_CHUNK):
                digest.update(chunk)
    except KeyError:
        raise UnusableBackup(f"{name} is missing in it.") from None
    return digest.hexdigest()


def _require_same(part: Part, sha256: str) -> None:
    if part.sha256 != sha256:
        raise UnusableBackup(f"{part.name} in it is not what it was when the backup was made.")


def _bring_back(package: zipfile.ZipFile, part: Part, results_dir: Path) -> None:
    place = results_dir / Path(*PurePosixPath(part.name).parts[1:])
    if place.exists():
        if hashlib.sha256(place.read_bytes()).hexdigest() != part.sha256:
            raise UnusableBackup(f"{place} is there already, and is another file.")
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_name(f"{place.name}.{os.getpid()}.part")
    try:
        with package.open(part.name) as content, unfinished.open("wb") as file:
            while chunk := content.read(_CHUNK):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(place)
    finally:
        unfinished.unlink(missing_ok=True)
