"""Batches are drawn from a seed, mostly ordinary ones."""

from itertools import accumulate

import pytest

from esc_simulator.batch import Batch, BatchStatus
from esc_simulator.world import World, draw_batches, draw_history


def _is_approvable(batch: Batch) -> bool:
    return batch.status is BatchStatus.PENDING and batch.refusal is None


def test_the_same_seed_draws_the_same_batches() -> None:
    assert draw_batches(World(200, 7)) == draw_batches(World(200, 7))


def test_another_seed_draws_other_batches() -> None:
    assert draw_batches(World(200, 7)) != draw_batches(World(200, 8))


def test_a_larger_world_begins_with_the_smaller_one() -> None:
    assert draw_batches(World(300, 7))[:100] == draw_batches(World(100, 7))


@pytest.mark.parametrize("seed", [0, 1, 7, 12345, -3])
def test_nine_in_ten_are_pending_and_approvable_however_many_are_drawn(seed: int) -> None:
    batches = draw_batches(World(500, seed))

    approvable = accumulate(_is_approvable(batch) for batch in batches)

    assert all(count >= 0.9 * total for total, count in enumerate(approvable, start=1))


def test_every_kind_of_batch_is_among_the_first_sixty() -> None:
    batches = draw_batches(World(60, 7))

    assert {batch.status for batch in batches} == set(BatchStatus) - {BatchStatus.FORWARDED}
    assert any(batch.trainer is None for batch in batches)
    assert any(batch.enrolled > batch.seats for batch in batches)


def test_in_a_pending_only_world_every_batch_can_be_approved() -> None:
    batches = draw_batches(World(500, 7, pending_only=True))

    assert all(_is_approvable(batch) for batch in batches)


def test_a_pending_only_world_differs_only_in_the_extraordinary_batches() -> None:
    ordinary = [batch for batch in draw_batches(World(500, 7)) if _is_approvable(batch)]

    pending_only = draw_batches(World(500, 7, pending_only=True))

    assert set(ordinary) < set(pending_only)


def test_ages_differ_and_agree_with_the_day_of_submission() -> None:
    batches = draw_batches(World(500, 7))

    by_age = sorted(batches, key=lambda batch: batch.age_days, reverse=True)

    assert len({batch.age_days for batch in batches}) > 50
    assert [batch.submitted_on for batch in by_age] == sorted(b.submitted_on for b in batches)


def test_history_begins_with_the_submission_and_ends_with_the_decision() -> None:
    for batch in draw_batches(World(60, 7)):
        history = draw_history(batch)
        decisions = [] if batch.status is BatchStatus.PENDING else [batch.status.value]

        assert [entry.what for entry in history] == ["Submitted", *decisions]
        assert [entry.at for entry in history] == sorted(entry.at for entry in history)
