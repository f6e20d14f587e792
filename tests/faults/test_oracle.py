"""The oracle complains about every kind of broken record, and about no sound one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.faults.facts import (
    Approval,
    Facts,
    PortalBatch,
    Proof,
    RecordedItem,
    RecordedTask,
    StatedIntent,
    ToldEvent,
)
from tests.faults.oracle import CHECKS, Violation, judge

NOON = datetime(2026, 11, 1, 12, tzinfo=timezone.utc)
OURS = Approval("us", NOON, "[AAB-1]")
THEIRS = Approval("them", NOON - timedelta(minutes=5), "")
PROOFS = (Proof("before", "t/b.jpg", "aa", "aa"), Proof("after", "t/a.jpg", "bb", "bb"))
EVENTS = (
    ToldEvent(1, "status", {"progress": 0}),
    ToldEvent(2, "progress", {"progress": 100}),
    ToldEvent(3, "completed"),
)
ITEM = RecordedItem(1, "B1", "done", outcome="done", attribution="ours", proofs=PROOFS)
TASK = RecordedTask("t", "completed", 1, (ITEM,), EVENTS, 3, EVENTS, {"B1": "approved"})
INTENT = StatedIntent(1, "AAB-1", NOON, NOON - timedelta(seconds=1), "taken")
UNSEEN = replace(INTENT, looked_at=None)
SOUND = Facts(
    officer="us",
    tasks=(TASK,),
    batches={"B1": PortalBatch("Approved", None, 1, (OURS,))},
    intents={"B1": (INTENT,)},
)


def with_item(**changed: Any) -> Facts:
    """Sound facts but for the item."""
    item = replace(ITEM, **changed)
    words = {"done": "approved", "already_done": "already_approved", "refused": "rejected"}
    shown = {item.key: words.get(item.status, item.status)}
    return replace(SOUND, tasks=(replace(TASK, items=(item,), shown=shown),))


def with_task(**changed: Any) -> Facts:
    """Sound facts but for the task."""
    return replace(SOUND, tasks=(replace(TASK, **changed),))


def with_batch(**changed: Any) -> Facts:
    """Sound facts but for the truth."""
    return replace(SOUND, batches={"B1": replace(SOUND.batches["B1"], **changed)})


def ended(status: str, **changed: Any) -> dict[str, Any]:
    """An item's values when it ended so."""
    return {"status": status, "outcome": status, "attribution": None, "proofs": (), **changed}


def history(*events: ToldEvent) -> dict[str, Any]:
    """A task's values with this history, told as it is recorded."""
    return {"events": events, "told": events, "last_event": len(events)}


TWICE = replace(TASK, id="t2", items=(replace(ITEM, id=2),))
BROKEN = {
    "approved twice": (with_batch(approvals=(OURS, OURS), posts=1), Violation.DOUBLE),
    "approved though others had": (with_batch(approvals=(THEIRS, OURS)), Violation.DOUBLE),
    "approved though others had, without a look": (
        replace(with_batch(approvals=(THEIRS, OURS)), intents={"B1": (UNSEEN,)}),
        Violation.DOUBLE,
    ),
    "approved though others had, without a marker": (
        with_batch(approvals=(THEIRS, replace(OURS, remark=""))),
        Violation.DOUBLE,
    ),
    "more requests than clicks": (with_batch(posts=2), Violation.DOUBLE),
    "never asked for": (replace(SOUND, unasked=("B9",)), Violation.DOUBLE),
    "said approved": (with_batch(approvals=(), status="Pending"), Violation.UNTRUE),
    "said approved already": (
        replace(with_item(**ended("already_done")), batches={}, intents={}),
        Violation.UNTRUE,
    ),
    "attributed to us": (with_batch(approvals=(THEIRS,)), Violation.UNTRUE),
    "called failed": (with_item(**ended("failed")), Violation.UNTRUE),
    "called skipped": (with_item(**ended("skipped")), Violation.UNTRUE),
    "called somebody else's": (with_item(**ended("already_done")), Violation.UNTRUE),
    "done by two items": (replace(SOUND, tasks=(TASK, TWICE)), Violation.UNTRUE),
    "called not found": (with_item(**ended("not_found")), Violation.UNTRUE),
    "refused without reason": (
        replace(with_item(**ended("refused")), batches={"B1": PortalBatch("Pending", None, 1)}),
        Violation.UNTRUE,
    ),
    "evidence gone": (
        with_item(proofs=(PROOFS[0], replace(PROOFS[1], found_sha256=None))),
        Violation.UNTRUE,
    ),
    "evidence changed": (
        with_item(proofs=(PROOFS[0], replace(PROOFS[1], found_sha256="cc"))),
        Violation.UNTRUE,
    ),
    "no picture after": (with_item(proofs=PROOFS[:1]), Violation.UNTRUE),
    "a gap in the ids": (with_task(**history(EVENTS[0], EVENTS[2])), Violation.UNTRUE),
    "an event unheard": (with_task(told=EVENTS[:2]), Violation.UNTRUE),
    "progress fell": (
        with_task(**history(EVENTS[0], EVENTS[1], ToldEvent(3, "status", {"progress": 50}))),
        Violation.UNTRUE,
    ),
    "two final events": (
        with_task(**history(*EVENTS, ToldEvent(4, "failed"))),
        Violation.UNTRUE,
    ),
    "an event after the end": (
        with_task(**history(*EVENTS, ToldEvent(4, "log"))),
        Violation.UNTRUE,
    ),
    "shown otherwise": (with_task(shown={"B1": "failed"}), Violation.UNTRUE),
    "never ended": (with_task(state="running"), Violation.LOST),
    "an item forgotten": (with_task(total=2), Violation.LOST),
    "an item without outcome": (
        with_item(status="in_progress", outcome=None, attribution=None),
        Violation.LOST,
    ),
    "a claim held": (replace(SOUND, held_claims={"B1": "slot"}), Violation.LEAK),
    "a browser of the dead": (replace(SOUND, dead_browsers=("folder b",)), Violation.LEAK),
    "a file of nobody": (replace(SOUND, unreferenced_files=("t/x.part",)), Violation.LEAK),
}


def test_a_picture_may_be_missing_where_a_row_says_why() -> None:
    assert judge(with_item(proofs=PROOFS[:1], excused=("after",))) == []


def test_a_sound_record_is_left_alone() -> None:
    """No finding where the promise was kept."""
    # Given a record that says what the portal says
    # When it is judged
    # Then there is nothing to complain about
    assert judge(SOUND) == []


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_record_is_found(case: str) -> None:
    """Each broken promise is found under its own name."""
    # Given facts that break one promise
    facts, violation = BROKEN[case]

    # When they are judged
    found = judge(facts)

    # Then it is said, and nothing else is
    assert {finding.violation for finding in found} == {violation}, [str(each) for each in found]


def test_every_check_is_shown_to_complain() -> None:
    """A check that no broken record sets off would be a check that cannot fail."""
    # Given every broken record
    # When each check looks at all of them
    silent = [
        check.__name__ for check in CHECKS if not any(list(check(f)) for f, _ in BROKEN.values())
    ]

    # Then each has complained
    assert silent == []


def test_an_approval_nobody_could_see_yet_is_no_fault_of_ours() -> None:
    """Between our last look and our click somebody else may approve."""
    # Given somebody else's approval after our look, and one that was not shown in time
    meanwhile = replace(THEIRS, at=NOON - timedelta(milliseconds=500))
    late = replace(with_batch(approvals=(THEIRS, OURS)), visible_after=600.0)

    # When they are judged
    # Then there is nothing to complain about
    assert judge(with_batch(approvals=(meanwhile, OURS))) == []
    assert judge(late) == []


def test_unverified_is_an_honest_word() -> None:
    """What we approved may be called unverified."""
    # Given an approval of ours that the record calls unverified
    # When it is judged
    # Then there is nothing to complain about
    assert judge(with_item(**ended("unverified"))) == []
