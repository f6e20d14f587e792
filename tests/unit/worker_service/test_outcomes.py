"""What follows from an exception that ended an attempt."""

from __future__ import annotations

import pytest

from shared.errors import (
    AccountLocked,
    AgentError,
    ApplicationError,
    BatchNotFound,
    BatchRefused,
    BrowserDied,
    ClaimLost,
    LoginRefused,
    PortalTimeout,
    ProfileInDoubt,
    ProfileMismatch,
    UnverifiedError,
)
from shared.task_state import ItemStatus
from worker_service.outcomes import FailTask, Finish, LetGo, TryAgain, decide


def subclasses(of: type[AgentError]) -> list[type[AgentError]]:
    return [of, *(deeper for direct in of.__subclasses__() for deeper in subclasses(direct))]


def test_what_the_portal_refuses_is_final_at_the_first_attempt() -> None:
    decision = decide(BatchRefused("No trainer."), attempt=1, max_attempts=3, intent_open=False)

    assert isinstance(decision, Finish)
    assert decision.outcome.status is ItemStatus.REFUSED
    assert decision.outcome.detail == "No trainer."


def test_a_batch_the_portal_does_not_have_is_not_found() -> None:
    decision = decide(BatchNotFound(), attempt=1, max_attempts=3, intent_open=False)

    assert isinstance(decision, Finish)
    assert decision.outcome.status is ItemStatus.NOT_FOUND


@pytest.mark.parametrize("kind", subclasses(ApplicationError))
def test_passing_trouble_is_tried_again_while_attempts_are_left(kind: type[AgentError]) -> None:
    decision = decide(kind("Slow."), attempt=2, max_attempts=3, intent_open=True)

    assert isinstance(decision, TryAgain)
    assert decision.delay.total_seconds() > 0


def test_spent_attempts_fail_the_item_and_say_why() -> None:
    decision = decide(PortalTimeout("Slow."), attempt=3, max_attempts=3, intent_open=False)

    assert isinstance(decision, Finish)
    assert decision.outcome.status is ItemStatus.FAILED
    assert "3 attempts" in decision.outcome.detail
    assert "Slow." in decision.outcome.detail


def test_spent_attempts_without_what_all_work_needs_end_the_task_as_one_that_does_not_match() -> (
    None
):
    error = ProfileInDoubt("No login form.")
    decision = decide(error, attempt=3, max_attempts=3, intent_open=False)

    assert isinstance(decision, FailTask)
    assert decision.code == ProfileMismatch.code
    assert "No login form." in decision.error
    assert decision.outcome.status is ItemStatus.FAILED


def test_spent_attempts_after_an_announced_click_are_never_called_failed() -> None:
    decision = decide(BrowserDied(), attempt=6, max_attempts=3, intent_open=True)

    assert isinstance(decision, Finish)
    assert decision.outcome.status is ItemStatus.UNVERIFIED


@pytest.mark.parametrize("attempt", [3, 5])
def test_an_announced_click_is_read_some_more_after_the_last_attempt(attempt: int) -> None:
    decision = decide(BrowserDied(), attempt=attempt, max_attempts=3, intent_open=True)

    assert isinstance(decision, TryAgain)
    assert decision.delay.total_seconds() <= 8


def test_giving_up_closes_no_intent_since_nobody_has_read_what_became_of_it() -> None:
    decision = decide(BrowserDied(), attempt=6, max_attempts=3, intent_open=True)

    assert isinstance(decision, Finish)
    assert decision.outcome.verdict is None


def test_an_unverified_item_stops_at_once() -> None:
    decision = decide(UnverifiedError("Who knows."), attempt=1, max_attempts=3, intent_open=True)

    assert isinstance(decision, Finish)
    assert decision.outcome.status is ItemStatus.UNVERIFIED


@pytest.mark.parametrize("kind", [LoginRefused, AccountLocked, ProfileMismatch])
def test_a_fatal_error_ends_the_whole_task(kind: type[AgentError]) -> None:
    decision = decide(kind("No."), attempt=1, max_attempts=3, intent_open=False)

    assert isinstance(decision, FailTask)
    assert decision.code == kind.code
    assert decision.outcome.status is ItemStatus.FAILED


def test_a_fatal_error_after_an_announced_click_leaves_the_item_unverified() -> None:
    decision = decide(LoginRefused("No."), attempt=2, max_attempts=3, intent_open=True)

    assert isinstance(decision, FailTask)
    assert decision.outcome.status is ItemStatus.UNVERIFIED


def test_a_lost_claim_writes_nothing() -> None:
    assert isinstance(decide(ClaimLost(), attempt=1, max_attempts=3, intent_open=True), LetGo)


def test_an_error_nobody_foresaw_is_tried_again_and_then_named() -> None:
    again = decide(KeyError("the key"), attempt=1, max_attempts=2, intent_open=False)
    spent = decide(KeyError("the key"), attempt=2, max_attempts=2, intent_open=False)

    assert isinstance(again, TryAgain)
    assert isinstance(spent, Finish)
    assert "KeyError" in spent.outcome.detail
    assert "the key" not in f"{again} {spent}"
