"""Faults name the field and the fix."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from orchestrator_service.param_faults import MOST_FAULTS, faults, in_one_sentence, pointer


def found(schema: dict[str, Any], params: dict[str, Any]) -> list[tuple[str, str]]:
    errors = Draft202012Validator(schema).iter_errors(params)
    return [(fault["pointer"], fault["detail"]) for fault in faults(errors)]


@pytest.mark.parametrize(
    ("node", "value", "detail"),
    [
        ({"type": "integer"}, "x", "'n' must be a whole number, not x."),
        ({"type": ["number", "null"]}, "x", "'n' must be a number or null, not x."),
        ({"type": "boolean"}, "perhaps", "'n' must be true or false, not perhaps."),
        ({"type": "string"}, True, "'n' must be text, not true."),
        ({"minimum": 1}, 0, "'n' must be 1 or more."),
        ({"exclusiveMinimum": 0}, 0, "'n' must be more than 0."),
        ({"maximum": 5}, 6, "'n' must be 5 or less."),
        ({"exclusiveMaximum": 5}, 5, "'n' must be less than 5."),
        ({"multipleOf": 2}, 3, "'n' must be a multiple of 2."),
        ({"minLength": 2}, "x", "'n' must have 2 characters or more."),
        ({"maxLength": 2}, "xyz", "'n' must have 2 characters or fewer."),
        ({"minItems": 1}, [], "'n' must name 1 or more."),
        ({"maxItems": 1}, [1, 2], "'n' must name 1 or fewer."),
        ({"uniqueItems": True}, [1, 1], "'n' must not name anything twice."),
        ({"pattern": "^a$"}, "b", "'n' must match the pattern ^a$."),
        ({"enum": ["a", "b"]}, "c", "'n' must be one of 'a', 'b'."),
        ({"const": True}, False, "'n' must be true."),
        ({"const": 1, "x-fault": "Leave n out."}, 2, "Leave n out."),
        ({"not": {}}, 1, "'n' does not fit the task type's schema."),
        (
            {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
            {},
            "'n' must be text or a whole number.",
        ),
        (
            {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
            0,
            "'n' must be 1 or more.",
        ),
        (
            {"type": "array", "items": {"type": "integer"}},
            [1, "x"],
            "'n[1]' must be a whole number, not x.",
        ),
    ],
)
def test_each_rule_has_a_sentence(node: dict[str, Any], value: Any, detail: str) -> None:
    assert [said for _, said in found({"properties": {"n": node}}, {"n": value})] == [detail]


def test_missing_and_unknown_fields_are_named_also_where_the_schema_has_a_sentence_of_its_own() -> (
    None
):
    schema = {
        "properties": {"batch_ids": {}},
        "required": ["batch_ids"],
        "additionalProperties": False,
        "x-fault": "Never said for these.",
    }
    assert sorted(found(schema, {"batch_id": 1, "hue": 2})) == [
        ("#/params/batch_id", "Unknown field 'batch_id'; did you mean 'batch_ids'?"),
        ("#/params/batch_ids", "'batch_ids' is missing; it must be given."),
        ("#/params/hue", "Unknown field 'hue'; known are 'batch_ids'."),
    ]


def test_pointers_lead_to_the_place_in_the_body() -> None:
    assert pointer(["params", "a/b~c", 0]) == "#/params/a~1b~0c/0"
    assert pointer([]) == "#"


def test_very_many_faults_are_not_all_told() -> None:
    schema = {"properties": {"ids": {"items": {"type": "integer"}}}}
    assert len(found(schema, {"ids": ["x"] * 10_000})) == MOST_FAULTS


def test_the_sentence_is_the_first_fault_and_how_many_more() -> None:
    one = {"pointer": "#/params/a", "detail": "'a' is missing."}
    assert in_one_sentence([one]) == "'a' is missing."
    assert in_one_sentence([one, one, one]) == "'a' is missing. (2 more in errors.)"


def test_what_was_sent_is_never_repeated_at_length() -> None:
    schema = {"properties": {"n": {"type": "integer"}}, "additionalProperties": False}
    for _, detail in found(schema, {"n": "x" * 10_000, "y" * 10_000: 1}):
        assert len(detail) < 200
