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
    lists of nothing and nulls are left out. What cannot be read stays as it is, for the check
    against the schema to complain about.
    """
    known = schema.get("properties", {})
    read: dict[str, Any] = {}
    for name, value in given.items():
        public = aliases.get(name, name)
        if public != name and public in given:
            public = name
        understood = _read(value, schema, known.get(public, {}))
        if understood is not None:
            read[public] = understood
    return read


def _read(value: Any, root: Schema, node: Schema) -> Any:
    types = wanted_types(root, node)
    if isinstance(value, list) and "array" in types:
        return [_read_line(line, root, node) for line in value]
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        return None
    if "array" in types and "string" not in types:
        lines = [line.strip() for line in _SEPARATORS.split(text)]
        return [_read_line(line, root, node) for line in lines if line] or None
    return _read_scalar(value, types)


def _read_line(line: Any, root: Schema, node: Schema) -> Any:
    if not isinstance(line, str):
        return line
    types: set[str] = set()
    for branch in branches(root, node):
        types |= wanted_types(root, branch.get("items", {}))
    return _read_scalar(line, types)


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
