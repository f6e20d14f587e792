"""What ran of TASKS_DIR, kept by content for as long as tasks go by it."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterable
from pathlib import Path

UNUSED_SECONDS = 3600.0
"""A copy is kept at least so long: another worker may be about to announce it."""
_COPY = re.compile(r"[0-9a-f]{64}\.py")


class Copies:
    """A folder of files named by the SHA-256 of what is in them. Workers may share it."""

    def __init__(self, folder: Path) -> None:
        """The folder is made when there is something to keep."""
        self._folder = folder

    def keep(self, sha256: str, content: bytes) -> None:
        """Keep a content. Raises OSError if it cannot be stored."""
        path = self.path(sha256)
        if path.exists():
            path.touch()
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._folder / f"{secrets.token_hex(8)}.part"
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)

    def path(self, sha256: str) -> Path:
        """Where this content is, or would be."""
        return self._folder / f"{sha256}.py"

    def has(self, sha256: str) -> bool:
        """True if it is kept."""
        return self.path(sha256).exists()

    def content(self, sha256: str) -> bytes | None:
        """What was kept; None if it is not there, or is not what it was."""
        try:
            content = self.path(sha256).read_bytes()
        except OSError:
            return None
        return content if hashlib.sha256(content).hexdigest() == sha256 else None

    def all(self) -> set[str]:
        """The SHA-256 of everything kept."""
        try:
            return {name[:64] for name in os.listdir(self._folder) if _COPY.fullmatch(name)}
        except OSError:
            return set()

    def sweep(self, in_use: Iterable[str]) -> None:
        """Remove what nothing goes by any more and was not kept just now."""
        for sha256 in self.all() - set(in_use):
            path = self.path(sha256)
            try:
                if time.time() - path.stat().st_mtime > UNUSED_SECONDS:
                    path.unlink()
            except OSError:  # another worker was faster
                continue
