"""What a reading says about clicks of ours that may or may not have taken effect."""

from __future__ import annotations

from enum import Enum

from automation_service.profile import Action, Profile
from shared.contracts import Condition, HistoryLine, Reading


class Finding(Enum):
    """What became of a batch after an intent of ours.

    OURS is a positive fact and counts at once, and so does DONE where the portal has no history
    that could say whose. All others are believed only after the settle time. `{done}` in a value
    stands for what the action makes of a batch.
    """

    OURS = "{done} by our click"
    DONE = "{done}, by whom is not shown"
    SOMEBODY_ELSE = "{done} by somebody else"
    PENDING = "still to be {done}"
    MOVED_ON = "neither {done} nor to be {done}"
    UNDONE = "{done} by our click and changed again since"
    GONE = "no longer there"

    def told(self, action: Action) -> str:
        """What the batch is, in words."""
        return self.value.format(done=action.done)


def judge(reading: Reading, markers: tuple[str, ...], profile: Profile, action: Action) -> Finding:
    """What `reading` says; `markers` are those of all intents in question."""
    if reading.condition is Condition.MISSING:
        return Finding.GONE
    if reading.condition is Condition.DONE and any(bears(reading, m, action) for m in markers):
        return Finding.OURS
    marked = any(marker in line.remark for marker in markers for line in reading.history or ())
    if marked and reading.condition is not Condition.DONE:
        return Finding.UNDONE
    if reading.condition is Condition.MAY_BE_DONE:
        return Finding.PENDING
    if reading.condition is Condition.MAY_NOT_BE_DONE:
        return Finding.MOVED_ON
    attributable = profile.shows_marks(action) and lines_of(reading, action)
    return Finding.SOMEBODY_ELSE if attributable else Finding.DONE


def bears(reading: Reading, marker: str, action: Action) -> bool:
    """True if a line that tells of this action bears the marker.

    A portal may take our click after somebody else's and note our remark without the action: then
    the marker is there, and what was done is theirs.
    """
    lines = reading.history or ()
    telling = lines if action.recorded is None else lines_of(reading, action)
    return any(marker in line.remark for line in telling)


def lines_of(reading: Reading, action: Action) -> list[HistoryLine]:
    """The lines of the history that tell of this action."""
    if action.recorded is None or reading.history is None:
        return []
    return [line for line in reading.history if line.what == action.recorded]


def is_certain(finding: Finding, profile: Profile, action: Action) -> bool:
    """True for what counts at once, without waiting for the settle time."""
    if finding is Finding.DONE:
        return not profile.shows_marks(action)
    return finding is Finding.OURS
