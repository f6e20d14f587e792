"""Several processes at the record at once, begun together, each with a result to report."""

from __future__ import annotations

import multiprocessing
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from typing import Any, TypeVar

import psutil

T = TypeVar("T")

DEADLINE_SECONDS = 60.0

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(
    [
        "alembic.command",
        "pytest",
        "shared.record.persistence",
        "sqlalchemy.dialects.postgresql.psycopg",
        "sqlalchemy.dialects.sqlite",
        "tests.integration.record.given",
    ]
)
"""Imported once, so that a process of our own costs 0.03 s of a processor."""


def together(work: Callable[..., T], arguments: Sequence[tuple[Any, ...]]) -> list[T]:
    """Call `work` once for each tuple of arguments, each in a process of its own, all at once.

    `work` must be a function that another process can import. Returns the results in order;
    fails with what the first process that failed has to say.
    """
    barrier = _context.Barrier(len(arguments))
    calls = [_Call(work, call, barrier) for call in arguments]
    try:
        return [call.result() for call in calls]
    finally:
        for call in calls:
            call.end()


@contextmanager
def frozen(work: Callable[..., Any], arguments: tuple[Any, ...]) -> Iterator[None]:
    """Call `work` in another process that stops itself (SIGSTOP), for as long as the block runs."""
    process = _context.Process(target=work, args=arguments, daemon=True)
    process.start()
    try:
        _wait_until_stopped(process)
        yield
    finally:
        process.kill()
        process.join()


class _Call:
    """One call in a process of its own."""

    def __init__(
        self, work: Callable[..., Any], arguments: tuple[Any, ...], barrier: Barrier
    ) -> None:
        self._answer, answer = _context.Pipe(duplex=False)
        self._process = _context.Process(
            target=_run, args=(work, arguments, barrier, answer), daemon=True
        )
        self._process.start()
        answer.close()

    def result(self) -> Any:
        if not self._answer.poll(DEADLINE_SECONDS):
            raise TimeoutError("a process did not report back")
        try:
            succeeded, result = self._answer.recv()
        except EOFError:
            self._process.join(DEADLINE_SECONDS)
            raise AssertionError(f"a process ended with {self._process.exitcode}") from None
        if not succeeded:
            raise AssertionError(result)
        return result

    def end(self) -> None:
        self._process.join(0.0 if self._process.exitcode is None else None)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()
        self._answer.close()


def _wait_until_stopped(process: BaseProcess) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
        assert process.exitcode is None, f"it ended with {process.exitcode}"
        assert time.monotonic() < deadline, "it did not stop itself"
        time.sleep(0.01)


def _run(
    work: Callable[..., Any], arguments: tuple[Any, ...], barrier: Barrier, answer: Connection
) -> None:
    try:
        barrier.wait(DEADLINE_SECONDS)
        result = (True, work(*arguments))
    except BaseException:  # the test's own process must hear of it, whatever it is
        result = (False, traceback.format_exc())
    answer.send(result)
