"""YAML 1.2 that remembers where in its file everything stood."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from shared.errors import ConfigurationError


@dataclass(frozen=True)
class YamlDocument:
    """What a file said. `sha256` is the digest of its bytes, in hexadecimal."""

    name: str
    content: Any
    sha256: str

    def where(self, place: Sequence[int | str]) -> str:
        """File, line and column of the last part of `place` that stands in the file."""
        line, column = self.line_and_column(place)
        return f"{self.name}:{line}:{column}"

    def line_and_column(self, place: Sequence[int | str]) -> tuple[int, int]:
        """Line and column, from 1, of the last part of `place` that stands in the file."""
        line, column = 1, 1
        node = self.content
        for part in place:
            try:
                marks: Any = node.lc
                at = marks.key(part) if isinstance(node, dict) else marks.item(part)
                line, column = at[0] + 1, at[1] + 1
                node = node[part]
            except (KeyError, IndexError, TypeError, AttributeError):
                break
        return line, column


def read_yaml(path: Path) -> YamlDocument:
    """Read one document; a field given twice is a fault.

    Raises ConfigurationError with the file and, where there is one, the line and column.
    """
    try:
        raw = path.read_bytes()
        content = YAML(typ="rt").load(raw)
    except OSError as error:
        raise ConfigurationError(f"{path.name} cannot be read: {error.strerror}.") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        problem = " ".join(str(error.problem).split())
        raise ConfigurationError(f"{path.name}{where}: {problem}") from None
    except YAMLError as error:
        raise ConfigurationError(f"{path.name}: {error}") from None
    return YamlDocument(path.name, content, hashlib.sha256(raw).hexdigest())
