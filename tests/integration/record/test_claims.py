"""A claim has one holder at a time; whoever lost it can prove nothing and change nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from shared.contracts import Verdict
from shared.errors import ClaimLost
from shared.record import Record, claims, delays, intents, items, outcomes, tasks
from shared.record.claims import BUSY_RETRY, ClaimSign, HeldClaim
from shared.record.items import Item
from shared.task_state import ItemStatus
from shared.utils import utc_now
from tests.integration.record.given import (
    ACTION,
    DONE,
    PORTAL,
    TERMS,
    claimed,
    looked_at,
    planned,
)

Write = Callable[[Connection, HeldClaim], Any]

WRITES_OF_A_HOLDER: tuple[Write, ...] = (
    claims.require,
    claims.free,
    lambda c, held: claims.give_back(c, held, None, None),
    lambda c, held: intents.state(c, held, TERMS),
    lambda c, held: intents.close(c, held, Verdict.TAKEN),
    lambda c, held: outcomes.record(c, held, DONE),
)


def _take(record: Record, task_id: str, slot_id: str) -> HeldClaim | None:
    with record.write() as connection:
        return claims.take_next(connection, task_id, slot_id)


def _item(record: Record, item_id: int) -> Item:
    with record.read() as connection:
        return items.get(connection, item_id)


def _held(record: Record) -> list[ClaimSign]:
    with record.read() as connection:
        return claims.held(connection)


def _lose(record: Record, held: HeldClaim, how: str) -> None:
    """Take a claim from its holder in one of the ways in which it can happen."""
    with record.write() as connection:
        if how == "by a watcher":
            (sign,) = claims.held(connection)
            assert claims.release_silent(connection, sign) == held.item.task_id
        else:
            assert claims.release_slot(connection, held.slot_id) == [held.item.task_id]
        if how == "and taken by another slot":
            assert claims.take_next(connection, held.item.task_id, "slot-2") is not None
        if how == "and taken again by the same slot":
            assert claims.take_next(connection, held.item.task_id, held.slot_id) is not None


def test_a_claimed_item_is_in_progress_in_the_hands_of_its_slot(record: Record) -> None:
    task = planned(record, ["a", "b"])

    held = claimed(record, task.id)

    item = _item(record, held.item.id)
    assert held == HeldClaim(item, "slot-1", 1)
    assert (item.key, item.status, item.slot_id) == ("a", ItemStatus.IN_PROGRESS, "slot-1")
    assert (item.attempts, item.fence, item.delay) == (1, 1, None)
    assert item.started_at is not None
    assert _held(record) == [ClaimSign(PORTAL, ACTION, "a", 1, 1)]


def test_items_are_claimed_in_order_each_once_until_none_is_left(record: Record) -> None:
    task = planned(record, ["c", "a", "b"])

    taken = [_take(record, task.id, f"slot-{number}") for number in range(4)]

    assert [held and held.item.key for held in taken] == ["c", "a", "b", None]


def test_an_item_is_not_claimed_before_its_time(record: Record) -> None:
    # Given an item that is to be tried again later, and one at once
    task = planned(record, ["later", "now"])
    later, now = claimed(record, task.id), claimed(record, task.id)
    with record.write() as connection:
        claims.give_back(connection, later, timedelta(seconds=1), "timeout")
        claims.give_back(connection, now, None, "timeout")

    assert [_take(record, task.id, "s") for _ in range(2)] == [
        replace(now, item=_item(record, now.item.id), slot_id="s", fence=2),
        None,
    ]


def test_two_tasks_never_hold_one_batch_together(record: Record) -> None:
    # Given a batch in two tasks, held for one of them
    one, other = planned(record, ["a"]), planned(record, ["a", "b"])
    first = claimed(record, one.id, "slot-1")

    # When the other task takes its next item
    second = _take(record, other.id, "slot-2")

    # Then it gets another batch, and comes back to this one soon
    assert second is not None
    assert second.item.key == "b"
    with record.read() as connection:
        put_off = items.page(connection, other.id, -1, 1)[0]
    assert put_off.status is ItemStatus.NEW
    assert put_off.delay == BUSY_RETRY.total_seconds()
    assert put_off.attempts == 0

    # And once it is free and the time has come, it is theirs, under a higher fence
    with record.write() as connection:
        outcomes.record(connection, first, DONE)
        delays.end(connection, delays.running(connection))
    third = _take(record, other.id, "slot-2")
    assert third is not None
    assert (third.item.key, third.fence) == ("a", first.fence + 1)


@pytest.mark.parametrize("portal", [PORTAL, "https://other.example.org"])
def test_one_key_at_two_portals_is_two_batches(record: Record, portal: str) -> None:
    claimed(record, planned(record, ["a"]).id)

    found = _take(record, planned(record, ["a"], portal=portal).id, "slot-2")

    assert (found is None) == (portal == PORTAL)


def test_a_sign_of_life_changes_the_renewal_and_nothing_else(record: Record) -> None:
    held = claimed(record, planned(record, ["a"]).id)
    before = _held(record)[0]

    with record.write() as connection:
        assert claims.renew(connection, held)

    assert _held(record) == [replace(before, renewal=before.renewal + 1)]


@pytest.mark.parametrize(
    "how",
    [
        "by a watcher",
        "by whoever buried its slot",
        "and taken by another slot",
        "and taken again by the same slot",
    ],
)
def test_whoever_lost_a_claim_can_write_nothing_under_it(record: Record, how: str) -> None:
    # Given a slot that lost its claim without knowing
    held = claimed(record, planned(record, ["a"]).id)
    _lose(record, held, how)
    before = (_held(record), _item(record, held.item.id))

    # When it goes on, Then it is told whatever it writes, and nothing changes
    with record.write() as connection:
        assert not claims.renew(connection, held)
    for write in WRITES_OF_A_HOLDER:
        with pytest.raises(ClaimLost, match="on a is no longer ours"), record.write() as connection:
            write(connection, held)
    assert (_held(record), _item(record, held.item.id)) == before
    with record.read() as connection:
        assert not outcomes.is_recorded(connection, held)
        assert intents.without_verdict(connection, held) == ()


def test_an_item_given_back_waits_for_its_next_try(record: Record) -> None:
    held = claimed(record, planned(record, ["a"]).id)

    with record.write() as connection:
        claims.give_back(connection, held, timedelta(seconds=1.5), "The portal took too long.")

    item = _item(record, held.item.id)
    assert (item.status, item.slot_id, item.delay) == (ItemStatus.NEW, None, 1.5)
    assert (item.attempts, item.error) == (1, "The portal took too long.")
    assert _held(record) == []


def test_the_next_try_counts_and_keeps_when_the_first_began(record: Record) -> None:
    task = planned(record, ["a"])
    first = claimed(record, task.id)
    with record.write() as connection:
        claims.give_back(connection, first, None, "timeout")

    second = claimed(record, task.id)

    assert (second.item.attempts, second.fence) == (2, 2)
    assert second.item.started_at == first.item.started_at


def test_a_claim_that_shows_life_is_not_released(record: Record) -> None:
    # Given a watcher that saw a claim, and its holder who renews it or takes it anew
    held = claimed(record, planned(record, ["a"]).id)
    sign = _held(record)[0]
    with record.write() as connection:
        assert claims.release_silent(connection, replace(sign, fence=9)) is None
        assert claims.release_silent(connection, replace(sign, key="b")) is None
        claims.renew(connection, held)

    # When the watcher thinks it silent, Then it does nothing
    with record.write() as connection:
        assert claims.release_silent(connection, sign) is None
    with record.write() as connection:
        claims.require(connection, held)


def test_a_released_claim_frees_its_item_and_makes_its_task_due(record: Record) -> None:
    # Given a silent holder whose task was not to be looked at for a while
    task = planned(record, ["a"])
    held = claimed(record, task.id)
    looked_at(record, task.id)

    # When two watchers release it
    sign = _held(record)[0]
    with record.write() as connection:
        released = [claims.release_silent(connection, sign) for _ in range(2)]

    # Then one of them did, the item can be claimed, and the dispatcher looks at once
    assert released == [task.id, None]
    item = _item(record, held.item.id)
    assert (item.status, item.slot_id, item.attempts) == (ItemStatus.NEW, None, 1)
    with record.read() as connection:
        stored = tasks.get(connection, task.id)
    assert stored is not None
    assert stored.next_ring_at is not None
    assert stored.next_ring_at <= utc_now()


def test_a_dead_slot_loses_everything_it_held_and_others_nothing(record: Record) -> None:
    task = planned(record, ["a", "b", "c"])
    for slot_id in ("dead", "alive", "dead"):
        claimed(record, task.id, slot_id)

    with record.write() as connection:
        assert claims.release_slot(connection, "dead") == [task.id, task.id]
        assert claims.release_slot(connection, "dead") == []

    assert [sign.key for sign in _held(record)] == ["b"]


def test_releasing_a_claim_leaves_an_outcome_alone(record: Record) -> None:
    held = claimed(record, planned(record, ["a"]).id)
    sign = _held(record)[0]
    with record.write() as connection:
        outcomes.record(connection, held, DONE)
        assert claims.release_silent(connection, sign) is None
        assert claims.release_slot(connection, held.slot_id) == []

    assert _item(record, held.item.id).status is ItemStatus.DONE
