"""Seeded rounds on top of the grid: tasks, points and faults in combinations nobody thought of."""

from __future__ import annotations

import random

from tests.faults.deeds import PROCESS_DEEDS
from tests.faults.grid import DEEDS, LOOKING_POINTS, makes_sense, points_for
from tests.faults.plan import Plan, Strike
from tests.faults.portal_faults import PORTAL_FAULTS, WIRE_FAULTS
from tests.faults.surroundings import AT_THE_DOOR, RIVALS, SURROUNDINGS, expire_sessions
from tests.faults.traps import RESOLVING_POINTS, RINGING_POINTS, WORKER_POINTS

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
        points = points_for(strikes[1].deed, RESOLVING_POINTS)
        if points:
            strikes[1] = Strike(dice.choice(points), strikes[1].deed, strikes[0].batch)
    if all(strike.deed.strike in AT_THE_DOOR for strike in strikes):
        # What one puts out of reach the other would wait for, with no worker to bring it back.
        del strikes[1:]
    faults = [dice.choice(PORTAL_FAULTS)] if dice.random() < 0.3 else []
    wire = [dice.choice(WIRE_FAULTS)] if dice.random() < 0.2 else []
    if any(fault.at_login for fault in faults):
        strikes.append(Strike("before_look", DEEDS[expire_sessions], batches[0]))
    return Plan(
        f"seed {seed}, round {number}: " + ", ".join(strike.name for strike in strikes),
        tuple(dict.fromkeys(strikes)),
        tuple(faults),
        tuple(wire),
        tasks=tuple(named),
        left_to_chance=True,
    )


def _strike(dice: random.Random, batches: list[int], database: str) -> Strike:
    deeds = [
        deed for deed in (*PROCESS_DEEDS, *SURROUNDINGS, *RIVALS) if makes_sense(deed, database)
    ]
    deed = dice.choice(deeds)
    among = LOOKING_POINTS if deed in RIVALS else WORKER_POINTS
    points = points_for(deed, among) or points_for(deed, RINGING_POINTS)
    return Strike(dice.choice(points), deed, dice.choice(batches), nth=1)
