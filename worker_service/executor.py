"""One slot at work on one task: claim, run, decide, record, report.

A slot takes items of its task one at a time until none is left, its turn is over while another
task waits, or the worker is told to leave.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel

from shared.contracts import ItemOutcome
from shared.correlation import about_task
from shared.errors import ClaimLost, NothingClicked, WorkerKilled
from shared.record import Record, slots, tasks
from shared.record.claims import HeldClaim
from shared.record.persistence import persist
from shared.record.tasks import Task
from shared.task_state import ItemStatus, TaskState
from worker_service import bookkeeping
from worker_service.claim import RecordClaim
from worker_service.context import TaskContext
from worker_service.outcomes import Decision, FailTask, Finish, TryAgain, decide, given_up
from worker_service.registry import Plan, TaskDefinition

log = structlog.get_logger()

T = TypeVar("T")

READS_PER_ATTEMPT = 2
"""An item whose reading kills its worker is left unverified after twice its attempts."""


@dataclass(frozen=True)
class SlotRules:
    """How a slot behaves. Times in seconds."""

    worker_id: str
    pid: int
    lease_seconds: float
    turn_seconds: float
    max_attempts: int


class Executor:
    """Serves doorbells in one worker process, one at a time."""

    def __init__(
        self,
        record: Record,
        task_map: Mapping[str, TaskDefinition[Any]],
        context_of: Callable[[str, str], TaskContext],
        tell: Callable[[str], None],
        draining: Callable[[], bool],
        rules: SlotRules,
    ) -> None:
        """`context_of` takes a task's and a slot's id; `tell` wakes whoever watches a task."""
        self._record = record
        self._task_map = task_map
        self._context_of = context_of
        self._tell = tell
        self._draining = draining
        self._rules = rules

    def serve(self, slot_id: str, task_id: str) -> str:
        """Answer a doorbell; returns the state the task is left in, for Flower."""
        rules = self._rules
        answered = persist(
            self._record,
            lambda connection: slots.start(connection, slot_id, rules.worker_id, rules.pid),
        )
        if not answered:
            return "answered before"
        try:
            return self._serve(slot_id, task_id)
        finally:
            bookkeeping.leave(self._record, slot_id, task_id)
            self._tell(task_id)

    def _serve(self, slot_id: str, task_id: str) -> str:
        task = bookkeeping.begin(self._record, task_id)
        if task is None:
            return "not open"
        definition = self._task_map.get(task.task_type)
        if definition is None:
            log.warning("task type not offered here", task_id=task_id, task_type=task.task_type)
            return "not offered here"
        with about_task(task_id, task.request_id):
            self._tell(task_id)
            context = self._context_of(task_id, slot_id)
            planned = task if task.total is not None else self._plan(task, definition, context)
            if planned is not None:
                self._take_turn(slot_id, planned, definition, context)
        return self._state_of(task_id)

    def _plan(
        self, task: Task, definition: TaskDefinition[Any], context: TaskContext
    ) -> Task | None:
        attempt = task.plan_attempts
        plan: Plan | Exception
        if attempt > self._rules.max_attempts:
            plan = WorkerKilled(f"The worker died {attempt - 1} times while it planned this task.")
        else:
            params = definition.params
            plan = _guarded(
                lambda: definition.plan(params.model_validate(task.params), context),
                "planning failed",
            )
        if isinstance(plan, Exception):
            decision = self._decide(plan, attempt, intent_open=False)
            bookkeeping.planning_failed(self._record, task, decision)
            return None
        planned = bookkeeping.planned(self._record, task.id, definition, plan)
        self._tell(task.id)
        return planned

    def _take_turn(
        self, slot_id: str, task: Task, definition: TaskDefinition[Any], context: TaskContext
    ) -> None:
        params = definition.params.model_validate(task.params)
        turn_ends = time.monotonic() + self._rules.turn_seconds
        while not self._draining():
            claimed = bookkeeping.claim_next(self._record, task.id, slot_id)
            if claimed is None:
                return
            self._do(*claimed, definition, params, context)
            if time.monotonic() >= turn_ends and self._another_waits(task.id):
                return

    def _do(
        self,
        held: HeldClaim,
        task: Task,
        definition: TaskDefinition[Any],
        params: BaseModel,
        context: TaskContext,
    ) -> None:
        ending = self._ending_without_a_click(held, task)
        claim = RecordClaim(
            self._record, held, self._rules.lease_seconds, self._tell, may_act=ending is None
        )
        with claim:
            if ending is not None and not self._worth_reading(claim):
                decision: Decision = Finish(given_up(ending, intent_open=bool(claim.open_intents)))
            else:
                decision = self._attempt(claim, ending, definition, params, context)
            try:
                self._keep(claim, definition, decision)
            except ClaimLost as lost:
                log.warning("claim lost before the outcome was kept", key=claim.key, why=str(lost))
        self._tell(held.item.task_id)

    def _ending_without_a_click(self, held: HeldClaim, task: Task) -> ItemOutcome | None:
        """How the item ends if nothing was clicked, when nothing may be; None: work on it."""
        if task.state is TaskState.CANCELLING:
            return ItemOutcome(ItemStatus.SKIPPED, task.error or "")
        if task.error is not None:
            return ItemOutcome(ItemStatus.FAILED, f"Not tried: {task.error}", error=task.error)
        if held.tries > self._rules.max_attempts:
            why = f"Given up: the worker died {held.tries - 1} times while it worked on it."
            return ItemOutcome(ItemStatus.FAILED, why, error=why)
        return None

    def _worth_reading(self, claim: RecordClaim) -> bool:
        """True if something may have been clicked, and reading it has not killed us before."""
        too_often = READS_PER_ATTEMPT * self._rules.max_attempts
        return bool(claim.open_intents) and claim.held.tries <= too_often

    def _attempt(
        self,
        claim: RecordClaim,
        ending: ItemOutcome | None,
        definition: TaskDefinition[Any],
        params: BaseModel,
        context: TaskContext,
    ) -> Decision:
        work = definition.run_item
        if definition.review_item and definition.wants_review(params) and claim.review is None:
            work = definition.review_item
        outcome = _guarded(lambda: work(claim, params, context), f"{claim.key}: attempt failed")
        if isinstance(outcome, NothingClicked) and ending is not None:
            return Finish(ending)
        if isinstance(outcome, Exception):
            return self._decide(outcome, claim.held.tries, intent_open=bool(claim.open_intents))
        return Finish(outcome)

    def _decide(self, error: Exception, attempt: int, *, intent_open: bool) -> Decision:
        return decide(
            error,
            attempt=attempt,
            max_attempts=self._rules.max_attempts,
            intent_open=intent_open,
        )

    def _keep(
        self, claim: RecordClaim, definition: TaskDefinition[Any], decision: Decision
    ) -> None:
        if isinstance(decision, Finish):
            bookkeeping.finished(self._record, claim, definition, decision.outcome)
        elif isinstance(decision, TryAgain):
            bookkeeping.to_try_again(self._record, claim, decision)
        elif isinstance(decision, FailTask):
            bookkeeping.task_failed(self._record, claim, definition, decision)
        else:
            log.warning("let go of an item", key=claim.key, reason=decision.reason)

    def _another_waits(self, task_id: str) -> bool:
        with self._record.read() as connection:
            return slots.another_task_waits(connection, task_id)

    def _state_of(self, task_id: str) -> str:
        with self._record.read() as connection:
            task = tasks.get(connection, task_id)
        return "unknown" if task is None else task.state.value


def _guarded(work: Callable[[], T], failed: str) -> T | Exception:
    """The worker's one broad except: whatever goes wrong in a task type becomes a value."""
    try:
        return work()
    except Exception as error:
        log.warning(failed, reason=str(error), exc_info=True)
        return error
