"""What a reading says of our clicks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automation_service.judgement import Finding, is_certain, judge, lines_of
from automation_service.profile import Profile, builtin_profile
from shared.contracts import Condition, HistoryLine, Reading
from shared.utils import utc_now

MARKER = "AAB-12345678"
OURS = HistoryLine("officer", "today", "Approved", f"Verified [{MARKER}]")
THEIRS = HistoryLine("s.kulkarni", "today", "Approved", "Verified")
NOTED = HistoryLine("officer", "today", "Comment", f"Verified [{MARKER}]")
"""Our click came after theirs: the portal took the remark, and there was nothing left to do."""
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
        (reading(Condition.DONE, SUBMITTED, OURS), Finding.OURS),
        (reading(Condition.DONE, SUBMITTED, THEIRS, OURS), Finding.OURS),
        (reading(Condition.DONE, SUBMITTED, THEIRS), Finding.SOMEBODY_ELSE),
        (reading(Condition.DONE, SUBMITTED, THEIRS, NOTED), Finding.SOMEBODY_ELSE),
        (reading(Condition.DONE, SUBMITTED, NOTED), Finding.DONE),
        (reading(Condition.MAY_BE_DONE, SUBMITTED, NOTED), Finding.UNDONE),
        (reading(Condition.DONE, SUBMITTED), Finding.DONE),
        (reading(Condition.DONE), Finding.DONE),
        (reading(Condition.MAY_BE_DONE, SUBMITTED), Finding.PENDING),
        (reading(Condition.MAY_BE_DONE, SUBMITTED, OURS), Finding.UNDONE),
        (reading(Condition.MAY_NOT_BE_DONE, SUBMITTED), Finding.MOVED_ON),
        (reading(Condition.MAY_NOT_BE_DONE, SUBMITTED, OURS), Finding.UNDONE),
        (reading(Condition.MISSING), Finding.GONE),
    ],
)
def test_a_reading_is_judged_by_state_and_history(
    profile: Profile, seen: Reading, finding: Finding
) -> None:
    assert judge(seen, (MARKER,), profile, profile.action("approve")) is finding


def test_any_marker_of_ours_will_do(profile: Profile) -> None:
    seen = reading(Condition.DONE, OURS)

    assert judge(seen, ("AAB-00000000", MARKER), profile, profile.action("approve")) is Finding.OURS


def test_without_a_history_nobody_is_named(profile: Profile) -> None:
    blind = profile.model_copy(update={"batch": profile.batch.model_copy(update={"history": None})})
    approve = blind.action("approve")
    seen = replace(reading(Condition.DONE), history=None)

    assert judge(seen, (MARKER,), blind, approve) is Finding.DONE
    assert lines_of(seen, approve) == []
    assert is_certain(Finding.DONE, blind, approve)


def test_only_our_own_approval_counts_at_once_where_a_history_can_tell(profile: Profile) -> None:
    approve = profile.action("approve")
    certain = [finding for finding in Finding if is_certain(finding, profile, approve)]

    assert certain == [Finding.OURS]
