"""One round: some tasks over the workers, a fault or two in the middle, and then the oracle."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from contextlib import suppress

import httpx
import psutil
import redis
from sqlalchemy.exc import SQLAlchemyError

from launcher.errors import LauncherError
from tests.faults.deeds import Heal, MissedError
from tests.faults.driver_line import LineRule
from tests.faults.facts import collect
from tests.faults.oracle import Finding, Violation
from tests.faults.plan import Plan, Strike
from tests.faults.report import Report, Struck, report_of, struck_by
from tests.faults.system_under_fault import (
    PASSING,
    NotInTimeError,
    SystemUnderFault,
    wait_until,
)
from tests.faults.traps import TASK_POINTS, Hit, Trap
from tests.faults.wire_proxy import Rule

BROKE = (
    *(AssertionError, LauncherError, NotInTimeError, OSError, SQLAlchemyError),
    *(sqlite3.Error, httpx.HTTPError, psutil.Error, redis.RedisError),
)
"""What a round can end with instead of coming to its end."""
QUIET_SECONDS = 60.0
LOOK_SECONDS = 0.02


class Round:
    """Runs one plan on a running system."""

    def __init__(self, here: SystemUnderFault, plan: Plan) -> None:
        """Batches nobody has touched are taken from the system."""
        self._here = here
        self._plan = plan
        count = 1 + max(number for task in plan.tasks for number in task)
        self.keys = here.take_batches(count)
        self.task_ids: list[str] = []
        self._began = time.monotonic()
        self._rules: list[Rule | LineRule] = []
        self._fired: list[Struck] = []
        self._waiting: list[tuple[Strike, Trap]] = []
        self._seen: Counter[Strike] = Counter()
        self._first_hit: dict[Strike, Hit] = {}
        self._healing: list[tuple[float, Heal]] = []

    def run(self) -> Report:
        """Do it, and judge what came of it, however far it came."""
        try:
            self._run()
        except BROKE as error:
            broke = (Finding(Violation.LOST, self._plan.name, f"the round broke: {error!r}"),)
            with suppress(*BROKE):
                return self._report(broke)
            return Report(self._plan, broke, batches=len(self.keys))
        return self._report()

    def _run(self) -> None:
        self._set_faults()
        try:
            self._waiting = [(strike, self._arm(strike)) for strike in self._plan.strikes]
            for place, task in enumerate(self._plan.tasks):
                named = [self._named(number, place) for number in task]
                reviewed = {"auto_approve": False} if self._plan.reviewed else {}
                self.task_ids.append(self._here.approve(named, **reviewed))
            self._go_through()
        finally:
            self._mend()

    def _named(self, number: int, place: int) -> str:
        key = self.keys[number]
        short = str(int(key.removeprefix("BATCH")))
        return short if self._plan.short_names and place == 1 else key

    def _set_faults(self) -> None:
        faults = [fault.asked_for(self.keys) for fault in self._plan.portal_faults]
        self._here.set_portal_faults(faults)
        if self._here.wire is not None:
            wire = [each.rule(self.keys) for each in self._plan.wire_faults]
            self._here.wire.rules = wire
            self._rules = [*wire]
        if self._here.line is not None:
            line = [each.rule(self.keys) for each in self._plan.line_faults]
            self._here.line.rules = line
            self._rules += line

    def _arm(self, strike: Strike) -> Trap:
        about = None if strike.point in TASK_POINTS else self.keys[strike.batch]
        return self._here.traps.arm(Trap(strike.point, about, strike.nth, strike.always))

    def _go_through(self) -> None:
        ends = time.monotonic() + self._plan.patience
        while time.monotonic() < ends:
            self._strike_who_stands()
            self._heal_what_is_due()
            if not self._healing and self._here.are_final(self.task_ids):
                return
            self._here.revive()
            self._decide()
            time.sleep(LOOK_SECONDS)

    def _strike_who_stands(self) -> None:
        for strike, trap in self._waiting:
            for hit in self._here.traps.hits(trap)[self._seen[strike] :]:
                self._seen[strike] += 1
                try:
                    heal = strike.deed.strike(self._here, hit)
                except (MissedError, redis.RedisError):  # another fault may have Redis down
                    continue
                finally:
                    self._here.traps.release(hit)
                self._first_hit.setdefault(strike, hit)
                self._healing.append((time.monotonic() + strike.deed.lasts, heal))

    def _decide(self) -> None:
        """Be the person who is asked."""
        if self._plan.reviewed:
            for task_id in self.task_ids:
                with suppress(*PASSING):
                    self._here.approve_all_shown(task_id)

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
        self._count_what_fired()
        with suppress(*PASSING):
            self._here.set_portal_faults([])
        with suppress(NotInTimeError):  # the oracle says what is not quiet
            wait_until("the system is quiet", self._here.is_quiet, QUIET_SECONDS)

    def _count_what_fired(self) -> None:
        """Ask portal and wire, before they forget, how often they did what they were told."""
        faults = self._plan.portal_faults
        with suppress(*PASSING):
            # A portal that was restarted has forgotten its faults.
            told = self._here.ask_truth("GET", "/faults") or [{"fired": 0}] * len(faults)
            self._fired = [
                Struck(f"portal: {fault.name}", happened=each["fired"] > 0)
                for fault, each in zip(faults, told, strict=True)
            ]
        names = [each.name for each in self._plan.wire_faults]
        names += [each.name for each in self._plan.line_faults]
        self._fired += [
            Struck(name, happened=rule.fired > 0)
            for name, rule in zip(names, self._rules, strict=True)
        ]

    def _report(self, broke: tuple[Finding, ...] = ()) -> Report:
        facts = collect(self._here, self.task_ids, visible_after=self._plan.visible_after)
        struck = [
            struck_by(self._plan, strike, self._first_hit.get(strike), facts)
            for strike in self._plan.strikes
        ]
        seconds = time.monotonic() - self._began
        return report_of(self._plan, self.keys, facts, [*struck, *self._fired], seconds, broke)
