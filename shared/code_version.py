"""Which program this is: its version, and a digest of the sources that run."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from shared.config import ROOT

VERSION = "0.1.0"

_ROOMS = ("automation_service", "orchestrator_service", "shared", "worker_service")
_SOURCES = (".js", ".py", ".yaml")


@lru_cache(maxsize=1)
def code_version() -> str:
    """The version and 12 hex digits that change with any source file: "0.1.0+3f9c1a5b7d20"."""
    digest = hashlib.sha256()
    for room in _ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix in _SOURCES:
                digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return f"{VERSION}+{digest.hexdigest()[:12]}"
