"""Approvals a second with evidence, one slot, against a plain script that does the same steps."""

from __future__ import annotations

from launcher.system import PracticeSystem
from tests.benchmarks.approving import (
    approve_with_us,
    batch_ids,
    expect_each_approved_once,
    take,
    tutorial_script,
)
from tests.benchmarks.comparison import Comparison, Tell, in_turn

TITLE = "approvals with evidence, one slot, against a plain script"
GOAL = 2.0
UNIT = "approvals/s"
ROUNDS = 10
BATCHES_A_TURN = 4
WARM_UP = 3


def compare(rounds: int, tell: Tell) -> Comparison:
    """Both work on the same portal without latency, each with a browser that is warm."""
    needed = 2 * (WARM_UP + rounds * BATCHES_A_TURN)
    with PracticeSystem(batches=needed) as system, tutorial_script(system) as script:
        batches = batch_ids()
        approve_with_us(system, take(batches, WARM_UP))
        script.approve(take(batches, WARM_UP))
        pairs = in_turn(
            rounds,
            lambda: approve_with_us(system, take(batches, BATCHES_A_TURN)),
            lambda: script.approve(take(batches, BATCHES_A_TURN)),
            UNIT,
            tell,
        )
        expect_each_approved_once(system, needed)
    return Comparison(TITLE, GOAL, UNIT, pairs)
