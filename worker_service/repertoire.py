"""Which program a pool child works by: what comes with us, or a file of TASKS_DIR at a version.

The record tells what the worker's parent offers by now, so children need not be told of it, and
never have to end for it. A task is planned by the version that is announced at that moment, and
then goes by this version to its end, for as long as somebody can run it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

import structlog
from pydantic import BaseModel
from sqlalchemy import Connection

from shared.errors import TaskFailed
from shared.record import task_types, workers
from shared.record.task_types import VERSION_DIGITS
from shared.record.tasks import Task
from shared.record.workers import Worker
from worker_service.registry import TaskDefinition
from worker_service.task_files.copies import Copies
from worker_service.task_files.loading import load, reason_of

log = structlog.get_logger()

LOADED = 32
"""So many versions a child holds ready."""


@dataclass(frozen=True)
class Found:
    """A program that can serve a task: its version, and how it is loaded.

    Loading runs an author's file: it takes its time, and may not come back.
    """

    sha256: str
    load: Callable[[], TaskDefinition[Any]]


class Repertoire:
    """Finds what a task goes by."""

    def __init__(
        self, fixed: Mapping[str, TaskDefinition[Any]], copies: Copies, worker_id: str
    ) -> None:
        """`fixed` is what comes with us and with packages; it never changes."""
        self._fixed = fixed
        self._copies = copies
        self._worker_id = worker_id
        self._loaded: dict[tuple[str, str], TaskDefinition[Any]] = {}

    def find(self, connection: Connection, task: Task) -> Found | None:
        """What the task goes by; None if this worker cannot serve it now."""
        fixed = self._fixed.get(task.task_type)
        if fixed is not None:
            return Found(fixed.sha256, lambda: fixed)
        version = self._version_for(connection, task)
        if version is None or not self._copies.has(version):
            return None
        return Found(version, partial(self._loaded_at, task.task_type, version))

    def names(self, connection: Connection) -> set[str]:
        """The task types that this worker serves now."""
        return {*self._fixed, *workers.versions_offered(connection, self._worker_id)}

    def _version_for(self, connection: Connection, task: Task) -> str | None:
        """The version that serves it here; None if it is left to others, or to us a little later.

        That which it was begun with; then that which is listed, by which its params were checked;
        then our own. One that another worker can run and we cannot is left to that one.
        """
        name = task.task_type
        ours = workers.get(connection, self._worker_id)
        if ours is None:
            return None
        begun_with, offered = task.task_version, ours.versions.get(name)
        listed = task_types.get(connection, name) if offered else None
        for version in (begun_with, listed.sha256 if listed else None):
            if version is None:
                continue
            if ours.can_run(name, version) and self._copies.has(version):
                return version
            if any(other.can_run(name, version) for other in self._others(connection)):
                return None
            if version == begun_with and self._is_being_tried(ours, name, version):
                return None
        return offered

    def _others(self, connection: Connection) -> list[Worker]:
        return [one for one in workers.serving(connection) if one.id != self._worker_id]

    def _is_being_tried(self, ours: Worker, name: str, version: str) -> bool:
        return self._copies.has(version) and version not in ours.finishing.get(name, {})

    def _loaded_at(self, name: str, sha256: str) -> TaskDefinition[Any]:
        known = self._loaded.get((name, sha256))
        if known is not None:
            return known
        content = self._copies.content(sha256)
        if content is None:
            return _unusable(name, sha256, "its copy in DATA_DIR is gone or damaged")
        found = self._load(name, sha256, content)
        while len(self._loaded) >= LOADED:
            del self._loaded[next(iter(self._loaded))]
        self._loaded[name, sha256] = found
        return found

    def _load(self, name: str, sha256: str, content: bytes) -> TaskDefinition[Any]:
        path = self._copies.path(sha256)
        try:
            found = load(f"{name}.py", content, sha256, path)
            return found[name]
        except KeyError:
            reason = "it does not declare this task type here"
        except Exception as error:
            reason = reason_of(error, path)
            log.warning("task file cannot be loaded", task_type=name, reason=reason)
        return _unusable(name, sha256, reason)


class _AnyParams(BaseModel):
    """Whatever was asked for."""


def _unusable(name: str, sha256: str, reason: str) -> TaskDefinition[Any]:
    """What fails its tasks with the reason: a file that loaded when tried, and does not now."""

    def fail(*_: object) -> NoReturn:
        raise TaskFailed(f"{name} at version {sha256[:VERSION_DIGITS]} cannot be used: {reason}")

    return TaskDefinition(
        name=name,
        title=name,
        description="",
        side_effect="none",
        params=_AnyParams,
        plan=fail,
        run_item=fail,
        file_sha256=sha256,
    )
