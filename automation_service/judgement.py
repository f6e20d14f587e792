"""What a reading says about clicks of ours that may or may not have taken effect."""

from __future__ import annotations

from enum import Enum

from automation_service.profile import Profile
from shared.contracts import Condition, HistoryLine, Reading


class Finding(Enum):
    """What became of a batch after an intent of ours.

    OURS is a positive fact and counts at once, and so does APPROVED where the portal has no
    history that could say whose. All others are believed only after the settle time.
    """

    OURS = "approved by our click"
    APPROVED = "approved, by whom is not shown"
    SOMEBODY_ELSE = "approved by somebody else"
    PENDING = "still to be approved"
    MOVED_ON = "neither approved nor to be approved"
    UNDONE = "approved by our click and changed again since"
    GONE = "no longer there"


def judge(reading: Reading, markers: tuple[str, ...], profile: Profile) -> Finding:
    """What `reading` says; `markers` are those of all intents in question."""
    if reading.condition is Condition.MISSING:
        return Finding.GONE
    if any(marker in line.remark for marker in markers for line in reading.history or ()):
        approved = reading.condition is Condition.APPROVED
        return Finding.OURS if approved else Finding.UNDONE
    if reading.condition is Condition.APPROVABLE:
        return Finding.PENDING
    if reading.condition is Condition.NOT_APPROVABLE:
        return Finding.MOVED_ON
    attributable = profile.marks_remarks and approvals(reading, profile)
    return Finding.SOMEBODY_ELSE if attributable else Finding.APPROVED


def approvals(reading: Reading, profile: Profile) -> list[HistoryLine]:
    """The lines of the history that tell of an approval."""
    history = profile.batch.history
    if history is None or reading.history is None:
        return []
    return [line for line in reading.history if line.what == history.approval]


def is_certain(finding: Finding, profile: Profile) -> bool:
    """True for what counts at once, without waiting for the settle time."""
    if finding is Finding.APPROVED:
        return not profile.marks_remarks
    return finding is Finding.OURS
