"""An item is left alone until somebody who watched says that its delay is over."""

from __future__ import annotations

from datetime import timedelta

from shared.record import Record, claims, delays, items, slots
from shared.record.delays import Delay
from tests.integration.record.given import claimed, looked_at, planned

DELAY = timedelta(seconds=7.5)


def _running(record: Record) -> list[Delay]:
    with record.read() as connection:
        return delays.running(connection)


def _end(record: Record, *over: Delay) -> None:
    with record.write() as connection:
        delays.end(connection, over)


def _claimable(record: Record) -> int:
    with record.read() as connection:
        return sum(task.claimable for task in slots.due(connection, 100))


def test_a_delay_over_lets_the_item_be_claimed_and_makes_its_task_due(record: Record) -> None:
    # Given an item to be tried again after a while
    task = planned(record, ["a"])
    held = claimed(record, task.id)
    with record.write() as connection:
        claims.give_back(connection, held, DELAY, "timeout")
    assert _claimable(record) == 0
    looked_at(record, task.id)

    # When whoever watches has seen it so for long enough
    (delay,) = _running(record)
    assert delay == Delay(held.item.id, task.id, held.fence, 7.5)
    _end(record, delay)

    # Then it can be claimed, and is looked at, at once
    assert _running(record) == []
    assert _claimable(record) == 1
    assert claimed(record, task.id).item.attempts == 2


def test_a_delay_seen_before_the_last_attempt_says_nothing_of_the_next(record: Record) -> None:
    # Given a watcher that saw a delay, and another one that ended it; the item failed again
    task = planned(record, ["a"])
    for _ in range(2):
        held = claimed(record, task.id)
        with record.write() as connection:
            claims.give_back(connection, held, DELAY, "timeout")
        *_, seen = _running(record)
        if held.fence == 1:
            first = seen
            _end(record, seen)

    # When the first one thinks its delay over, Then the second delay goes on
    _end(record, first)
    assert _running(record) == [seen]
    with record.read() as connection:
        assert items.get(connection, held.item.id).delay == 7.5


def test_a_batch_in_other_hands_is_tried_again_soon(record: Record) -> None:
    held, other = claimed(record, planned(record, ["a"]).id), planned(record, ["a"])
    with record.write() as connection:
        assert claims.take_next(connection, other.id, "slot-2") is None

    (delay,) = _running(record)
    assert (delay.task_id, delay.fence) == (other.id, None)
    _end(record, delay)
    assert _running(record) == []
    assert held.fence == 1
