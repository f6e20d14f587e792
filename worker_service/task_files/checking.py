"""Trying what is to be offered in a process of its own, so that it can harm nobody here.

The process is forked: a fresh interpreter takes seconds for its imports, and a saved file is to be
found within two.
"""

from __future__ import annotations

import contextlib
import json
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from shared.config import Settings
from shared.errors import ConfigurationError
from shared.record.task_types import TaskType
from worker_service.params import PortalParams, with_portals
from worker_service.registry import TaskDefinition

CHECK_SECONDS = 10.0
"""How long importing and declaring may take."""
LONGEST_ANNOUNCEMENT = 200_000
_FORK = multiprocessing.get_context("fork")
_DEFAULTS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGALRM)


@dataclass(frozen=True)
class Declared:
    """A task type that was declared and can be offered; its schema knows no portals yet."""

    task_type: TaskType
    takes_portals: bool

    def announced(self, portals: Sequence[str]) -> TaskType:
        """The announcement of a worker with these portals: its schema takes them."""
        if not self.takes_portals:
            return self.task_type
        return replace(
            self.task_type, params_schema=with_portals(self.task_type.params_schema, portals)
        )


class Check:
    """One trial: begun when it is made, asked with `poll`, over once it answered or was ended."""

    def __init__(
        self,
        load: Callable[[], Mapping[str, TaskDefinition[Any]]],
        why: Callable[[BaseException], str],
        settings: Settings,
        seconds: float,
    ) -> None:
        """`load` runs in a process of its own, `why` puts in words what it raises.

        Raises OSError if there can be no further process.
        """
        self._until = time.monotonic() + seconds
        self._seconds = seconds
        self._ours, theirs = _FORK.Pipe(duplex=False)
        self._process = _FORK.Process(
            target=_try, args=(theirs, load, why, settings, seconds), name="task check", daemon=True
        )
        try:
            self._process.start()
        except OSError:
            self._ours.close()
            raise
        finally:
            theirs.close()

    def poll(self) -> list[Declared] | str | None:
        """What is declared, or why it is refused; None while it is not known yet."""
        ended = not self._process.is_alive()
        if self._ours.poll():
            return self._answer()
        if ended:
            self.end()
            return f"Importing it ended the process (exit code {self._process.exitcode})."
        if time.monotonic() >= self._until:
            self.end()
            return f"Importing it took longer than {self._seconds:g} s."
        return None

    def wait(self) -> list[Declared] | str:
        """What `poll` says in the end."""
        while (answer := self.poll()) is None:
            self._ours.poll(0.05)
        return answer

    def end(self) -> None:
        """End the process and what it started. May be called twice."""
        if self._ours.closed:
            return
        self._ours.close()
        if self._process.pid is not None:
            # What an import has started is of its group, and may live on when it is gone itself.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.join(timeout=1)

    def _answer(self) -> list[Declared] | str:
        try:
            answer = json.loads(self._ours.recv_bytes())
        except (EOFError, OSError):
            self._process.join(timeout=1)
            self.end()
            return f"Importing it ended the process (exit code {self._process.exitcode})."
        self.end()
        if isinstance(answer, str):
            return answer
        return [Declared(TaskType(**told), takes) for told, takes in answer]


def _try(
    pipe: Connection,
    load: Callable[[], Mapping[str, TaskDefinition[Any]]],
    why: Callable[[BaseException], str],
    settings: Settings,
    seconds: float,
) -> None:
    """In the forked process: answer through the pipe, and be gone without any farewell."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in _DEFAULTS:
        signal.signal(number, signal.SIG_DFL)
    # Should our parent die, nobody else would end an import that hangs.
    signal.setitimer(signal.ITIMER_REAL, seconds + 1)
    logging.disable()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    try:
        answer = json.dumps([_told(one, settings) for one in load().values()], allow_nan=False)
    except BaseException as error:
        answer = json.dumps(why(error))
    with contextlib.suppress(OSError):
        pipe.send_bytes(answer.encode())
    os._exit(0)


def _told(definition: TaskDefinition[Any], settings: Settings) -> tuple[dict[str, Any], bool]:
    takes_portals = issubclass(definition.params, PortalParams)
    # The known portals come and go; whoever announces adds them.
    offered = definition.announced(settings, ["esc"])
    _check_schema(definition.name, offered.params_schema)
    told = asdict(offered)
    text = json.dumps(told, ensure_ascii=False, allow_nan=False)
    if len(text) > LONGEST_ANNOUNCEMENT:
        raise ConfigurationError(f"{definition.name}: its params' schema is too large.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ConfigurationError(f"{definition.name}: it says what is no text.") from None
    if "\\u0000" in text:
        raise ConfigurationError(f"{definition.name}: it says a character that is no text.")
    return told, takes_portals


def _check_schema(name: str, schema: dict[str, Any]) -> None:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ConfigurationError(f"{name}: its params' schema: {error.message}") from None
    if schema.get("type") != "object":
        raise ConfigurationError(f"{name}: its params must be an object.")
    for param, told in schema.get("properties", {}).items():
        if not isinstance(told, dict):
            raise ConfigurationError(f"{name}: the schema of {param!r} must be an object.")
