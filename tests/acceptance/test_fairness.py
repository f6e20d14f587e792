"""One caller's ten thousand items do not starve another's three, and need no browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from shared.record.tables import items, outcomes
from tests.acceptance.conftest import Deployment

pytestmark = pytest.mark.timeout(300)

MANY = 10_000
COLOURS = ("red", "green", "blue")


def test_three_items_given_after_ten_thousand_are_done_long_before(
    deploy: Callable[..., Deployment],
) -> None:
    # Given one slot, at work on ten thousand items
    here = deploy(batches=1, settings={"TURN_SECONDS": "1"})
    many = here.practise(steps=MANY)
    here.until(many, lambda event: event["type"] == "item")

    # When three more are given, by three callers
    few = [
        here.api.assign("test_task", {"steps": 3, "duration": 0, "colour": colour})
        for colour in COLOURS
    ]

    # Then they have their outcomes when most of the ten thousand have none
    for task_id, colour in zip(few, COLOURS, strict=True):
        result = here.finish(task_id)
        assert result["result"]["counts"] == {"done": 3}
        assert result["result"]["items"][0]["details"]["echo"] == {"colour": colour}
    with here.record.read() as connection:
        joined = select(func.count()).select_from(outcomes.join(items))
        last_of_few = (
            select(func.max(outcomes.c.recorded_at))
            .select_from(outcomes.join(items))
            .where(items.c.task_id.in_(few))
            .scalar_subquery()
        )
        before = connection.execute(
            joined.where(items.c.task_id == many, outcomes.c.recorded_at < last_of_few)
        ).scalar_one()
    assert 0 < before < MANY / 2
    assert here.browser_processes() == []
