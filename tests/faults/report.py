"""What a round came to: what struck, how soon things went on, and what the oracle says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timezone

from shared.task_state import ItemStatus
from tests.faults.facts import Facts, RecordedItem
from tests.faults.oracle import Finding, judge, of_us
from tests.faults.plan import Plan, Strike
from tests.faults.traps import Hit


@dataclass(frozen=True)
class Struck:
    """What became of one fault. Seconds from the fault until things went on, where they did."""

    kind: str
    happened: bool
    next_item: float | None = None
    """Until an item of the struck task had its outcome that nobody had begun by then."""
    same_item: float | None = None
    """Until the item had its outcome that it struck."""
    goal: float | None = None
    """Seconds within which the next item must have its outcome; None: nobody promised any."""

    @property
    def too_slow(self) -> bool:
        """True if it took longer than was promised."""
        return None not in (self.goal, self.next_item) and (self.next_item or 0) > (self.goal or 0)


@dataclass(frozen=True)
class Report:
    """What a round came to. `approvals` are ours alone."""

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

    @property
    def missed(self) -> list[Struck]:
        """Faults that were to strike and did not, though nothing but the suite could be why."""
        if self.plan.left_to_chance:
            return []
        return [each for each in self.struck if not each.happened]

    @property
    def is_good(self) -> bool:
        """True if the round also tested what it was to test, and kept every goal."""
        slow = any(each.too_slow for each in self.struck)
        return self.kept and not (slow or self.missed or self.needless_unverified)


def report_of(
    plan: Plan,
    keys: list[str],
    facts: Facts,
    struck: Iterable[Struck],
    seconds: float,
    broke: tuple[Finding, ...] = (),
) -> Report:
    """Judge a round by its facts; `broke` tells why it did not come to its end."""
    doubtful = [item.key for item in _items(facts) if item.status == ItemStatus.UNVERIFIED.value]
    return Report(
        plan=plan,
        findings=(*broke, *judge(facts)),
        struck=tuple(struck),
        task_ids=tuple(task.id for task in facts.tasks),
        batches=len(keys),
        approvals=sum(len(of_us(facts, batch)) for batch in facts.batches.values()),
        posts=sum(batch.posts for batch in facts.batches.values()),
        unverified=len(doubtful),
        needless_unverified=sum(key not in plan.blinded(keys) for key in doubtful),
        seconds=seconds,
    )


def struck_by(plan: Plan, strike: Strike, hit: Hit | None, facts: Facts) -> Struck:
    """What became of a strike; `hit` is where it first struck, None: nowhere.

    What was promised for a fault is asked for where it struck alone. How long anything took nobody
    knows whose clock was wrong.
    """
    if hit is None:
        return Struck(strike.deed.name, happened=False)
    if any(each.deed.moves_clock for each in plan.strikes):
        return Struck(strike.deed.name, happened=True)
    at = datetime.fromtimestamp(hit.at, timezone.utc)
    return Struck(
        strike.deed.name,
        happened=True,
        next_item=_next_item(hit, at, facts),
        same_item=_first(facts, at, lambda item: item.key in hit.about),
        goal=strike.deed.next_item_within if plan.faults == 1 else None,
    )


def _next_item(hit: Hit, at: datetime, facts: Facts) -> float | None:
    """Another worker goes on with tasks of its own: so it counts what waited in this one."""
    task_id = hit.about[-1]
    waited = [
        item.id
        for task in facts.tasks
        if task.id == task_id
        for item in task.items
        if item.key not in hit.about and (item.started_at is None or item.started_at > at)
    ]
    return _first(facts, at, lambda item: item.id in waited)


def _first(facts: Facts, at: datetime, which: Callable[[RecordedItem], bool]) -> float | None:
    """Seconds from `at` until the first outcome of any of these items."""
    seconds = [
        (item.ended_at - at).total_seconds()
        for item in _items(facts)
        if item.ended_at is not None and item.ended_at > at and which(item)
    ]
    return min(seconds, default=None)


def _items(facts: Facts) -> Iterable[RecordedItem]:
    return (item for task in facts.tasks for item in task.items)
