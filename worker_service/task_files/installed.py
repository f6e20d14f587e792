"""Task types that installed packages offer through an entry point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import structlog

from shared.config import Settings
from shared.errors import ConfigurationError
from shared.record.workers import Refusal
from worker_service.registry import TaskDefinition
from worker_service.task_files.checking import CHECK_SECONDS, Check
from worker_service.task_files.loading import check_words, declared_in, reason_of

log = structlog.get_logger()

GROUP = "ai_agent_backend.tasks"


@dataclass(frozen=True)
class Installed:
    """What packages offer, by name, and what of it is refused."""

    definitions: Mapping[str, TaskDefinition[Any]]
    refused: tuple[Refusal, ...]


def installed(settings: Settings, built_in: Mapping[str, TaskDefinition[Any]]) -> Installed:
    """The task types of packages; each is tried in a process of its own before it is imported.

    Those that cannot be offered, or have the name of one that comes with us or another package,
    are refused.
    """
    definitions: dict[str, TaskDefinition[Any]] = {}
    refused: list[Refusal] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        try:
            found = _loaded(point, settings)
            taken = sorted(found.keys() & (built_in.keys() | definitions.keys()))
            if taken:
                raise ConfigurationError(f"'{taken[0]}' is the name of another task type.")
        except ConfigurationError as error:
            version, source = _origin(point)
            log.warning("task type refused", package=source, reason=error.message)
            refused.append(Refusal(source, version, f"Refused: {error.message}"))
        else:
            definitions |= found
    return Installed(definitions, tuple(refused))


def _loaded(point: EntryPoint, settings: Settings) -> dict[str, TaskDefinition[Any]]:
    nowhere = Path(point.value)
    why = partial(reason_of, path=nowhere)
    answer = Check(partial(_load, point), why, settings, CHECK_SECONDS).wait()
    if isinstance(answer, str):
        raise ConfigurationError(answer)
    return _load(point)


def _load(point: EntryPoint) -> dict[str, TaskDefinition[Any]]:
    """What an entry point names: a task type, or a module with some."""
    named = point.load()
    if isinstance(named, ModuleType):
        return declared_in(named)
    if not isinstance(named, TaskDefinition):
        raise ConfigurationError("It is neither a task type nor a module that declares some.")
    check_words(named)
    return {named.name: named}


def _origin(point: EntryPoint) -> tuple[str, str]:
    """The version and the name of the package that has this entry point, as far as it is known."""
    package = point.dist
    if package is None:
        return "", f"{point.name} = {point.value}"
    return package.version, f"{package.name} ({point.name})"
