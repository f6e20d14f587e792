"""Form strings are read as what the schema wants, and what cannot be read stays as it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_service.form_strings import read_form

SCHEMA: dict[str, Any] = {
    "$defs": {"Level": {"enum": [1, 2, 3]}},
    "properties": {
        "count": {"type": "integer"},
        "maybe": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "share": {"type": "number"},
        "flag": {"type": "boolean"},
        "text": {"type": "string"},
        "level": {"$ref": "#/$defs/Level"},
        "ids": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
        "sizes": {"type": "array", "items": {"type": "integer"}},
        "either": {"anyOf": [{"type": "string"}, {"type": "array"}]},
    },
}


def read(name: str, value: Any) -> Any:
    return read_form({name: value}, SCHEMA, {}).get(name, "absent")


@pytest.mark.parametrize(
    ("name", "given_value", "understood"),
    [
        ("count", "7", 7),
        ("count", " 7 ", 7),
        ("count", "-7", -7),
        ("count", "7.0", 7),
        ("count", "7.5", 7.5),
        ("count", "1_000", "1_000"),
        ("count", "seven", "seven"),
        ("count", "nan", "nan"),
        ("count", "inf", "inf"),
        ("count", "9" * 1000, "9" * 1000),
        ("count", "", "absent"),
        ("count", "  ", "absent"),
        ("count", None, "absent"),
        ("maybe", "7", 7),
        ("share", "0.5", 0.5),
        ("share", "1e-3", 0.001),
        ("flag", "true", True),
        ("flag", "False", False),
        ("flag", "on", True),
        ("flag", "no", False),
        ("flag", "maybe", "maybe"),
        ("text", "12", "12"),
        ("text", " kept as it is ", " kept as it is "),
        ("text", "", "absent"),
        ("level", "2", 2),
        ("ids", "a, b\nc\r\nd,,", ["a", "b", "c", "d"]),
        ("ids", "007", ["007"]),
        ("ids", " , ", "absent"),
        ("ids", [1, " a "], [1, "a"]),
        ("ids", [" ", "\u00a0"], ["", ""]),
        ("ids", [1.0, 1.5, True], [1, 1.5, True]),
        ("count", 7.0, 7),
        ("share", 1.0, 1.0),
        ("sizes", "1,2", [1, 2]),
        ("sizes", ["1", 2], [1, 2]),
        ("sizes", "1,x", [1, "x"]),
        ("either", "a,b", "a,b"),
        ("unknown", "7", "7"),
        ("unknown", "", ""),
        ("unknown", None, None),
    ],
)
def test_a_string_becomes_what_the_schema_wants(
    name: str, given_value: Any, understood: Any
) -> None:
    assert read(name, given_value) == understood
    assert type(read(name, given_value)) is type(understood)


def test_a_deprecated_name_becomes_the_one_that_replaces_it() -> None:
    aliases = {"number": "count"}
    assert read_form({"number": "3"}, SCHEMA, aliases) == {"count": 3}
    assert read_form({"number": "3", "count": 4}, SCHEMA, aliases) == {"number": 3, "count": 4}
    assert read_form({"number": "3", "count": ""}, SCHEMA, aliases) == {"count": 3}


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from([*SCHEMA["properties"], "unknown"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ),
    )
)
def test_whatever_is_sent_is_read_without_an_error(form: dict[str, Any]) -> None:
    assert set(read_form(form, SCHEMA, {})) <= set(form)


@settings(deadline=None, max_examples=50)
@given(st.integers(), st.booleans(), st.lists(st.integers(), min_size=1))
def test_values_written_as_a_form_would_are_read_back(
    count: int, flag: bool, sizes: list[int]
) -> None:
    form = {"count": str(count), "flag": str(flag), "sizes": "\n".join(map(str, sizes))}
    assert read_form(form, SCHEMA, {}) == {"count": count, "flag": flag, "sizes": sizes}
