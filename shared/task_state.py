"""The states of a task and of an item, and the one table of what may follow what.

    pending ──▶ running ──────▶ completed
       │         │ │ ▲ └──────▶ failed
       │         │ ▼ │
       │         │ awaiting_decision
       ▼         ▼ ▼
    cancelled ◀─ cancelling

A task is `completed` when every item has an outcome, whatever the outcomes; `failed` when the
task itself could not do its work.
"""

from __future__ import annotations

from enum import Enum

from shared.errors import TransitionRefused


class TaskState(str, Enum):
    """Where a task stands."""

    PENDING = "pending"
    RUNNING = "running"
    AWAITING_DECISION = "awaiting_decision"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Nothing follows a final state."""
        return not ALLOWED_TRANSITIONS[self]

    @property
    def status(self) -> str:
        """The coarser word every dashboard knows: pending, running, completed or failed."""
        return PUBLIC_STATUS[self]


ALLOWED_TRANSITIONS: dict[TaskState, frozenset[TaskState]] = {
    TaskState.PENDING: frozenset({TaskState.RUNNING, TaskState.CANCELLED, TaskState.FAILED}),
    TaskState.RUNNING: frozenset(
        {
            TaskState.AWAITING_DECISION,
            TaskState.CANCELLING,
            TaskState.COMPLETED,
            TaskState.FAILED,
        }
    ),
    TaskState.AWAITING_DECISION: frozenset({TaskState.RUNNING, TaskState.CANCELLING}),
    TaskState.CANCELLING: frozenset({TaskState.CANCELLED}),
    TaskState.COMPLETED: frozenset(),
    TaskState.FAILED: frozenset(),
    TaskState.CANCELLED: frozenset(),
}

PUBLIC_STATUS: dict[TaskState, str] = {
    TaskState.PENDING: "pending",
    TaskState.RUNNING: "running",
    TaskState.AWAITING_DECISION: "running",
    TaskState.CANCELLING: "running",
    TaskState.COMPLETED: "completed",
    TaskState.FAILED: "failed",
    TaskState.CANCELLED: "failed",
}

FINAL_STATES = frozenset(state for state, following in ALLOWED_TRANSITIONS.items() if not following)
OPEN_STATES = frozenset(TaskState) - FINAL_STATES


def transition(current: TaskState, wanted: TaskState) -> TaskState:
    """`wanted`, if a task in `current` may go there.

    Raises TransitionRefused otherwise.
    """
    if wanted not in ALLOWED_TRANSITIONS[current]:
        raise TransitionRefused(f"A {current.value} task cannot become {wanted.value}.")
    return wanted


class ItemStatus(str, Enum):
    """Where one line of a task stands; everything but the first three is an outcome."""

    NEW = "new"
    IN_PROGRESS = "in_progress"
    REVIEWED = "reviewed"
    DONE = "done"
    ALREADY_DONE = "already_done"
    REFUSED = "refused"
    NOT_FOUND = "not_found"
    FAILED = "failed"
    UNVERIFIED = "unverified"
    SKIPPED = "skipped"

    @property
    def is_outcome(self) -> bool:
        """True once nothing more is to be done for the item."""
        return self not in (ItemStatus.NEW, ItemStatus.IN_PROGRESS, ItemStatus.REVIEWED)
