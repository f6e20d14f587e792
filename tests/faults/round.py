"""One round: some tasks over the workers, a fault or two in the middle, and then the oracle."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone

from shared.task_state import ItemStatus
from tests.faults.deeds import Deed, Heal
from tests.faults.facts import Facts, collect
from tests.faults.oracle import Finding, judge
from tests.faults.portal_faults import PortalFault, WireFault
from tests.faults.system_under_fault import (
    PASSING,
    NotInTimeError,
    SystemUnderFault,
    wait_until,
)
from tests.faults.traps import TASK_POINTS, Hit, Trap

FINAL_SECONDS = 180.0
QUIET_SECONDS = 60.0
LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Strike:
    """A deed at a point: for the batch of this number in the round, or where only the task is
    known, at the `nth` time that anybody comes by.
    """

    point: str
    deed: Deed
    batch: int = 0
    nth: int = 1
    always: bool = False

    @property
    def name(self) -> str:
        """What happens where."""
        return f"{self.deed.name} {self.point.replace('_', ' ')}"


@dataclass(frozen=True)
class Plan:
    """What a round does. `tasks` name batches by number; two tasks may name the same one."""

    name: str
    strikes: tuple[Strike, ...] = ()
    portal_faults: tuple[PortalFault, ...] = ()
    wire_faults: tuple[WireFault, ...] = ()
    tasks: tuple[tuple[int, ...], ...] = ((0, 1, 2), (2, 3))
    short_names: bool = False
    """The second task names its batches by their bare numbers."""
    patience: float = FINAL_SECONDS
    """Seconds until every task must be final."""


@dataclass(frozen=True)
class Struck:
    """What became of one fault. Seconds from the fault until things went on, where they did."""

    kind: str
    happened: bool
    next_item: float | None = None
    """Until any other item had its outcome."""
    same_item: float | None = None
    """Until the item had its outcome that it struck."""


@dataclass(frozen=True)
class Report:
    """What a round came to."""

    plan: Plan
    findings: tuple[Finding, ...]
    struck: tuple[Struck, ...] = ()
    task_ids: tuple[str, ...] = ()
    batches: int = 0
    approvals: int = 0
    posts: int = 0
    unverified: int = 0
    needless_unverified: int = 0
    seconds: float = 0.0

    @property
    def kept(self) -> bool:
        """True if no promise was broken."""
        return not self.findings


class Round:
    """Runs one plan on a running system."""

    def __init__(self, here: SystemUnderFault, plan: Plan) -> None:
        """Batches nobody has touched are taken from the system."""
        self._here = here
        self._plan = plan
        count = 1 + max(number for task in plan.tasks for number in task)
        self.keys = here.take_batches(count)
        self._waiting: list[tuple[Strike, Trap]] = []
        self._seen: Counter[Strike] = Counter()
        self._first_hit: dict[Strike, Hit] = {}
        self._healing: list[tuple[float, Heal]] = []

    def run(self) -> Report:
        """Do it, and judge what came of it."""
        began = time.monotonic()
        self._set_portal_faults()
        try:
            self._waiting = [(strike, self._arm(strike)) for strike in self._plan.strikes]
            task_ids = [
                self._here.approve([self._named(number, place) for number in task])
                for place, task in enumerate(self._plan.tasks)
            ]
            self._go_through(task_ids)
        finally:
            self._mend()
        facts = collect(self._here, task_ids, visible_after=self._visible_after)
        return self._report(facts, tuple(task_ids), time.monotonic() - began)

    def _named(self, number: int, place: int) -> str:
        key = self.keys[number]
        short = str(int(key.removeprefix("BATCH")))
        return short if self._plan.short_names and place == 1 else key

    def _set_portal_faults(self) -> None:
        faults = [fault.asked_for(self.keys) for fault in self._plan.portal_faults]
        self._here.set_portal_faults(faults)
        if self._here.wire is not None:
            self._here.wire.rules = [each.rule(self.keys) for each in self._plan.wire_faults]

    def _arm(self, strike: Strike) -> Trap:
        about = None if strike.point in TASK_POINTS else self.keys[strike.batch]
        return self._here.traps.arm(Trap(strike.point, about, strike.nth, strike.always))

    def _go_through(self, task_ids: Sequence[str]) -> None:
        ends = time.monotonic() + self._plan.patience
        while time.monotonic() < ends:
            self._strike_who_stands()
            self._heal_what_is_due()
            if not self._healing and self._here.are_final(task_ids):
                return
            self._here.revive()
            time.sleep(LOOK_SECONDS)

    def _strike_who_stands(self) -> None:
        for strike, trap in self._waiting:
            for hit in self._here.traps.hits(trap)[self._seen[strike] :]:
                self._seen[strike] += 1
                self._first_hit.setdefault(strike, hit)
                heal = strike.deed.strike(self._here, hit)
                self._here.traps.release(hit)
                self._healing.append((time.monotonic() + strike.deed.lasts, heal))

    def _heal_what_is_due(self, *, all_of_it: bool = False) -> None:
        for due, heal in list(self._healing):
            if all_of_it or time.monotonic() >= due:
                self._healing.remove((due, heal))
                heal()

    def _mend(self) -> None:
        """Leave the system as it was found, for the next round."""
        self._heal_what_is_due(all_of_it=True)
        self._here.traps.disarm()
        self._here.down.clear()
        self._here.revive()
        with suppress(*PASSING):
            self._here.set_portal_faults([])
        with suppress(NotInTimeError):  # the oracle says what is not quiet
            wait_until("the system is quiet", self._here.is_quiet, QUIET_SECONDS)

    @property
    def _visible_after(self) -> float:
        return max((fault.visible_after for fault in self._plan.portal_faults), default=0.0)

    def _report(self, facts: Facts, task_ids: tuple[str, ...], seconds: float) -> Report:
        items = [item for task in facts.tasks for item in task.items]
        unverified = sum(item.status == ItemStatus.UNVERIFIED.value for item in items)
        blind = any(each.deed.may_blind for each in self._plan.strikes)
        blind = blind or any(fault.may_blind for fault in self._plan.portal_faults)
        return Report(
            plan=self._plan,
            findings=tuple(judge(facts)),
            struck=tuple(self._struck(strike, facts) for strike in self._plan.strikes),
            task_ids=task_ids,
            batches=len(self.keys),
            approvals=sum(len(batch.approvals) for batch in facts.batches.values()),
            posts=sum(batch.posts for batch in facts.batches.values()),
            unverified=unverified,
            needless_unverified=0 if blind else unverified,
            seconds=seconds,
        )

    def _struck(self, strike: Strike, facts: Facts) -> Struck:
        hit = self._first_hit.get(strike)
        if hit is None:
            return Struck(strike.deed.name, happened=False)
        struck_at = datetime.fromtimestamp(hit.at, timezone.utc)
        same: list[float] = []
        others: list[float] = []
        for item in (item for task in facts.tasks for item in task.items):
            if item.ended_at is not None and item.ended_at > struck_at:
                where = same if item.key in hit.about else others
                where.append((item.ended_at - struck_at).total_seconds())
        return Struck(
            strike.deed.name,
            happened=True,
            next_item=min(others, default=None),
            same_item=min(same, default=None),
        )
