"""Which batches there are, drawn from a seed: the same seed always gives the same world."""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from esc_simulator import vocabulary
from esc_simulator.batch import Batch, BatchStatus, HistoryEntry, batch_id_for

# The day the world is drawn for. A fixed day, so that dates and ages never depend on today.
WORLD_DAY = date(2026, 10, 31)

OTHER_OFFICER = "s.kulkarni"

# One batch in twelve, among the last three of its dozen, is out of the ordinary. Of the first n
# batches at most n // 10 are, so at least 90 % can be approved however many are drawn.
_DOZEN = 12
_ODD_AMONG_LAST = 3


class _Oddity(Enum):
    NO_TRAINER = "no trainer"
    SEATS_EXCEEDED = "seats exceeded"
    ON_HOLD = "on hold"
    APPROVED = "approved"
    REJECTED = "rejected"


_STATUS_OF_ODDITY: dict[_Oddity | None, BatchStatus] = {
    _Oddity.ON_HOLD: BatchStatus.ON_HOLD,
    _Oddity.APPROVED: BatchStatus.APPROVED,
    _Oddity.REJECTED: BatchStatus.REJECTED,
}

_DECISION_REMARKS = {
    BatchStatus.ON_HOLD: "Lab photographs awaited from the college.",
    BatchStatus.APPROVED: "Verified with the district office.",
    BatchStatus.REJECTED: "Duplicate of a batch submitted earlier.",
}


@dataclass(frozen=True)
class World:
    """What decides the drawn batches: how many, from which seed, and whether all are pending."""

    batches: int
    seed: int
    pending_only: bool = False


def draw_batches(world: World) -> list[Batch]:
    """Return the world's batches in the order of their numbers.

    Batch n is the same in every world of one seed that has it. At least nine in ten are pending
    and approvable; in a `pending_only` world all are.
    """
    return [_draw_batch(world, number) for number in range(1, world.batches + 1)]


def draw_history(batch: Batch) -> list[HistoryEntry]:
    """Return what happened to the batch before the portal was started."""
    submitted = HistoryEntry(
        f"{batch.submitted_on}T05:12:00.000+00:00",
        batch.college,
        "Submitted",
        "Batch submitted for approval.",
    )
    if batch.status is BatchStatus.PENDING:
        return [submitted]
    decided_on = date.fromisoformat(batch.submitted_on) + timedelta(days=batch.age_days // 2)
    decided = HistoryEntry(
        f"{decided_on.isoformat()}T09:40:00.000+00:00",
        OTHER_OFFICER,
        batch.status.value,
        _DECISION_REMARKS[batch.status],
    )
    return [submitted, decided]


def _draw_batch(world: World, number: int) -> Batch:
    dice = random.Random(f"{world.seed}/{number}")
    course = dice.choice(vocabulary.COURSES)
    college = f"{dice.choice(vocabulary.COLLEGE_KINDS)}, {dice.choice(vocabulary.COLLEGE_TOWNS)}"
    seats = dice.choice((20, 24, 30, 36, 40))
    age_days = dice.randint(2, 120)
    submitted_on = WORLD_DAY - timedelta(days=age_days)
    starts_on = submitted_on + timedelta(days=dice.randint(130, 170))
    enrolled = seats - dice.randint(0, 6)
    first_name = dice.choice(vocabulary.TRAINER_FIRST_NAMES)
    trainer: str | None = f"{first_name} {dice.choice(vocabulary.TRAINER_LAST_NAMES)}"
    oddity = None if world.pending_only else _oddity_of(world.seed, number)
    if oddity is _Oddity.NO_TRAINER:
        trainer = None
    if oddity is _Oddity.SEATS_EXCEEDED:
        enrolled = seats + dice.randint(1, 6)
    return Batch(
        batch_id=batch_id_for(number),
        number=number,
        district=dice.choice(vocabulary.DISTRICTS),
        scheme=dice.choice(vocabulary.SCHEMES),
        course=course.name,
        course_code=course.code,
        hours=course.hours,
        college=college,
        trainer=trainer,
        seats=seats,
        enrolled=enrolled,
        submitted_on=submitted_on.isoformat(),
        starts_on=starts_on.isoformat(),
        ends_on=(starts_on + timedelta(days=course.hours // 5)).isoformat(),
        age_days=age_days,
        status=_STATUS_OF_ODDITY.get(oddity, BatchStatus.PENDING),
    )


def _oddity_of(seed: int, number: int) -> _Oddity | None:
    dozen, place = divmod(number - 1, _DOZEN)
    odd_place = _DOZEN - 1 - random.Random(f"{seed}/place/{dozen}").randrange(_ODD_AMONG_LAST)
    if place != odd_place:
        return None
    oddities = list(_Oddity)
    # Every run of five dozens has each oddity once, in an order of its own.
    round_number, turn = divmod(dozen, len(oddities))
    random.Random(f"{seed}/order/{round_number}").shuffle(oddities)
    return oddities[turn]
