"""Work that one process does at a time, whoever shares the record; a death ends its turn."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from sqlalchemy import text

from shared.record.database import Record

LOOK_SECONDS = 0.05


class Work(Enum):
    """What is done alone. The numbers are arbitrary; every version of this program uses them."""

    MIGRATING = ("migrate-lock", 0x41414221)
    KEEPING_EVIDENCE = ("evidence-lock", 0x41414222)

    @property
    def file_suffix(self) -> str:
        """The lock's file beside a record in SQLite."""
        return self.value[0]

    @property
    def number(self) -> int:
        """The lock's number in PostgreSQL."""
        return self.value[1]


@contextmanager
def alone(record: Record, work: Work, patience: float | None = None) -> Iterator[None]:
    """Do `work` while no other process, nor another thread of this one, does it.

    Raises TimeoutError after `patience` seconds of waiting; None waits for ever.
    """
    ends = None if patience is None else time.monotonic() + patience
    if record.is_sqlite:
        with _file_lock(record, work, ends):
            yield
    else:
        with _advisory_lock(record, work, ends):
            yield


@contextmanager
def _file_lock(record: Record, work: Work, ends: float | None) -> Iterator[None]:
    if not record.url.database:
        yield
        return
    with Path(f"{record.url.database}.{work.file_suffix}").open("w") as lock:
        while not _try_file(lock.fileno(), wait=ends is None):
            _look_again(ends)
        yield


def _try_file(lock: int, *, wait: bool) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


@contextmanager
def _advisory_lock(record: Record, work: Work, ends: float | None) -> Iterator[None]:
    # Without a transaction: one that idles meanwhile would be ended as frozen.
    engine = record.engine.execution_options(isolation_level="AUTOCOMMIT")
    name = {"n": work.number}
    with engine.connect() as connection:
        if ends is None:
            connection.execute(text("SELECT pg_advisory_lock(:n)"), name)
        else:
            attempt = text("SELECT pg_try_advisory_lock(:n)")
            while not connection.execute(attempt, name).scalar_one():
                _look_again(ends)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:n)"), name)


def _look_again(ends: float | None) -> None:
    if ends is not None and time.monotonic() >= ends:
        raise TimeoutError("somebody else is at it")
    time.sleep(LOOK_SECONDS)
