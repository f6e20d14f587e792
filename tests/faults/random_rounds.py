"""Seeded rounds on top of the grid: tasks, points and faults in combinations nobody thought of."""

from __future__ import annotations

import random

from tests.faults.deeds import PROCESS_DEEDS, RIVALS, SURROUNDINGS
from tests.faults.grid import LOOKING_POINTS, ONLY_AT
from tests.faults.portal_faults import PORTAL_FAULTS
from tests.faults.round import Plan, Strike
from tests.faults.traps import RESOLVING_POINTS, WORKER_POINTS

BATCHES = 8
TASKS = (2, 3)


def plan_for(seed: int, number: int, database: str) -> Plan:
    """The round of this number; the same for the same seed."""
    dice = random.Random(f"{seed}/{number}")
    named = [
        tuple(sorted(dice.sample(range(BATCHES), dice.randint(2, 5))))
        for _ in range(dice.choice(TASKS))
    ]
    batches = sorted({number for task in named for number in task})
    strikes = [_strike(dice, batches, database) for _ in range(dice.randint(1, 2))]
    if len(strikes) == 2 and dice.random() < 0.5:
        again = Strike(dice.choice(RESOLVING_POINTS), strikes[1].deed, strikes[0].batch)
        strikes[1] = again
    faults = [dice.choice(PORTAL_FAULTS)] if dice.random() < 0.3 else []
    return Plan(
        f"seed {seed}, round {number}: " + ", ".join(strike.name for strike in strikes),
        tuple(dict.fromkeys(strikes)),
        tuple(faults),
        tasks=tuple(named),
    )


def _strike(dice: random.Random, batches: list[int], database: str) -> Strike:
    deeds = [
        deed
        for deed in (*PROCESS_DEEDS, *SURROUNDINGS, *RIVALS)
        if deed.database in (None, database)
    ]
    deed = dice.choice(deeds)
    points = LOOKING_POINTS if deed in RIVALS else ONLY_AT.get(deed.strike, WORKER_POINTS)
    return Strike(dice.choice(points), deed, dice.choice(batches), nth=1)
