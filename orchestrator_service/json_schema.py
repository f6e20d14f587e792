"""Looking into the JSON Schema of a task type: what a part of it wants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


def branches(root: Schema, node: Schema) -> Iterator[Schema]:
    """The plain schemas `node` stands for: references followed, alternatives taken apart."""
    if "$ref" in node:
        node = {**_referred(root, node["$ref"]), **{k: v for k, v in node.items() if k != "$ref"}}
    alternatives = [*node.get("anyOf", ()), *node.get("oneOf", ())]
    if not alternatives:
        for part in node.get("allOf", ()):
            yield from branches(root, part)
        yield node
    for alternative in alternatives:
        yield from branches(root, alternative)


def wanted_types(root: Schema, node: Schema) -> set[str]:
    """The JSON types that `node` allows, as far as it says; empty if it does not say."""
    types: set[str] = set()
    for branch in branches(root, node):
        named = branch.get("type", ())
        types.update([named] if isinstance(named, str) else named)
        values = [*branch.get("enum", ()), *([branch["const"]] if "const" in branch else [])]
        if not named:
            types.update(_type_of(value) for value in values)
    return types


def _referred(root: Schema, reference: str) -> Schema:
    node: Any = root
    for step in reference.removeprefix("#/").split("/"):
        node = node[step.replace("~1", "/").replace("~0", "~")]
    found: Schema = node
    return found


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")
