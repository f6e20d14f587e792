"""The files in TASKS_DIR, each once it is whole."""

from __future__ import annotations

import hashlib
import os
import re
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from shared.errors import ConfigurationError

LARGEST = 1_000_000
"""Bytes. A task type's source is shorter."""
AT_REST_SECONDS = 2.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,90}\.py")

_Signature = tuple[int, int, int, int]


@dataclass(frozen=True)
class SourceFile:
    """A file as it was read; `fault` says why it cannot hold task types, whatever is in it."""

    name: str
    content: bytes
    changed_at: float
    fault: str | None = None

    @cached_property
    def sha256(self) -> str:
        """That of the content."""
        return hashlib.sha256(self.content).hexdigest()


class TaskFolder:
    """What is in the folder, look by look. A file counts once two looks have seen it the same."""

    def __init__(self, folder: Path) -> None:
        """The folder may be missing; then nothing is in it."""
        self._folder = folder
        self._seen: dict[str, _Signature] = {}
        self._read: dict[str, tuple[_Signature, SourceFile]] = {}
        self._looked = False

    def look(self) -> dict[str, SourceFile | None]:
        """The files by name; None for one that is being written, or has just gone.

        Raises ConfigurationError if the folder cannot be read.
        """
        found = self._signatures()
        files: dict[str, SourceFile | None] = {}
        for name, signature in found.items():
            rests = not self._looked and time.time() - signature[2] / 1e9 > AT_REST_SECONDS
            whole = rests or self._seen.get(name) == signature
            files[name] = self._file(name, signature) if whole else None
        for name in self._seen.keys() - found.keys():
            files[name] = None
        self._read = {name: kept for name, kept in self._read.items() if name in files}
        self._seen, self._looked = found, True
        return files

    def _signatures(self) -> dict[str, _Signature]:
        try:
            with os.scandir(self._folder) as entries:
                return {
                    entry.name: signature
                    for entry in entries
                    if entry.name.endswith(".py")
                    and not entry.name.startswith(("_", "."))
                    and (signature := _signature(entry)) is not None
                }
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigurationError(f"TASKS_DIR cannot be read: {error.strerror}") from None

    def _file(self, name: str, signature: _Signature) -> SourceFile | None:
        kept = self._read.get(name)
        if kept is not None and kept[0] == signature:
            return kept[1]
        file = _read(self._folder / name, signature)
        if file is not None:
            self._read[name] = (signature, file)
        return file


def _read(path: Path, signature: _Signature) -> SourceFile | None:
    shown, changed_at = ascii(path.name)[1:-1], signature[2] / 1e9
    if not _NAME.fullmatch(path.name):
        told = "its name may have letters, digits, '.', '_' and '-', at most 90 before .py"
        return SourceFile(shown, b"", changed_at, told)
    if signature[1] > LARGEST:
        return SourceFile(shown, b"", changed_at, f"it is larger than {LARGEST} bytes")
    try:
        return SourceFile(shown, path.read_bytes(), changed_at)
    except FileNotFoundError:
        return None
    except OSError as error:
        return SourceFile(shown, b"", changed_at, f"it cannot be read: {error.strerror}")


def _signature(entry: os.DirEntry[str]) -> _Signature | None:
    """What changes whenever the file does; None for what is no file."""
    try:
        if not entry.is_file():
            return None
        told = entry.stat()
    except OSError:  # gone meanwhile, or a link that leads nowhere
        return None
    return told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns
