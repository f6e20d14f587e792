"""The reference of the profile language, made of the model itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import time
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from automation_service.profile.part import Part
from automation_service.profile.profile import Profile

_TOP = """# Profile reference

Everything that a portal profile can say; [profiles.md](profiles.md) tells how it is used. Made of
the model by `python -m automation_service.profile reference`.
"""
_PLAIN = {
    str: "text",
    bool: "`true` or `false`",
    int: "number",
    float: "number",
    time: "time of day",
}
_BOUNDS = {"gt": "above", "ge": "at least", "le": "at most"}


def reference() -> str:
    """The whole reference, in Markdown."""
    return "\n".join((_TOP, *(_section(part) for part in parts())))


def parts() -> list[type[Part]]:
    """Every kind of part that a profile is made of, the profile itself first."""
    found: dict[type[Part], None] = {}
    waiting: list[type[Part]] = [Profile]
    while waiting:
        part = waiting.pop(0)
        if part in found:
            continue
        found[part] = None
        waiting += [inner for field in _own(part).values() for inner in _parts_in(field.annotation)]
        waiting += _ancestors(part)
    return list(found)


def _section(part: type[Part]) -> str:
    told = " ".join((inspect.getdoc(part) or "").split())
    more = "".join(f" It has everything that {_link(it)} has, too." for it in _ancestors(part))
    rows = [_row(field.alias or name, field) for name, field in _own(part).items()]
    table = "\n".join(("| field | is | |", "|---|---|---|", *rows))
    return f"## {part.__name__}\n\n{told}{more}\n" + (f"\n{table}\n" if rows else "")


def _link(part: type[Part]) -> str:
    return f"[{part.__name__}](#{part.__name__.lower()})"


def _row(name: str, field: FieldInfo) -> str:
    told = " ".join((field.description or "").split()).replace("|", "\\|")
    kind = _kind(field.annotation) + _bounds(field) + _presence(field)
    return f"| `{name}` | {kind} | {told} |"


def _own(part: type[Part]) -> dict[str, FieldInfo]:
    """The fields that the part has beside those of its ancestors."""
    inherited = {name for ancestor in _ancestors(part) for name in ancestor.model_fields}
    return {name: it for name, it in part.model_fields.items() if name not in inherited}


def _ancestors(part: type[Part]) -> list[type[Part]]:
    return [base for base in part.__bases__ if issubclass(base, Part) and base is not Part]


def _parts_in(kind: Any) -> Iterator[type[Part]]:
    if isinstance(kind, type) and issubclass(kind, Part):
        yield kind
    for inner in get_args(kind):
        yield from _parts_in(inner)


def _kind(kind: Any) -> str:
    origin, inner = get_origin(kind), [it for it in get_args(kind) if it is not type(None)]
    if origin in (Union, UnionType):
        return " or ".join(_kind(it) for it in inner)
    if origin is Annotated:
        return _kind(inner[0])
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in inner)
    if origin is tuple:
        return f"list of {_kind(inner[0])}"
    if origin is dict:
        return f"mapping of names to {_kind(inner[1])}"
    if issubclass(kind, Part):
        return _link(kind)
    if issubclass(kind, Enum):
        return " or ".join(f"`{value.value}`" for value in kind)
    return _PLAIN[kind]


def _bounds(field: FieldInfo) -> str:
    told = ""
    for bound in field.metadata:
        for sign, words in _BOUNDS.items():
            value = getattr(bound, sign, None)
            told += f", {words} {value}" if value is not None else ""
    return told


def _presence(field: FieldInfo) -> str:
    if field.is_required():
        return ", **required**"
    default = field.default
    if isinstance(default, Enum):
        default = default.value
    if default in (None, PydanticUndefined, ()) or isinstance(default, Part | tuple):
        return ""
    return f", else `{str(default).lower() if isinstance(default, bool) else default}`"
