"""Reading params as a form sends them: everything is a string, and empty means not given."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from orchestrator_service.json_schema import Schema, branches, wanted_types

_WORDS = {"true": True, "yes": True, "on": True, "1": True}
_WORDS |= {"false": False, "no": False, "off": False, "0": False}
_LONGEST_NUMBER = 400
_SEPARATORS = re.compile(r"[,\r\n]")


def read_form(
    given: Mapping[str, Any], schema: Schema, aliases: Mapping[str, str]
) -> dict[str, Any]:
    """The params as their schema wants them, as far as they can be read so.

    Deprecated names become the names that replace them, unless both are given. Empty strings,
    lists of nothing and nulls are left out, but of names that the schema does not have everything
    stays as it is. So does what cannot be read, for the check against the schema to complain about.
    """
    known = schema.get("properties", {})
    read: dict[str, Any] = {}
    for name, value in given.items():
        public = aliases.get(name, name)
        understood = _read(value, schema, known[public]) if public in known else value
        if understood is not None or public not in known:
            read[name] = understood
    for name in deprecated_in(read, aliases):
        if aliases[name] not in read:
            read[aliases[name]] = read.pop(name)
    return read


def deprecated_in(given: Mapping[str, Any], aliases: Mapping[str, str]) -> list[str]:
    """The deprecated names among the names of these params."""
    return [name for name in given if name in aliases]


def _read(value: Any, root: Schema, node: Schema) -> Any:
    types = wanted_types(root, node)
    if isinstance(value, list) and "array" in types:
        return [_read_line(line, root, node) for line in value]
    if not isinstance(value, str):
        return _whole(value, types)
    text = value.strip()
    if not text:
        return None
    if "array" in types and "string" not in types:
        lines = [line.strip() for line in _SEPARATORS.split(text)]
        return [_read_line(line, root, node) for line in lines if line] or None
    return _read_scalar(value, types)


def _read_line(line: Any, root: Schema, node: Schema) -> Any:
    types: set[str] = set()
    for branch in branches(root, node):
        types |= wanted_types(root, branch.get("items", {}))
    if not isinstance(line, str):
        return _whole(line, types)
    return _read_scalar(line.strip(), types)


def _whole(value: Any, types: set[str]) -> Any:
    """A whole number, where one is wanted, as that: JSON has one kind, and 1.0 is 1."""
    if isinstance(value, float) and value.is_integer() and "integer" in types:
        return int(value)
    return value


def _read_scalar(text: str, types: set[str]) -> Any:
    if "string" in types:
        return text
    word = text.strip().lower()
    if "boolean" in types and word in _WORDS:
        return _WORDS[word]
    if types & {"integer", "number"}:
        return _read_number(text, word)
    return text


def _read_number(text: str, word: str) -> Any:
    if len(word) > _LONGEST_NUMBER or "_" in word:
        return text
    try:
        return int(word)
    except ValueError:
        pass
    try:
        number = float(word)
    except ValueError:
        return text
    if not math.isfinite(number):
        return text
    return int(number) if number.is_integer() else number
