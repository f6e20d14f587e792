"""One attempt on a claimed item: made within its time, decided, and kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel

from shared.contracts import ItemOutcome
from shared.errors import ClaimLost, NothingClicked
from shared.record import Record
from shared.task_state import ItemStatus, TaskState
from worker_service import bookkeeping
from worker_service.bookkeeping import Claimed
from worker_service.claim import RecordClaim
from worker_service.context import TaskContext
from worker_service.old_browsers import end_old_browsers
from worker_service.outcomes import (
    Decision,
    FailTask,
    Finish,
    PutOff,
    TryAgain,
    decide,
    ending_with,
    given_up,
    most_tries,
)
from worker_service.registry import TaskDefinition
from worker_service.slot_rules import SlotRules

log = structlog.get_logger()

T = TypeVar("T")

READING_SECONDS = 8.0
"""For reading what became of a click once the time is over, beside the settle time. It leaves two
of the ten seconds after which the item must be final for ending a browser and for writing."""


class Attempt:
    """What a slot does with one item that it claimed."""

    def __init__(
        self,
        record: Record,
        definition: TaskDefinition[Any],
        params: BaseModel,
        context: TaskContext,
        tell: Callable[[str], None],
        rules: SlotRules,
    ) -> None:
        """`tell` wakes whoever watches a task."""
        self._record = record
        self._definition = definition
        self._params = params
        self._context = context
        self._tell = tell
        self._rules = rules
        self._limits = context.limits
        self.lost_claim = False
        """True once an item was taken from this slot: whoever took it believes the slot dead."""
        self.has_to_wait = False
        """True once the portal could not be used: the slot has to leave."""

    def make(self, claimed: Claimed) -> TaskState | None:
        """Work on the item until it is decided, and write what was decided.

        The state the task ended in with this item, and the slot with it; None if it goes on.
        """
        ended = None
        ending = self._ending_without_a_click(claimed)
        until = time.monotonic() + self._rules.item_time_limit
        claim = RecordClaim(
            self._record,
            claimed.held,
            claimed.intents,
            self._rules.lease_seconds,
            self._tell,
            may_act=ending is None,
            cut=lambda: self._limits.let_take(time.monotonic()),
        )
        claim.limit(until)
        # The claim is left first: its thread moves deadlines.
        with self._limits.browser_until(until), claim:
            decision = self._decide(claim, ending)
            try:
                ended = self._keep(claim, decision)
            except ClaimLost as lost:
                self.lost_claim = True
                log.warning("claim lost before the outcome was kept", key=claim.key, why=str(lost))
        self._tell(claim.task_id)
        return ended

    def _ending_without_a_click(self, claimed: Claimed) -> ItemOutcome | None:
        """How the item ends if nothing was clicked, when nothing may be; None: work on it."""
        task, held = claimed.task, claimed.held
        if held.item.over is not None:
            return ItemOutcome(ItemStatus.FAILED, held.item.over, error=held.item.over)
        ending = ending_with(task)
        if ending is not None:
            return ending
        if held.tries > self._rules.max_attempts:
            why = f"Given up: the worker died {held.tries - 1} times while it worked on it."
            if held.item.error is not None:
                why = f"Given up after {held.tries - 1} attempts: {held.item.error}"
            return ItemOutcome(ItemStatus.FAILED, why, error=why)
        return None

    def _decide(self, claim: RecordClaim, ending: ItemOutcome | None) -> Decision:
        if ending is not None and not self._worth_reading(claim):
            return Finish(given_up(ending, intent_open=bool(claim.open_intents)))
        outcome = self._work(claim)
        if isinstance(outcome, ItemOutcome):
            return Finish(outcome)
        if claim.over and not isinstance(outcome, ClaimLost):
            why = claim.over
            log.warning("time is over", key=claim.key, reason=why)
            return self._decide_in_the_end(claim, ItemOutcome(ItemStatus.FAILED, why, error=why))
        if isinstance(outcome, NothingClicked):
            ending = ending or bookkeeping.ending_by_now(self._record, claim.task_id)
            if ending is not None:
                return Finish(given_up(ending, intent_open=bool(claim.open_intents)))
        return self._decide_on(outcome, claim)

    def _decide_in_the_end(self, claim: RecordClaim, ending: ItemOutcome) -> Decision:
        """The time is over: read what became of a click, if there was one, and end the item."""
        if not claim.open_intents:
            return Finish(ending)
        settle = max(intent.settle for intent in claim.open_intents)
        moment = time.monotonic() + settle + READING_SECONDS
        claim.resolve_only(moment)
        self._limits.let_take(moment)
        outcome = self._work(claim)
        if isinstance(outcome, ItemOutcome):
            return Finish(outcome)
        if isinstance(outcome, ClaimLost):
            return self._decide_on(outcome, claim)
        return Finish(given_up(ending, intent_open=bool(claim.open_intents)))

    def _worth_reading(self, claim: RecordClaim) -> bool:
        """True if something may have been clicked, and reading it has not failed too often."""
        return bool(claim.open_intents) and claim.held.tries <= most_tries(self._rules.max_attempts)

    def _work(self, claim: RecordClaim) -> ItemOutcome | Exception:
        definition = self._definition
        work = definition.run_item
        if definition.review_item and definition.wants_review(self._params) and not claim.review:
            work = definition.review_item
        end_old_browsers(self._record, claim.open_intents)
        with self._limits.busy(claim.deadline, claim.held.item.id):
            return guarded(
                lambda: work(claim, self._params, self._context), f"{claim.key}: attempt failed"
            )

    def _decide_on(self, error: Exception, claim: RecordClaim) -> Decision:
        return decide(
            error,
            attempt=claim.held.tries,
            max_attempts=self._rules.max_attempts,
            intent_open=bool(claim.open_intents),
        )

    def _keep(self, claim: RecordClaim, decision: Decision) -> TaskState | None:
        if isinstance(decision, Finish):
            return bookkeeping.finished(self._record, claim, self._definition, decision.outcome)
        if isinstance(decision, TryAgain):
            bookkeeping.to_try_again(self._record, claim, decision)
        elif isinstance(decision, PutOff):
            bookkeeping.to_wait(self._record, claim, decision)
            self.has_to_wait = True
        elif isinstance(decision, FailTask):
            bookkeeping.task_failed(self._record, claim, self._definition, decision)
        else:
            self.lost_claim = True
            log.warning("let go of an item", key=claim.key, reason=decision.reason)
        return None


def guarded(work: Callable[[], T], failed: str) -> T | Exception:
    """The worker's one broad except: whatever goes wrong in a task type becomes a value."""
    try:
        return work()
    except Exception as error:
        log.warning(failed, reason=str(error), exc_info=True)
        return error
