"""Reads items of ended tasks once more, and keeps what that showed beside their outcomes."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Connection

from shared.contracts import Intent, LateFinding
from shared.errors import ClaimLost, PortalClosed
from shared.record import Record, intents, late_looks
from shared.record.claims import HeldClaim
from shared.record.persistence import persist
from shared.record.tasks import Task
from shared.utils import utc_now
from worker_service.attempt import guarded
from worker_service.claim import RecordClaim
from worker_service.context import TaskContext
from worker_service.registry import LookFunction, TaskDefinition
from worker_service.slot_rules import SlotRules

log = structlog.get_logger()


class SecondLooks:
    """What a slot does for a task that has ended."""

    def __init__(
        self,
        record: Record,
        definition: TaskDefinition[Any],
        look_again: LookFunction[Any],
        context: TaskContext,
        draining: Callable[[], bool],
        rules: SlotRules,
    ) -> None:
        """Nothing is claimed yet."""
        self._record = record
        self._definition = definition
        self._look_again = look_again
        self._context = context
        self._draining = draining
        self._rules = rules

    def make(self, task: Task, slot_id: str) -> None:
        """Look at every item of the task whose time has come."""
        due = utc_now() - timedelta(seconds=self._context.settings.late_look_seconds)

        def take(connection: Connection) -> tuple[HeldClaim, tuple[Intent, ...]] | None:
            held = late_looks.take_next(connection, task.id, slot_id, due)
            return None if held is None else (held, intents.of_item(connection, held))

        while not self._draining():
            taken = persist(self._record, take)
            if taken is None:
                return
            self._look(task, *taken)

    def _look(self, task: Task, held: HeldClaim, stated: tuple[Intent, ...]) -> None:
        until = time.monotonic() + self._rules.item_time_limit
        claim = RecordClaim(
            self._record, held, stated, self._rules.lease_seconds, lambda _: None, may_act=False
        )
        limits = self._context.limits
        with limits.browser_until(until), claim:
            params = self._definition.params.model_validate(task.params)
            look = self._look_again
            with limits.busy(until, held.item.id):
                told = f"{claim.key}: not seen"
                found = guarded(lambda: look(claim, params, self._context), told)
            try:
                persist(self._record, lambda connection: _keep(connection, held, found))
            except ClaimLost as lost:
                log.warning("claim lost before a finding was kept", key=claim.key, why=str(lost))


def _keep(connection: Connection, held: HeldClaim, found: LateFinding | Exception) -> None:
    if isinstance(found, LateFinding):
        late_looks.done(connection, held, found.reading, found.told)
        log.info("looked_again", key=held.item.key, finding=found.told)
    elif isinstance(found, PortalClosed):
        late_looks.put_off(connection, held)
    else:
        late_looks.failed(connection, held)
