"""The task types there are, as workers announced them, each with a compiled check of its params."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jsonschema import Draft202012Validator

from orchestrator_service.dispatcher import Dispatcher
from orchestrator_service.form_strings import deprecated_in, read_form
from orchestrator_service.param_faults import faults, given_twice, in_one_sentence
from shared.contracts import DEFAULT_QUEUE
from shared.errors import InvalidParams, UnknownTaskType
from shared.record import Record, task_types, workers
from shared.record.task_types import TaskType
from shared.record.workers import Refusal, Worker

FRESH_SECONDS = 1.0


@dataclass(frozen=True)
class KnownType:
    """A task type and the compiled check of its params."""

    task_type: TaskType
    validator: Draft202012Validator

    def check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The params as the schema wants them. Raises InvalidParams naming every fault."""
        schema = self.task_type.params_schema
        params = read_form(given, schema, self.task_type.aliases)
        aliases = self.task_type.aliases
        twice = {name: aliases[name] for name in deprecated_in(params, aliases)}
        once = {name: value for name, value in params.items() if name not in twice}
        found = [*given_twice(twice), *faults(self.validator.iter_errors(once))]
        if found:
            raise InvalidParams(in_one_sentence(found), errors=list(found))
        return params


class Catalogue:
    """What can be asked for. Read from the record at most about once a second; thread-safe."""

    def __init__(self, record: Record, dispatcher: Dispatcher) -> None:
        """Types come from `record`, who offers them now from `dispatcher`."""
        self._record = record
        self._dispatcher = dispatcher
        self._known: dict[str, KnownType] = {}
        self._serving: list[Worker] = []
        self._fresh_until = 0.0
        self._reading = threading.Lock()

    def fresh(self, name: str) -> KnownType | None:
        """The task type if it was read just now; never touches the record."""
        return self._known.get(name) if time.monotonic() < self._fresh_until else None

    def find(self, name: str) -> KnownType:
        """The task type. Raises UnknownTaskType listing the known ones."""
        known = self.fresh(name) or self.read().get(name)
        if known is None:
            names = ", ".join(sorted(self._known)) or "none yet"
            raise UnknownTaskType(f"No task type '{name}' was ever offered; known are: {names}.")
        return known

    def read(self) -> dict[str, KnownType]:
        """All types by name, from the record."""
        with self._reading:
            with self._record.read() as connection:
                announced = task_types.every(connection)
                self._serving = workers.serving(connection)
            self._known = {offered.name: self._compiled(offered) for offered in announced}
            self._fresh_until = time.monotonic() + FRESH_SECONDS
            return self._known

    def refused(self) -> list[Refusal]:
        """Files that running workers cannot offer, one entry a file."""
        found: dict[str, list[Refusal]] = {}
        serving = self._serving
        for worker in serving:
            for one in worker.refused:
                found.setdefault(one.file, []).append(one)
        return [_told_by(found[file], len(serving)) for file in sorted(found)]

    def uses_deprecated(self, name: str, given: Mapping[str, Any]) -> bool:
        """Whether params of this type go by a deprecated name, as far as was read before."""
        known = self._known.get(name)
        return known is not None and bool(deprecated_in(given, known.task_type.aliases))

    def words(self, name: str) -> TaskType | None:
        """The type whose words to use for items, or None if it is not known."""
        known = self.fresh(name) or self.read().get(name)
        return known.task_type if known else None

    def why_not_available(self, name: str) -> str | None:
        """Why tasks of this type would wait just now; None if a live worker offers it."""
        fresh = time.monotonic() < self._fresh_until
        serving = self._serving if fresh else self._dispatcher.serving()
        if any(name in worker.task_types for worker in serving):
            return None
        known = self._known.get(name)
        if known is not None and known.task_type.withdrawn is not None:
            return known.task_type.withdrawn
        if not serving:
            return "No worker is running."
        return f"None of the workers running offers '{name}'."

    def waits_for(self, name: str) -> str | None:
        """What a task of this type waits for just now; None if a live worker offers it."""
        reason = self.why_not_available(name)
        if reason is None:
            return None
        task_type = self.words(name)
        elsewhere = task_type is not None and task_type.queue != DEFAULT_QUEUE
        queue = f" (queue '{task_type.queue}')" if task_type is not None and elsewhere else ""
        return f"The task is waiting for a worker that offers '{name}'{queue}. {reason}"

    def _compiled(self, offered: TaskType) -> KnownType:
        known = self._known.get(offered.name)
        if known is not None and known.task_type == offered:
            return known
        return KnownType(offered, Draft202012Validator(offered.params_schema))


def _told_by(refusals: Sequence[Refusal], workers_serving: int) -> Refusal:
    """One for all; it says so if other workers do not refuse the file."""
    first, many = refusals[0], len(refusals)
    if many == workers_serving:
        return first
    who = f"{many} of {workers_serving} workers {'refuses' if many == 1 else 'refuse'} it."
    return replace(first, reason=f"{first.reason} {who}")
