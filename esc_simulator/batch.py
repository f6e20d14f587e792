"""A training batch as the portal knows it."""

from dataclasses import dataclass
from enum import Enum


class BatchStatus(str, Enum):
    """What the portal prints in its Status column."""

    PENDING = "Pending"
    APPROVED = "Approved"
    REJECTED = "Rejected"
    ON_HOLD = "On Hold"
    FORWARDED = "Forwarded"


@dataclass(frozen=True)
class Batch:
    """One row of the register. Dates are ISO 8601 (YYYY-MM-DD); `age_days` is fixed by the seed."""

    batch_id: str
    number: int
    district: str
    scheme: str
    course: str
    course_code: str
    hours: int
    college: str
    trainer: str | None
    seats: int
    enrolled: int
    submitted_on: str
    starts_on: str
    ends_on: str
    age_days: int
    status: BatchStatus

    @property
    def refusal(self) -> str | None:
        """Why the portal refuses to approve this batch, in its own words; None if it does not."""
        if self.trainer is None:
            return "Batch cannot be approved: no trainer is assigned."
        if self.enrolled > self.seats:
            return (
                f"Batch cannot be approved: {self.enrolled} candidates are enrolled"
                f" against {self.seats} sanctioned seats (seats exceeded)."
            )
        return None


def batch_id_for(number: int) -> str:
    """Return the id of the batch with this running number: BATCH001 ... BATCH999, BATCH1000."""
    return f"BATCH{number:03d}"


@dataclass(frozen=True)
class HistoryEntry:
    """One line of a batch's history. `at` is UTC, ISO 8601 with milliseconds."""

    at: str
    who: str
    what: str
    remark: str
