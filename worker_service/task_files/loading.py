"""From source to task types."""

from __future__ import annotations

import re
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from shared.errors import AgentError, ConfigurationError
from worker_service.registry import TaskDefinition

LONGEST_REASON = 300
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_FOLDERS = re.compile(r"(?<![\w:/.])/(?:[^\s/'\"():]+/)+")
"""Whoever reads a reason over HTTP learns no folder of this machine."""


def load(name: str, content: bytes, sha256: str, path: Path) -> dict[str, TaskDefinition[Any]]:
    """The task types that a file declares, by name; `path` is where tracebacks find its lines.

    Runs the file, and raises whatever that raises; ConfigurationError if it declares none, or one
    that cannot be offered.
    """
    stem = re.sub(r"\W", "_", name.removesuffix(".py"))
    module = ModuleType(f"task_file_{stem}_{sha256[:12]}")
    module.__file__ = str(path)
    # pydantic looks up names in annotations there.
    sys.modules[module.__name__] = module
    try:
        exec(compile(content, str(path), "exec", dont_inherit=True), module.__dict__)
        found = declared_in(module)
    except BaseException:
        del sys.modules[module.__name__]
        raise
    return {n: replace(one, file=name, file_sha256=sha256) for n, one in found.items()}


def declared_in(module: ModuleType) -> dict[str, TaskDefinition[Any]]:
    """The task types whose functions are written in the module, by name. ConfigurationError."""
    declared = {
        id(value): value
        for value in vars(module).values()
        if isinstance(value, TaskDefinition) and value.run_item.__module__ == module.__name__
    }
    if not declared:
        raise ConfigurationError("It declares no task type; see docs/tasks.md.")
    found: dict[str, TaskDefinition[Any]] = {}
    for definition in declared.values():
        check_words(definition)
        if definition.name in found:
            raise ConfigurationError(f"It declares {definition.name!r} twice.")
        found[definition.name] = definition
    return found


def check_words(definition: TaskDefinition[Any]) -> None:
    """Raises ConfigurationError if a task type cannot be offered by what it says of itself."""
    name = definition.name
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise ConfigurationError(
            f"{name!r:.80} cannot name a task type: use a small letter first, then small letters,"
            " digits and '_', at most 64."
        )
    if not all(isinstance(word, str) for word in (definition.title, definition.description)):
        raise ConfigurationError(f"{name}: title and description must be text.")
    if not (isinstance(definition.params, type) and issubclass(definition.params, BaseModel)):
        raise ConfigurationError(f"{name}: its params must be a pydantic model.")


def reason_of(error: BaseException, path: Path) -> str:
    """Why loading failed, in one line that names the line of the file and no folder."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        line, told = error.lineno, f"{type(error).__name__}: {error.msg}"
    else:
        frames = traceback.extract_tb(error.__traceback__)
        line = next((f.lineno for f in reversed(frames) if f.filename == str(path)), None)
        kind = "" if isinstance(error, AgentError) else f"{type(error).__name__}: "
        told = kind + (" ".join(str(error).split()) or "no reason given")
    told = _FOLDERS.sub("", told.replace(str(path), path.name))[:LONGEST_REASON]
    told = told.encode("utf-8", "replace").decode().replace("\x00", "")
    return f"line {line}: {told}" if line else told
