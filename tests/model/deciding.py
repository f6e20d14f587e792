"""What errors and spent attempts come to in the model: the product's own decisions."""

from __future__ import annotations

from functools import cache

from shared.contracts import ItemOutcome, Verdict
from shared.errors import AgentError, FatalError, PortalUnavailable, ProfileMismatch
from shared.task_state import ItemStatus
from tests.model.case import Case
from tests.model.portal import Ending
from tests.model.world import Worker
from worker_service.outcomes import FailTask, Finish, TryAgain, decide, given_up

GIVEN_UP = Ending(ItemStatus.FAILED)


def after_error(error: AgentError, worker: Worker, *, intent_open: bool, case: Case) -> Worker:
    """The worker after an error ended its attempt: about to give the batch back, or to write."""
    if intent_open and not case.safeguards.unreadable_is_unverified:
        return Worker("write", ending=GIVEN_UP)
    fatal = isinstance(error, FatalError)
    after = _decided(fatal, worker.attempt, case.attempts, intent_open)
    if after is None:
        return Worker("give back")
    if intent_open and not case.safeguards.giving_up_is_unverified:
        after = GIVEN_UP._replace(fails_task=after.fails_task)
    if intent_open and not case.safeguards.unverified_stays_open:
        after = after._replace(verdict=Verdict.UNKNOWN)
    return Worker("write", ending=after)


@cache
def _decided(fatal: bool, attempt: int, attempts: int, intent_open: bool) -> Ending | None:
    """How the item ends after fatal or passing trouble; None: it is tried again."""
    error = ProfileMismatch() if fatal else PortalUnavailable()
    decision = decide(error, attempt=attempt, max_attempts=attempts, intent_open=intent_open)
    if isinstance(decision, TryAgain):
        return None
    assert isinstance(decision, (Finish, FailTask))
    return _ending(decision.outcome)._replace(fails_task=isinstance(decision, FailTask))


def ending_when_given_up(ending: Ending, intent_open: bool, case: Case) -> Ending:
    """How an item ends that may not be clicked any more and is not worth another reading."""
    outcome = ItemOutcome(ending.status, "")
    kept = _ending(given_up(outcome, intent_open=intent_open))
    if intent_open and not case.safeguards.giving_up_is_unverified:
        return ending
    if intent_open and not case.safeguards.unverified_stays_open:
        return kept._replace(verdict=Verdict.UNKNOWN)
    return kept


def _ending(outcome: ItemOutcome) -> Ending:
    return Ending(outcome.status, outcome.attribution, outcome.verdict)
