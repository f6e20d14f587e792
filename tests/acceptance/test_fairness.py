"""One caller's ten thousand items do not starve another's three."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from shared.record.tables import items, outcomes

pytestmark = pytest.mark.timeout(300)

MANY = 10_000


def test_three_items_given_after_ten_thousand_are_done_long_before(
    deploy: Callable[..., Any],
) -> None:
    # Given one slot, at work on ten thousand items
    here = deploy(batches=1, settings={"TURN_SECONDS": "1"})
    many = here.practise(steps=MANY)
    here.until(many, lambda event: event["type"] == "item")

    # When three more are given, by three callers
    few = [here.practise(steps=3) for _ in range(3)]

    # Then they have their outcomes when most of the ten thousand have none
    for task_id in few:
        assert here.finish(task_id)["state"] == "completed"
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
