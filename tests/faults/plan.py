"""What is to happen in a round: the tasks, and which fault strikes where."""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults.deeds import Deed
from tests.faults.needs import Needs
from tests.faults.portal_faults import LineFault, PortalFault, WireFault
from tests.faults.traps import TASK_POINTS

FINAL_SECONDS = 180.0


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

    @property
    def blinds(self) -> int | None:
        """The number of the batch that may be left unverified for it, if there is one."""
        return self.batch if self.deed.may_blind and self.point not in TASK_POINTS else None


@dataclass(frozen=True)
class Plan:
    """What a round does. `tasks` name batches by number; two tasks may name the same one."""

    name: str
    strikes: tuple[Strike, ...] = ()
    portal_faults: tuple[PortalFault, ...] = ()
    wire_faults: tuple[WireFault, ...] = ()
    line_faults: tuple[LineFault, ...] = ()
    tasks: tuple[tuple[int, ...], ...] = ((0, 1, 2), (2, 3))
    short_names: bool = False
    """The second task names its batches by their bare numbers."""
    reviewed: bool = False
    """A person is asked before anything is approved, and wants all of it."""
    patience: float = FINAL_SECONDS
    """Seconds until every task must be final."""
    patient: bool = False
    """Leases and click budgets are long, as for `Needs.patience`."""
    left_to_chance: bool = False
    """One fault may keep another from striking: the dice did not ask whether they go together."""

    @property
    def faults(self) -> int:
        """How many of any kind."""
        return sum(map(len, (self.strikes, self.portal_faults, self.wire_faults, self.line_faults)))

    @property
    def needs(self) -> Needs:
        """What the system must have for it."""
        return Needs(
            wire=bool(self.wire_faults or self.line_faults),
            disk=any(strike.deed.disk for strike in self.strikes),
            patience=self.patient,
        )

    @property
    def visible_after(self) -> float:
        """Seconds by which what the portal shows, or the time we noted, may be behind the truth."""
        late = [fault.visible_after for fault in self.portal_faults]
        return max([*late, *(strike.deed.moves_clock for strike in self.strikes)], default=0.0)

    def blinded(self, keys: list[str]) -> set[str]:
        """Those of the round's batches for which `unverified` is an honest word."""
        blinds = {strike.blinds for strike in self.strikes}
        for fault in self.portal_faults:
            if fault.may_blind:
                blinds |= set(range(len(keys))) if fault.batch is None else {fault.batch}
        return {key for number, key in enumerate(keys) if number in blinds}
