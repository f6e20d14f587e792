"""What an attempt on an item comes to: a value, decided here and matched once in the executor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from shared.contracts import ItemOutcome
from shared.errors import (
    AgentError,
    ApplicationError,
    BatchNotFound,
    BusinessError,
    ClaimLost,
    FatalError,
    UnverifiedError,
)
from shared.task_state import ItemStatus
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
class LetGo:
    """Somebody else holds the item: nothing is written."""

    reason: str


Decision = Finish | TryAgain | FailTask | LetGo


def decide(error: Exception, *, attempt: int, max_attempts: int, intent_open: bool) -> Decision:
    """What follows from an exception that ended an attempt.

    `intent_open` means something may have been clicked whose result nobody has read: such an
    item is never called failed.
    """
    message = error.message if isinstance(error, AgentError) else f"{type(error).__name__}: {error}"
    if isinstance(error, ClaimLost):
        return LetGo(message)
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
    spent = "" if isinstance(error, ApplicationError) else "unexpected error, "
    failed = _failed(f"Given up after {attempt} attempts: {spent}{message}")
    return Finish(given_up(failed, intent_open=intent_open))


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
