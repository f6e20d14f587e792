"""What an attempt on an item comes to: a value, decided here and matched once in the executor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from shared.contracts import ItemOutcome
from shared.errors import (
    AgentError,
    BatchNotFound,
    BusinessError,
    ClaimLost,
    FatalError,
    PortalClosed,
    ProfileInDoubt,
    ProfileMismatch,
    UnverifiedError,
)
from shared.record.tasks import Task
from shared.task_state import ItemStatus, TaskState
from worker_service.retry_policy import backoff


@dataclass(frozen=True)
class Finish:
    """The item has its outcome."""

    outcome: ItemOutcome


@dataclass(frozen=True)
class TryAgain:
    """The item goes back to the queue and is not touched before `delay` has passed."""

    delay: timedelta
    error: str


@dataclass(frozen=True)
class FailTask:
    """The task cannot go on: this item and those not begun end with the task's error."""

    outcome: ItemOutcome
    code: str
    error: str


@dataclass(frozen=True)
class PutOff:
    """The portal may not be used just now: the item goes back untried, and the task waits."""

    delay: timedelta
    reason: str


@dataclass(frozen=True)
class LetGo:
    """Somebody else holds the item: nothing is written."""

    reason: str


Decision = Finish | TryAgain | FailTask | PutOff | LetGo

READS_PER_ATTEMPT = 2
"""An item is claimed up to twice its attempts, the last of them only to read what a click did."""


def decide(error: Exception, *, attempt: int, max_attempts: int, intent_open: bool) -> Decision:
    """What follows from an exception that ended an attempt.

    `intent_open` means something may have been clicked whose result nobody has read: such an
    item is never called failed, and is read some more once its attempts are spent.
    """
    message = told_of(error)
    if isinstance(error, ClaimLost):
        return LetGo(message)
    if isinstance(error, PortalClosed):
        return PutOff(timedelta(seconds=error.seconds), message)
    if isinstance(error, BusinessError):
        return Finish(ItemOutcome(ItemStatus.REFUSED, message))
    if isinstance(error, BatchNotFound):
        return Finish(ItemOutcome(ItemStatus.NOT_FOUND, message))
    if isinstance(error, UnverifiedError):
        return Finish(unverified(message))
    if isinstance(error, FatalError):
        return FailTask(given_up(_failed(message), intent_open=intent_open), error.code, message)
    if attempt < max_attempts:
        return TryAgain(backoff(attempt), message)
    if intent_open and attempt < most_tries(max_attempts):
        return TryAgain(backoff(attempt - max_attempts + 1), message)
    told = f"Given up after {attempt} attempts: {message}"
    if isinstance(error, ProfileInDoubt):
        told += " Either it is very slow, or the profile does not match it any more."
        return FailTask(
            given_up(_failed(told), intent_open=intent_open), ProfileMismatch.code, told
        )
    failed = _failed(told)
    return Finish(given_up(failed, intent_open=intent_open))


def most_tries(max_attempts: int) -> int:
    """How often an item is claimed at most: `max_attempts` times to act, and then only to read."""
    return READS_PER_ATTEMPT * max_attempts


def told_of(error: Exception) -> str:
    """What clients are told of an error; of one that is not ours no more than its kind.

    Its own words may hold statements, paths and secrets. The log has them.
    """
    if isinstance(error, AgentError):
        return error.message
    return f"Something unexpected went wrong ({type(error).__name__}); the worker's log has more."


def ending_with(task: Task) -> ItemOutcome | None:
    """How an item ends that nothing was done for, since its task is not to go on; None: it is."""
    if task.state is TaskState.CANCELLING:
        return ItemOutcome(ItemStatus.SKIPPED, task.error or "")
    if task.error is not None:
        return ItemOutcome(ItemStatus.FAILED, f"Not tried: {task.error}", error=task.error)
    return None


def unverified(message: str) -> ItemOutcome:
    """It may or may not have happened: a human must look.

    No verdict: nobody has read what became of the click, so whoever works on this batch next, for
    whatever task, has to read it first.
    """
    return ItemOutcome(ItemStatus.UNVERIFIED, message, error=message)


def given_up(ending: ItemOutcome, *, intent_open: bool) -> ItemOutcome:
    """`ending`, unless something may have been clicked: then the item is unverified."""
    if not intent_open:
        return ending
    return unverified(f"{ending.detail} A click was announced before and its result was not read.")


def _failed(message: str) -> ItemOutcome:
    return ItemOutcome(ItemStatus.FAILED, message, error=message)
