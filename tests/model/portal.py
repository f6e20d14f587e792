"""The portal of the model, and what the product's own judgement makes of what it shows."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from automation_service.judgement import Finding, judge
from automation_service.profile import builtin_profile
from shared.contracts import Attribution, Condition, HistoryLine, Reading, Verdict
from shared.task_state import ItemStatus
from shared.utils import utc_now

OURS = "ours"
OURS_TOO_LATE = "ours, though theirs could be seen"
THEIRS = "theirs"
MOVED_ON = "moved on"
VANISHED = "vanished"
EDITED = "edited"
APPROVALS = (OURS, OURS_TOO_LATE, THEIRS)

_ESC = builtin_profile("esc")
PROFILES = {
    True: _ESC,
    False: _ESC.model_copy(update={"batch": _ESC.batch.model_copy(update={"history": None})}),
}
"""The product's own profile, with a history of each batch and without."""

APPROVE = _ESC.action("approve")
"""The action that the model tries."""

_WORDS = {_ESC.condition_of(word, APPROVE): word for word in _ESC.batch.words}
_NOW = utc_now()


class Act(NamedTuple):
    """Something done to the batch; `mark` is the number of our intent, 0 where none is shown."""

    what: str
    mark: int = 0


Acts = tuple[Act, ...]


class Ending(NamedTuple):
    """An outcome as far as the model looks at it. `fails_task`: nor can the task go on."""

    status: ItemStatus
    attribution: Attribution | None = None
    verdict: Verdict | None = None
    fails_task: bool = False


SKIPPED = Ending(ItemStatus.SKIPPED)
SURELY_OURS = Ending(ItemStatus.DONE, Attribution.OURS, Verdict.TAKEN)
REFUSED_AFTER_ALL = Ending(ItemStatus.REFUSED, None, Verdict.NOT_TAKEN)
UNVERIFIED = Ending(ItemStatus.UNVERIFIED, Attribution.UNKNOWN)
STILL_PENDING = Ending(ItemStatus.UNVERIFIED, Attribution.UNKNOWN, Verdict.UNKNOWN)

NOTHING_TO_CLICK = {
    Condition.DONE: Ending(ItemStatus.ALREADY_DONE, Attribution.SOMEBODY_ELSE),
    Condition.MISSING: Ending(ItemStatus.NOT_FOUND),
    Condition.MAY_NOT_BE_DONE: Ending(ItemStatus.REFUSED),
}
"""How an item ends that shows, before any click of ours, that there is nothing to approve."""


@cache
def condition(acts: Acts) -> Condition:
    """The state of a batch after these acts."""
    told = [act.what for act in acts if act.what != EDITED]
    if not told:
        return Condition.MAY_BE_DONE
    if told[-1] == MOVED_ON:
        return Condition.MAY_NOT_BE_DONE
    return Condition.MISSING if told[-1] == VANISHED else Condition.DONE


@cache
def reads_as_reviewed(shown: Acts) -> bool:
    """True if the batch reads as it did when it was shown to a person, pending and unedited."""
    return condition(shown) is Condition.MAY_BE_DONE and Act(EDITED) not in shown


@cache
def finding(shown: Acts, asks: tuple[int, ...], history: bool) -> Finding:
    """What the product makes of what is shown, asked about these intents of ours."""
    state = condition(shown)
    reading = Reading(
        began_at=_NOW,
        ended_at=_NOW,
        logged_in=True,
        printed_key=None if state is Condition.MISSING else "BATCH001",
        words=_WORDS.get(state, ""),
        condition=state,
        history=tuple(map(_line, shown)) if history else None,
    )
    return judge(reading, tuple(map(_marker, asks)), PROFILES[history], APPROVE)


def _line(act: Act) -> HistoryLine:
    word = str(APPROVE.recorded) if act.what in APPROVALS else act.what
    remark = f"Verified [{_marker(act.mark)}]" if act.mark else "Verified"
    return HistoryLine("somebody", "today", word, remark)


def _marker(mark: int) -> str:
    return f"AAB-{mark}"


def concluded(found: Finding, history: bool) -> Ending:
    """How an item ends on which an intent of ours is settled, other than still pending."""
    if found is Finding.OURS:
        return SURELY_OURS
    if found is Finding.DONE:
        return Ending(ItemStatus.DONE, Attribution.UNKNOWN, Verdict.UNKNOWN)
    if found is Finding.SOMEBODY_ELSE:
        return Ending(ItemStatus.ALREADY_DONE, Attribution.SOMEBODY_ELSE, Verdict.NOT_TAKEN)
    if found is Finding.MOVED_ON and PROFILES[history].shows_marks(APPROVE):
        return REFUSED_AFTER_ALL
    return UNVERIFIED
