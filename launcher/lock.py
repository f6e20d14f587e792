"""Lets one process at a time do a piece of work. The kernel holds the lock, so none is stale."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(path: Path, work: str) -> Iterator[int]:
    """Wait for the lock file `path`, saying which `work` somebody else is at, and hold it.

    Yields the file's descriptor: a child that inherits it holds the lock as long as it lives.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell(f"waiting for another ./run that is {work}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)


def tell(line: str) -> None:
    """Say one line to the person at the terminal."""
    print(f"run: {line}", file=sys.stderr, flush=True)
