"""From a task type's JSON Schema to the form fields that dashboards draw."""

from __future__ import annotations

from typing import Any

from orchestrator_service.json_schema import Schema, branches, wanted_types
from orchestrator_service.schemas import FormField, Validation, Widget

_LONG_TEXT = 200
_URL_FORMATS = {"uri", "url"}


def form_fields(schema: Schema) -> list[FormField]:
    """One field per param, in the schema's order."""
    required = set(schema.get("required", ()))
    return [
        _field(schema, name, node, required=name in required)
        for name, node in schema.get("properties", {}).items()
    ]


def _field(root: Schema, name: str, node: Schema, *, required: bool) -> FormField:
    plain = [branch for branch in branches(root, node) if branch.get("type") != "null"]
    label = node.get("title") or name.replace("_", " ").capitalize()
    return FormField(
        name=name,
        type=_widget(root, node, plain),
        label=label,
        placeholder=_placeholder(root, node, label),
        required=required,
        validation=_validation(plain),
    )


def _widget(root: Schema, node: Schema, plain: list[Schema]) -> Widget:
    types = wanted_types(root, node) - {"null"}
    formats = {branch.get("format") for branch in plain}
    if "binary" in formats:
        return "file"
    if types & {"array", "object"}:
        return "textarea"
    if types and types <= {"integer", "number"}:
        return "number"
    if formats & _URL_FORMATS:
        return "url"
    lengths = [branch["maxLength"] for branch in plain if "maxLength" in branch]
    return "textarea" if lengths and min(lengths) > _LONG_TEXT else "text"


def _placeholder(root: Schema, node: Schema, label: str) -> str:
    examples = node.get("examples") or ()
    if examples:
        return _as_typed(examples[0])
    if node.get("default") is not None:
        return _as_typed(node["default"])
    if "boolean" in wanted_types(root, node):
        return "true or false"
    return str(node.get("description") or label)


def _as_typed(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(line) for line in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _validation(plain: list[Schema]) -> Validation:
    """Limits a form can check: of a number its size, of a text its pattern."""
    found: Validation = {}
    for branch in plain:
        if branch.get("type") in ("integer", "number"):
            low = branch.get("minimum", _above(branch))
            high = branch.get("maximum", _below(branch))
            if low is not None:
                found["min"] = low
            if high is not None:
                found["max"] = high
        elif "pattern" in branch and len(plain) == 1:
            found["pattern"] = branch["pattern"]
    return found


def _above(branch: Schema) -> int | float | None:
    limit = branch.get("exclusiveMinimum")
    return limit + 1 if limit is not None and branch["type"] == "integer" else limit


def _below(branch: Schema) -> int | float | None:
    limit = branch.get("exclusiveMaximum")
    return limit - 1 if limit is not None and branch["type"] == "integer" else limit
