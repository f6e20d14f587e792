"""Two slots against one, on portals that take 300 ms for every page."""

from __future__ import annotations

from launcher.system import PracticeSystem
from tests.benchmarks.approving import (
    approve_with_us,
    batch_ids,
    expect_each_approved_once,
    take,
)
from tests.benchmarks.comparison import Comparison, Tell, in_turn

TITLE = "two slots against one, pages that take 300 ms"
GOAL = 1.6
UNIT = "approvals/s"
ROUNDS = 5
LATENCY_MS = 300
BATCHES_A_TURN = 10
WARM_UP = 8  # enough for the second slot to have a browser of its own before the first is done


def compare(rounds: int, tell: Tell) -> Comparison:
    """Two whole systems, alike but for the number of slots; one rests while the other works."""
    needed = WARM_UP + rounds * BATCHES_A_TURN
    with (
        PracticeSystem(batches=needed, latency_ms=LATENCY_MS, concurrency=2) as two,
        PracticeSystem(batches=needed, latency_ms=LATENCY_MS, concurrency=1) as one,
    ):
        for_two, for_one = batch_ids(), batch_ids()
        approve_with_us(two, take(for_two, WARM_UP))
        approve_with_us(one, take(for_one, WARM_UP))
        pairs = in_turn(
            rounds,
            lambda: approve_with_us(two, take(for_two, BATCHES_A_TURN)),
            lambda: approve_with_us(one, take(for_one, BATCHES_A_TURN)),
            UNIT,
            tell,
        )
        expect_each_approved_once(two, needed)
        expect_each_approved_once(one, needed)
    return Comparison(TITLE, GOAL, UNIT, pairs)
