"""The judge of every round: compares what the record says with what the portal knows.

A pure function of `Facts`, so that it can be shown a broken record and must complain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from shared.contracts import Attribution, EventType, EvidenceKind
from shared.task_state import FINAL_STATES, ItemStatus
from tests.faults.facts import Approval, Facts, PortalBatch, RecordedItem, RecordedTask, ToldEvent

FINAL_EVENTS = (EventType.COMPLETED.value, EventType.FAILED.value)
FINAL = {state.value for state in FINAL_STATES}
NOT_APPROVED = {
    ItemStatus.REFUSED.value,
    ItemStatus.NOT_FOUND.value,
    ItemStatus.FAILED.value,
    ItemStatus.SKIPPED.value,
}
SPEAKS_OF_OURS = {ItemStatus.DONE.value, ItemStatus.UNVERIFIED.value}
PUBLIC_WORDS = {"done": "approved", "already_done": "already_approved", "refused": "rejected"}


class Violation(str, Enum):
    """What the promise forbids."""

    DOUBLE = "double approval"
    UNTRUE = "untrue"
    LOST = "lost"
    LEAK = "leak"


@dataclass(frozen=True)
class Finding:
    """One broken promise, in a sentence."""

    violation: Violation
    about: str
    sentence: str

    def __str__(self) -> str:
        """The finding as a line for a person."""
        return f"{self.violation.value}: {self.about}: {self.sentence}"


def judge(facts: Facts) -> list[Finding]:
    """Every violation that these facts show; none, if the promise was kept."""
    return [finding for check in CHECKS for finding in check(facts)]


# -- at most once ------------------------------------------------------------------------------


def approved_twice(facts: Facts) -> Iterator[Finding]:
    """At most one approval by us in the portal's count."""
    for key, batch in facts.batches.items():
        ours = of_us(facts, batch)
        if len(ours) > 1:
            yield Finding(Violation.DOUBLE, key, f"we approved it {len(ours)} times")


def approved_after_others(facts: Facts) -> Iterator[Finding]:
    """No approval of ours after somebody else's that our last look must have shown."""
    for key, batch in facts.batches.items():
        others = [each.at for each in batch.approvals if each.by != facts.officer]
        for approval in of_us(facts, batch):
            looked_at = _look_before(facts, key, approval)
            visible = timedelta(seconds=facts.visible_after)
            if any(at + visible < looked_at for at in others):
                yield Finding(Violation.DOUBLE, key, "we approved what we saw approved by others")


def posted_more_often_than_announced(facts: Facts) -> Iterator[Finding]:
    """At most one request to approve for every click that was announced."""
    for key, batch in facts.batches.items():
        announced = len(facts.intents.get(key, ()))
        if batch.posts > announced:
            why = f"{batch.posts} requests to approve arrived, {announced} clicks were announced"
            yield Finding(Violation.DOUBLE, key, why)


def approved_unasked(facts: Facts) -> Iterator[Finding]:
    """Nothing is approved that nobody asked for, whichever button the click fell on."""
    for key in facts.unasked:
        yield Finding(Violation.DOUBLE, key, "we approved it, and no task ever named it")


# -- true --------------------------------------------------------------------------------------


def said_approved_but_is_not(facts: Facts) -> Iterator[Finding]:
    """`approved` in the record implies approved in the portal, `already approved` too."""
    for _, item in _items(facts):
        batch = facts.batches.get(item.key)
        said = item.status in (ItemStatus.DONE.value, ItemStatus.ALREADY_DONE.value)
        if said and (batch is None or not batch.approvals):
            yield Finding(Violation.UNTRUE, item.key, f"{item.status}, but nobody approved it")
        if item.attribution == Attribution.OURS.value and batch and not of_us(facts, batch):
            yield Finding(Violation.UNTRUE, item.key, "attributed to us, but we did not do it")


def approved_but_not_said(facts: Facts) -> Iterator[Finding]:
    """Approved by us in the portal implies that the record says so, or `unverified`."""
    for key, batch in facts.batches.items():
        items = facts.items_of(key)
        over = all(item.outcome is not None for item in items)
        said = {item.status for item in items}
        if of_us(facts, batch) and items and over and not said & SPEAKS_OF_OURS:
            why = f"we approved it, but the record says {', '.join(sorted(said))}"
            yield Finding(Violation.UNTRUE, key, why)


def claimed_twice(facts: Facts) -> Iterator[Finding]:
    """One approval by us is not reported as the work of two items."""
    for key, batch in facts.batches.items():
        ours = Attribution.OURS.value
        claimed = [item for item in facts.items_of(key) if item.attribution == ours]
        if len(claimed) > max(1, len(of_us(facts, batch))):
            yield Finding(Violation.UNTRUE, key, f"{len(claimed)} items say that they did it")


def refused_without_reason(facts: Facts) -> Iterator[Finding]:
    """`refused` and `not_found` are the portal's words, not ours."""
    for _, item in _items(facts):
        batch = facts.batches.get(item.key)
        if item.status == ItemStatus.NOT_FOUND.value and batch is not None:
            yield Finding(Violation.UNTRUE, item.key, "not_found, but the portal has it")
        changed = item.detail.startswith("Changed since review")
        takes_it = batch is not None and batch.status == "Pending" and batch.refusal is None
        if item.status == ItemStatus.REFUSED.value and takes_it and not changed:
            yield Finding(Violation.UNTRUE, item.key, "refused, but the portal would take it")


def evidence_missing_or_changed(facts: Facts) -> Iterator[Finding]:
    """Every piece of evidence is the file it says; what is approved has before and after.

    Or a row that says why a picture is missing.
    """
    for _, item in _items(facts):
        for proof in item.proofs:
            if proof.found_sha256 is None:
                yield Finding(Violation.UNTRUE, item.key, f"{proof.path} is not there")
            elif proof.found_sha256 != proof.sha256:
                yield Finding(Violation.UNTRUE, item.key, f"{proof.path} is not what it was")
        if item.status == ItemStatus.DONE.value:
            # Before a click that somebody else read back, another item may have taken it.
            items = facts.items_of(item.key)
            kinds = {proof.kind for other in items for proof in other.proofs}
            kinds |= {kind for other in items for kind in other.excused}
            for kind in (EvidenceKind.BEFORE.value, EvidenceKind.AFTER.value):
                if kind not in kinds:
                    yield Finding(Violation.UNTRUE, item.key, f"approved without picture {kind}")


def history_broken(facts: Facts) -> Iterator[Finding]:
    """Event ids are 1..n, progress never falls, one final event is the last."""
    for task in facts.tasks:
        for source, events in (("record", task.events), ("stream", task.told)):
            for why in _broken(task, events or ()) if events is not None else ():
                yield Finding(Violation.UNTRUE, task.id, f"events in the {source}: {why}")


def shown_otherwise(facts: Facts) -> Iterator[Finding]:
    """The API shows what the record holds."""
    for task in facts.tasks:
        if task.shown is None:
            continue
        held = {item.key: PUBLIC_WORDS.get(item.status, item.status) for item in task.items}
        if task.shown != held:
            yield Finding(Violation.UNTRUE, task.id, "/result shows other items than the record")


# -- never lost --------------------------------------------------------------------------------


def never_ended(facts: Facts) -> Iterator[Finding]:
    """No accepted task without a final state, no item of a final task without an outcome."""
    for task in facts.tasks:
        if task.state not in FINAL:
            yield Finding(Violation.LOST, task.id, f"it is still {task.state}")
            continue
        if task.total is not None and len(task.items) != task.total:
            yield Finding(Violation.LOST, task.id, f"{len(task.items)} of {task.total} items")
        for item in task.items:
            if item.outcome is None or item.outcome != item.status:
                why = f"the task is over, the item is {item.status}, its outcome {item.outcome}"
                yield Finding(Violation.LOST, item.key, why)


# -- nothing left ------------------------------------------------------------------------------


def left_behind(facts: Facts) -> Iterator[Finding]:
    """No claim held by nobody, no browser of the dead, no file that nothing refers to."""
    if any(task.state not in FINAL for task in facts.tasks):
        return
    for key, holder in facts.held_claims.items():
        yield Finding(Violation.LEAK, key, f"slot {holder} still holds the claim")
    for what in facts.dead_browsers:
        yield Finding(Violation.LEAK, what, "its slot is dead")
    for path in facts.unreferenced_files:
        yield Finding(Violation.LEAK, path, "nothing refers to this file")


CHECKS: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    approved_twice,
    approved_after_others,
    posted_more_often_than_announced,
    approved_unasked,
    said_approved_but_is_not,
    approved_but_not_said,
    claimed_twice,
    refused_without_reason,
    evidence_missing_or_changed,
    history_broken,
    shown_otherwise,
    never_ended,
    left_behind,
)


def of_us(facts: Facts, batch: PortalBatch) -> list[Approval]:
    """The approvals that were given under our account."""
    return [approval for approval in batch.approvals if approval.by == facts.officer]


def _items(facts: Facts) -> Iterator[tuple[RecordedTask, RecordedItem]]:
    for task in facts.tasks:
        for item in task.items:
            yield task, item


def _look_before(facts: Facts, key: str, approval: Approval) -> datetime:
    """When the look began that the click of this approval rested on.

    Who did not look should have, until the click was announced; who announced none, until it took
    effect.
    """
    for intent in facts.intents.get(key, ()):
        if intent.marker in approval.remark:
            return intent.looked_at or intent.stated_at
    return approval.at


def _broken(task: RecordedTask, events: tuple[ToldEvent, ...]) -> Iterator[str]:
    if [event.id for event in events] != list(range(1, len(events) + 1)):
        yield "the ids are not 1 to n"
    if len(events) != task.last_event:
        yield f"{len(events)} of {task.last_event}"
    seen = [event.data["progress"] for event in events if "progress" in event.data]
    if seen != sorted(seen):
        yield "progress fell"
    final = [event.id for event in events if event.type in FINAL_EVENTS]
    if task.state in FINAL and final != [len(events)]:
        yield f"final events at {final} of {len(events)}"
