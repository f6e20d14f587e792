"""What is named in a decision, and what is meant."""

from __future__ import annotations

import pytest

from shared.errors import InvalidParams
from shared.record.decisions import Decision

SHOWN = ["BATCH001", "BATCH012", "7", "X-007", "plain"]


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("BATCH001", "BATCH001"),
        ("1", "BATCH001"),
        ("001", "BATCH001"),
        ("12", "BATCH012"),
        ("7", "7"),
        ("007", "007"),
        ("2", "2"),
        ("batch001", "batch001"),
        ("plain", "plain"),
    ],
)
def test_an_item_goes_by_its_key_or_by_the_number_that_it_alone_ends_with(
    name: str, means: str
) -> None:
    assert Decision([name], []).about(SHOWN) == Decision([means], [])
    assert Decision(None, [name]).about(SHOWN) == Decision(None, [means])


def test_every_name_that_decides_nothing_has_a_fault_at_its_place() -> None:
    with pytest.raises(InvalidParams, match=r"'B9' was not shown.*\(2 more in errors") as refusal:
        Decision(["7", "B9", "plain"], ["B8", "plain"]).chosen_from(SHOWN)

    places = [fault["pointer"] for fault in refusal.value.errors]
    assert places == ["#/approve/1", "#/reject/0", "#/approve/2"]
