"""Writing that outlasts a record that is busy, restarting or cut off for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from shared.record.database import Record

T = TypeVar("T")

PATIENCE_SECONDS = 120.0


def persist(record: Record, write: Callable[[Connection], T]) -> T:
    """Run `write` in one write transaction; again, from the start, while the record is away.

    `write` must be a compare-and-set, since a commit whose answer was lost runs it twice. Raises
    the last error after two minutes.
    """
    for attempt in Retrying(
        retry=retry_if_exception(_is_passing),
        wait=wait_random_exponential(multiplier=0.1, max=3),
        stop=stop_after_delay(PATIENCE_SECONDS),
        reraise=True,
    ):
        with attempt, record.write() as connection:
            return write(connection)
    raise AssertionError("tenacity either returns or raises")


def _is_passing(error: BaseException) -> bool:
    if isinstance(error, (OperationalError, InterfaceError)):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated
