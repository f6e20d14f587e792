"""What a batch's id looks like and when the portal refuses it."""

from dataclasses import replace

import pytest

from esc_simulator.batch import batch_id_for
from esc_simulator.world import World, draw_batches


@pytest.mark.parametrize(
    ("number", "batch_id"),
    [(1, "BATCH001"), (42, "BATCH042"), (999, "BATCH999"), (1000, "BATCH1000")],
)
def test_ids_have_at_least_three_digits(number: int, batch_id: str) -> None:
    assert batch_id_for(number) == batch_id


def test_an_ordinary_batch_is_not_refused() -> None:
    (batch,) = draw_batches(World(1, 7))

    assert batch.refusal is None


def test_a_batch_without_trainer_is_refused_in_the_portals_words() -> None:
    (batch,) = draw_batches(World(1, 7))

    refusal = replace(batch, trainer=None).refusal

    assert refusal == "Batch cannot be approved: no trainer is assigned."


def test_a_batch_with_more_candidates_than_seats_is_refused_with_both_numbers() -> None:
    (batch,) = draw_batches(World(1, 7))

    refusal = replace(batch, seats=30, enrolled=31).refusal

    assert refusal is not None
    assert "31 candidates" in refusal
    assert "30 sanctioned seats" in refusal


def test_a_batch_that_fills_its_seats_is_not_refused() -> None:
    (batch,) = draw_batches(World(1, 7))

    assert replace(batch, seats=30, enrolled=30).refusal is None
