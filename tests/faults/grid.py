"""The deterministic core: every fail point against every fault it makes sense with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.faults import small_disk
from tests.faults.deeds import (
    PROCESS_DEEDS,
    Deed,
    Heal,
    fail,
    hold_until_the_browser_is_ended,
    kill_child,
    kill_worker,
    lose_machine,
    wait_for_another,
)
from tests.faults.plan import Plan, Strike
from tests.faults.portal_faults import (
    CLOCK_BEHIND,
    LATEST,
    LINE_FAULTS,
    PORTAL_FAULTS,
    STRUCK,
    TOO_LATE,
    WIRE_FAULTS,
    PortalFault,
)
from tests.faults.surroundings import (
    RIVALS,
    SURROUNDINGS,
    cancel,
    cut_postgresql,
    delay_doorbells,
    double_doorbells,
    expire_sessions,
    flush_redis,
    kill_orchestrator,
    kill_redis,
    let_time_be_up,
    lock_sqlite,
    restart_portal,
)
from tests.faults.system_under_fault import SystemUnderFault
from tests.faults.traps import (
    PLANNING_POINTS,
    RESOLVING_POINTS,
    RINGING_POINTS,
    WORKER_POINTS,
    Hit,
)

DEEDS = {deed.strike: deed for deed in (*PROCESS_DEEDS, *SURROUNDINGS, *RIVALS)}
CLICK_POINTS = ("before_intent", "after_intent", "before_click", "after_click", "before_outcome")
"""Where it matters most what else goes wrong."""
OTHER_POINTS = (
    "before_claim",
    "before_look",
    "before_read_back",
    "during_outcome",
    "before_wake_up",
)
TELLING = (kill_orchestrator, kill_redis, flush_redis, lock_sqlite, cut_postgresql, restart_portal)
"""What is also done where it matters less."""
BROWSER_POINTS = WORKER_POINTS[WORKER_POINTS.index("before_look") : -2]
LOOKING_POINTS = ("before_look", "after_look", "before_intent", "after_intent", "before_click")
ONLY_AT: dict[Callable[[SystemUnderFault, Hit], Heal], tuple[str, ...]] = {
    fail: BROWSER_POINTS,
    lose_machine: ("before_click", "after_click"),
    double_doorbells: ("before_ring",),
    delay_doorbells: ("before_ring",),
    let_time_be_up: CLICK_POINTS,
}
"""Deeds that make sense, or are worth their time, at few points."""
NOT_AT: dict[Callable[[SystemUnderFault, Hit], Heal], tuple[str, ...]] = {
    # Whoever stands inside a transaction holds that lock already.
    lock_sqlite: ("during_outcome",),
}


def points_for(deed: Deed, among: tuple[str, ...]) -> tuple[str, ...]:
    """Those of these points at which the deed makes sense."""
    wanted = ONLY_AT.get(deed.strike, among)
    return tuple(p for p in among if p in wanted and p not in NOT_AT.get(deed.strike, ()))


def makes_sense(deed: Deed, database: str) -> bool:
    """True if the deed can be done on this database and this machine."""
    return deed.database in (None, database) and (not deed.disk or small_disk.is_possible())


def cells(database: str) -> Iterator[Plan]:
    """Every cell of the grid that makes sense on this database."""
    for plan in _all_cells():
        if all(makes_sense(strike.deed, database) for strike in plan.strikes):
            yield plan


def _all_cells() -> Iterator[Plan]:
    yield from _at_each(WORKER_POINTS, PROCESS_DEEDS)
    *around, _cancel = SURROUNDINGS  # which comes at every point below
    yield from _at_each(CLICK_POINTS, tuple(around))
    yield from _at_each(OTHER_POINTS, tuple(DEEDS[strike] for strike in TELLING))
    yield from _at_each(PLANNING_POINTS, (DEEDS[kill_child], DEEDS[kill_worker]))
    yield from _at_each(RINGING_POINTS, tuple(around))
    yield from _at_each(LOOKING_POINTS, RIVALS)
    yield from _at_each(WORKER_POINTS, (DEEDS[cancel],))
    yield from _resolving()
    yield from _poison()
    yield from _portal()
    yield from _portal_and_death()
    yield from _on_the_wire()
    yield from _on_the_line()
    yield _last_items_together()
    yield Plan(_TWO_NAMES, tasks=((0, 1), (0, 1)), short_names=True)
    dies = _strike("after_click", DEEDS[kill_child])
    yield Plan(
        f"{_TWO_NAMES}, {dies.name}",
        (dies,),
        tasks=((0, 1), (0, 1)),
        short_names=True,
    )
    over = Deed("the item's time is up", hold_until_the_browser_is_ended)
    yield Plan(f"{over.name} after click", (Strike("after_click", over, STRUCK),), patient=True)
    yield Plan("a reviewed task", reviewed=True)
    yield Plan(f"a reviewed task, {dies.name}", (dies,), reviewed=True)
    for point in BROWSER_POINTS:
        strikes = (_strike(point, DEEDS[kill_child]), _strike("before_ring", _ORCHESTRATOR))
        yield Plan(f"{strikes[0].name}, and the orchestrator", strikes)


def _at_each(points: tuple[str, ...], deeds: tuple[Deed, ...]) -> Iterator[Plan]:
    for deed in deeds:
        for point in points_for(deed, points):
            strike = _strike(point, deed)
            yield Plan(strike.name, (strike,))


def _resolving() -> Iterator[Plan]:
    """The worker that finds out what became of a dead one's click is struck itself."""
    first = _strike("after_click", DEEDS[kill_child])
    for point in RESOLVING_POINTS:
        for deed in (*PROCESS_DEEDS, DEEDS[let_time_be_up], DEEDS[cancel]):
            second = _strike(point, deed)
            yield Plan(f"{first.name}, then {second.name}", (first, second))


def _poison() -> Iterator[Plan]:
    """A batch that kills whoever works on it, each time; but not whoever gives it up."""
    for point in ("after_look", "before_click", "after_click", "before_read_back"):
        strike = Strike(point, DEEDS[kill_child], STRUCK, always=True)
        yield Plan(f"poison: {strike.name}", (strike,))
    whole = Strike("after_look", DEEDS[kill_worker], STRUCK, always=True)
    yield Plan(f"poison: {whole.name}", (whole,))
    # Its attempts are spent while nobody has read what became of its click.
    never_read = replace(DEEDS[kill_child], may_blind=True)
    again = Strike("before_resolve", never_read, STRUCK, always=True)
    strikes = (_strike("after_click", DEEDS[kill_child]), again)
    yield Plan("attempts spent with an open intent", strikes)


def _portal() -> Iterator[Plan]:
    for fault in PORTAL_FAULTS:
        strikes = (_strike("before_look", DEEDS[expire_sessions]),) if fault.at_login else ()
        yield Plan(f"portal: {fault.name}", strikes, (fault,))


def _portal_and_death() -> Iterator[Plan]:
    """Who finds out what became of a dead one's click meets a portal that misbehaves."""
    dies = _strike("after_click", DEEDS[kill_child])
    for fault in PORTAL_FAULTS:
        if fault.about_the_click:
            yield Plan(f"{fault.name}, and {dies.name}", (dies,), (fault,))


def _last_items_together() -> Plan:
    meet = Deed("both wait for each other", wait_for_another)
    strikes = tuple(Strike("before_outcome", meet, number) for number in (0, 1))
    return Plan("the two last items finish together", strikes, tasks=((0, 1),))


def _on_the_wire() -> Iterator[Plan]:
    """The connection breaks under the request that has the effect; and the child dies with it."""
    for fault in WIRE_FAULTS:
        yield Plan(fault.name, wire_faults=(fault,))
        polls = (PortalFault("polling"),)
        yield Plan(f"{fault.name}, on a page that polls", (), polls, (fault,))
    for fault in WIRE_FAULTS[:3]:
        dies = _strike("after_click", DEEDS[kill_child])
        yield Plan(f"{fault.name}, and {dies.name}", (dies,), wire_faults=(fault,))
    shown, lands = LATEST
    latest = f"{lands.name}, and {shown.name}"
    yield Plan(latest, (), (shown,), (lands,))
    dies = _strike("before_read_back", DEEDS[kill_child])
    yield Plan(f"{latest}, and {dies.name}", (dies,), (shown,), (lands,))


def _on_the_line() -> Iterator[Plan]:
    """The command to click is late, doubled or unanswered; and the child dies with it."""
    dies = _strike("before_read_back", DEEDS[kill_child])
    for fault in LINE_FAULTS:
        yield Plan(f"line: {fault.name}", line_faults=(fault,))
    for fault in (LINE_FAULTS[0], TOO_LATE):
        name = f"line: {fault.name}, on a page whose clock is behind"
        yield Plan(name, (), (CLOCK_BEHIND,), line_faults=(fault,))
    for fault in LINE_FAULTS[:2]:
        yield Plan(f"line: {fault.name}, and {dies.name}", (dies,), line_faults=(fault,))


def _strike(point: str, deed: Deed) -> Strike:
    return Strike(point, deed, STRUCK)


_TWO_NAMES = "ids with leading zeros, one batch under two names"
_ORCHESTRATOR = DEEDS[kill_orchestrator]
