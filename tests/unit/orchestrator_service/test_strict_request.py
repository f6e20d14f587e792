"""Bodies: what is read could also be answered again as JSON."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from orchestrator_service.refusals import MalformedBody
from orchestrator_service.strict_request import MOST_LEVELS, parse

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
)


@settings(deadline=None, max_examples=50)
@given(JSON)
def test_what_is_json_is_read_as_it_is(value: Any) -> None:
    assert parse(json.dumps(value).encode()) == value
    assert parse(json.dumps(value, ensure_ascii=False).encode()) == value


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=200))
def test_whatever_bytes_come_are_read_or_refused(body: bytes) -> None:
    with suppress(MalformedBody):
        assert TypeAdapter(Any).dump_json(parse(body))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"\xff", "UTF-8"),
        (b"{,}", "line 1, column 2"),
        (b"NaN", "NaN is not a JSON value"),
        (b"[-Infinity]", "-Infinity is not a JSON value"),
        (b"1e999", "not JSON that can be read"),
        (b'"\\udc00"', "lone surrogate"),
        (b'{"\\ud800": 1}', "lone surrogate"),
        (b"[" * 200_000, "nested too deeply"),
        (b"9" * 5_000, "not JSON that can be read"),
    ],
)
def test_the_refusal_says_why(body: bytes, said: str) -> None:
    with pytest.raises(MalformedBody, match=said):
        parse(body)


def test_nesting_is_read_as_deep_as_it_can_be_shown_again() -> None:
    deepest = b"[" * MOST_LEVELS + b"]" * MOST_LEVELS
    assert TypeAdapter(Any).dump_json(parse(deepest)) == deepest
    with pytest.raises(MalformedBody, match="nested too deeply"):
        parse(b"[" + deepest + b"]")
    wide = b"[" + b",".join([b"{}"] * 500) + b"]"
    assert len(parse(wide)) == 500
