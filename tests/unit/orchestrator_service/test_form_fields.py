"""Forms derived from a schema."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator_service.form_fields import form_fields


def field(node: dict[str, Any], **schema: Any) -> dict[str, Any]:
    (made,) = form_fields({"properties": {"batch_count": node}, **schema})
    return made.model_dump()


@pytest.mark.parametrize(
    ("node", "widget"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "maxLength": 100}, "text"),
        ({"type": "string", "maxLength": 1000}, "textarea"),
        ({"type": "string", "format": "uri"}, "url"),
        ({"type": "string", "format": "binary"}, "file"),
        ({"type": "integer"}, "number"),
        ({"type": "number"}, "number"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "number"),
        ({"type": "boolean"}, "text"),
        ({"type": "array", "items": {"type": "string"}}, "textarea"),
        ({"anyOf": [{"type": "array"}, {"type": "null"}]}, "textarea"),
        ({"type": "object"}, "textarea"),
        ({"enum": ["a", "b"]}, "text"),
        ({"$ref": "#/$defs/Size"}, "number"),
        ({}, "text"),
    ],
)
def test_each_kind_of_value_has_its_widget(node: dict[str, Any], widget: str) -> None:
    defs = {"Size": {"type": "integer", "minimum": 1}}
    assert field(node, **{"$defs": defs})["type"] == widget


@pytest.mark.parametrize(
    ("node", "validation"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 100}, {"min": 1, "max": 100}),
        ({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 9}, {"min": 1, "max": 8}),
        ({"type": "number", "exclusiveMinimum": 0}, {"min": 0}),
        ({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}, {"min": 1}),
        ({"type": "string", "pattern": "^[A-Z]+$"}, {"pattern": "^[A-Z]+$"}),
        ({"type": "string", "maxLength": 9}, {}),
        ({"type": "boolean"}, {}),
    ],
)
def test_limits_are_those_of_the_schema_and_absent_where_there_are_none(
    node: dict[str, Any], validation: dict[str, Any]
) -> None:
    assert field(node)["validation"] == validation


def test_a_field_is_labelled_and_shows_an_example() -> None:
    plain = field({"type": "integer"})
    assert (plain["label"], plain["placeholder"]) == ("Batch count", "Batch count")
    told = field({"type": "array", "title": "Batches", "examples": [["B1", "B2"]]})
    assert (told["label"], told["placeholder"]) == ("Batches", "B1, B2")
    assert field({"type": "boolean"})["placeholder"] == "true or false"
    assert field({"type": "boolean", "default": True})["placeholder"] == "true"


def test_only_what_the_schema_requires_is_required() -> None:
    assert field({})["required"] is False
    assert field({}, required=["batch_count"])["required"] is True
