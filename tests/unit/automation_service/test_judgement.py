"""What a reading says of our clicks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automation_service.judgement import Finding, approvals, is_certain, judge
from automation_service.profile import Profile, builtin_profile
from shared.contracts import Condition, HistoryLine, Reading
from shared.utils import utc_now

MARKER = "AAB-12345678"
OURS = HistoryLine("officer", "today", "Approved", f"Verified [{MARKER}]")
THEIRS = HistoryLine("s.kulkarni", "today", "Approved", "Verified")
SUBMITTED = HistoryLine("College", "long ago", "Submitted", "")


@pytest.fixture(scope="module")
def profile() -> Profile:
    return builtin_profile("esc")


def reading(condition: Condition, *history: HistoryLine) -> Reading:
    now = utc_now()
    return Reading(
        began_at=now,
        ended_at=now,
        logged_in=True,
        printed_key="BATCH001",
        words=condition.value,
        condition=condition,
        history=history,
    )


@pytest.mark.parametrize(
    ("seen", "finding"),
    [
        (reading(Condition.APPROVED, SUBMITTED, OURS), Finding.OURS),
        (reading(Condition.APPROVED, SUBMITTED, THEIRS, OURS), Finding.OURS),
        (reading(Condition.APPROVED, SUBMITTED, THEIRS), Finding.SOMEBODY_ELSE),
        (reading(Condition.APPROVED, SUBMITTED), Finding.APPROVED),
        (reading(Condition.APPROVED), Finding.APPROVED),
        (reading(Condition.APPROVABLE, SUBMITTED), Finding.PENDING),
        (reading(Condition.APPROVABLE, SUBMITTED, OURS), Finding.UNDONE),
        (reading(Condition.NOT_APPROVABLE, SUBMITTED), Finding.MOVED_ON),
        (reading(Condition.NOT_APPROVABLE, SUBMITTED, OURS), Finding.UNDONE),
        (reading(Condition.MISSING), Finding.GONE),
    ],
)
def test_a_reading_is_judged_by_state_and_history(
    profile: Profile, seen: Reading, finding: Finding
) -> None:
    assert judge(seen, (MARKER,), profile) is finding


def test_any_marker_of_ours_will_do(profile: Profile) -> None:
    seen = reading(Condition.APPROVED, OURS)

    assert judge(seen, ("AAB-00000000", MARKER), profile) is Finding.OURS


def test_without_a_history_nobody_is_named(profile: Profile) -> None:
    blind = profile.model_copy(update={"batch": profile.batch.model_copy(update={"history": None})})
    seen = replace(reading(Condition.APPROVED), history=None)

    assert judge(seen, (MARKER,), blind) is Finding.APPROVED
    assert approvals(seen, blind) == []
    assert is_certain(Finding.APPROVED, blind)


def test_only_our_own_approval_counts_at_once_where_a_history_can_tell(profile: Profile) -> None:
    certain = [finding for finding in Finding if is_certain(finding, profile)]

    assert certain == [Finding.OURS]
