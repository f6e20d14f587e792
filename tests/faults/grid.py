"""The deterministic core: every fail point against every fault it makes sense with."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.deeds import (
    PROCESS_DEEDS,
    RIVALS,
    SURROUNDINGS,
    Deed,
    cancel,
    fail,
    kill_child,
    kill_orchestrator,
    kill_worker,
)
from tests.faults.round import Plan, PortalFault, Strike
from tests.faults.traps import (
    PLANNING_POINTS,
    RESOLVING_POINTS,
    RINGING_POINTS,
    WORKER_POINTS,
)

DEEDS = {deed.strike: deed for deed in (*PROCESS_DEEDS, *SURROUNDINGS, *RIVALS)}
CLICK_POINTS = ("before_intent", "after_intent", "before_click", "after_click", "before_outcome")
"""Where it matters most what else goes wrong."""
BROWSER_POINTS = WORKER_POINTS[WORKER_POINTS.index("before_look") : -2]
LOOKING_POINTS = ("before_look", "after_look", "before_intent", "after_intent", "before_click")
STRUCK = 1
"""The batch that is struck: with one before it and others after it in the same task."""

PORTAL_FAULTS = (
    PortalFault("response_lost", STRUCK, {"times": 1}),
    PortalFault("success_without_effect", STRUCK, {"times": 1}),
    PortalFault("latency", None, {"ms": 300}),
)


def cells(database: str) -> Iterator[Plan]:
    """Every cell of the grid that makes sense on this database."""
    for plan in _all_cells():
        if all(strike.deed.database in (None, database) for strike in plan.strikes):
            yield plan


def _all_cells() -> Iterator[Plan]:
    yield from _at_each(WORKER_POINTS, PROCESS_DEEDS)
    yield from _at_each(CLICK_POINTS, SURROUNDINGS)
    yield from _at_each(PLANNING_POINTS, (DEEDS[kill_child], DEEDS[kill_worker]))
    yield from _at_each(RINGING_POINTS, SURROUNDINGS[:-1])
    yield from _at_each(LOOKING_POINTS, RIVALS)
    yield from _at_each(WORKER_POINTS, (DEEDS[cancel],))
    yield from _resolving()
    yield from _poison()
    yield from (Plan(f"portal: {fault.kind}", portal_faults=(fault,)) for fault in PORTAL_FAULTS)
    for point in BROWSER_POINTS:
        strikes = (_strike(point, DEEDS[kill_child]), _strike("before_ring", _ORCHESTRATOR))
        yield Plan(f"{strikes[0].name}, and the orchestrator", strikes)


def _at_each(points: tuple[str, ...], deeds: tuple[Deed, ...]) -> Iterator[Plan]:
    for deed in deeds:
        for point in points:
            if deed.strike is not fail or point in BROWSER_POINTS:
                strike = _strike(point, deed)
                yield Plan(strike.name, (strike,))


def _resolving() -> Iterator[Plan]:
    """The worker that finds out what became of a dead one's click is struck itself."""
    first = _strike("after_click", DEEDS[kill_child])
    for point in RESOLVING_POINTS:
        for deed in (*PROCESS_DEEDS, DEEDS[cancel]):
            second = _strike(point, deed)
            yield Plan(f"{first.name}, then {second.name}", (first, second))


def _poison() -> Iterator[Plan]:
    """A batch that kills whoever works on it, each time."""
    for point in ("after_look", "before_click", "after_click", "before_outcome"):
        strike = Strike(point, DEEDS[kill_child], STRUCK, always=True)
        yield Plan(f"poison: {strike.name}", (strike,))


def _strike(point: str, deed: Deed) -> Strike:
    return Strike(point, deed, STRUCK)


_ORCHESTRATOR = DEEDS[kill_orchestrator]
