"""What runs again and again finds its rows by an index, however much the record has grown."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, event

from shared.contracts import EvidenceKind, ItemOutcome, Verdict
from shared.record import (
    Record,
    artifacts,
    case_file,
    claims,
    delays,
    events,
    intents,
    items,
    outcomes,
    retention,
    seals,
    slots,
    tasks,
    workers,
)
from shared.record.claims import ClaimSign, HeldClaim
from shared.record.delays import Delay
from shared.record.seals import Seal
from shared.record.slots import DueTask
from shared.record.tasks import TaskEnding
from shared.task_state import ItemStatus, TaskState
from shared.utils import utc_now
from tests.integration.record.given import ACTION, NOON, PORTAL, TERMS, claimed, planned

ENDED = ItemOutcome(ItemStatus.FAILED, "")
SIGN = ClaimSign(PORTAL, ACTION, "a", 1, 1)
SMALL = ("workers", "browsers", "logins", "seats", "task_types", "some_waiting")
"""Tables that do not grow with the work done, and a part of one that is bounded."""


def _forget(connection: Connection, task_id: str) -> None:
    task = tasks.get(connection, task_id)
    assert task is not None
    tasks.set_state(connection, task, TaskState.COMPLETED, TaskEnding({"files": []}))
    assert retention.forget(connection, task_id, utc_now() + timedelta(days=1))


Query = Callable[[Connection, HeldClaim], object]

QUERIES: dict[str, Query] = {
    "claims.take_next": lambda c, held: claims.take_next(c, held.item.task_id, "s"),
    "claims.renew": claims.renew,
    "claims.give_back": lambda c, held: claims.give_back(c, held, None, None),
    "delays.running": lambda c, _: delays.running(c),
    "delays.end": lambda c, held: delays.end(c, [Delay(held.item.id, held.item.task_id, 1, 2.0)]),
    "claims.held": lambda c, _: claims.held(c),
    "claims.holder_of": lambda c, _: claims.holder_of(c, SIGN),
    "claims.release_silent": lambda c, _: claims.release_silent(c, SIGN),
    "claims.release_slot": lambda c, held: claims.release_slot(c, held.slot_id),
    "intents.state": lambda c, held: intents.state(c, held, TERMS),
    "intents.without_verdict": intents.without_verdict,
    "intents.close": lambda c, held: intents.close(c, held, Verdict.TAKEN),
    "outcomes.record": lambda c, held: outcomes.record(c, held, ENDED),
    "outcomes.is_recorded": outcomes.is_recorded,
    "outcomes.end_unbegun": lambda c, held: outcomes.end_unbegun(c, held.item.task_id, ENDED),
    "events.after": lambda c, held: events.after(c, held.item.task_id, 5, 100),
    "events.last_numbers": lambda c, held: events.last_numbers(c, [held.item.task_id]),
    "events.log_lines": lambda c, held: events.log_lines(c, held.item.task_id, 100),
    "events.log_lines after": lambda c, held: events.log_lines(
        c, held.item.task_id, 100, after_id=5
    ),
    "items.page": lambda c, held: items.page(c, held.item.task_id, 5, 100),
    "items.counts": lambda c, held: items.counts(c, [held.item.task_id]),
    "items.open_elsewhere": lambda c, _: items.open_elsewhere(c, "t", PORTAL, ACTION),
    "tasks.get": lambda c, held: tasks.get(c, held.item.task_id),
    "tasks.by_idempotency_key": lambda c, _: tasks.by_idempotency_key(c, "default", "k"),
    "tasks.claim_room": lambda c, _: tasks.claim_room(c, 100),
    "tasks.page": lambda c, _: tasks.page(c, limit=100),
    "tasks.page before": lambda c, _: tasks.page(c, limit=100, before=(NOON, "t")),
    "tasks.page states": lambda c, _: tasks.page(c, limit=100, states=[TaskState.RUNNING]),
    "slots.due": lambda c, _: slots.due(c, 100),
    "slots.take_turn_to_ring": lambda c, held: slots.take_turn_to_ring(
        c, DueTask(held.item.task_id, "t", NOON, 1, 0, 0), NOON - NOON
    ),
    "slots.was_rung": lambda c, held: slots.was_rung(c, held.item.task_id),
    "slots.start": lambda c, _: slots.start(c, "s", "w", 1),
    "slots.end": lambda c, held: slots.end(c, held.slot_id),
    "slots.end_queued": lambda c, _: slots.end_queued(c, ["s"]),
    "slots.queued": lambda c, _: slots.queued(c),
    "slots.live": lambda c, _: slots.live(c),
    "slots.another_task_waits": lambda c, held: slots.another_task_waits(
        c, held.item.task_id, ["approve_batches"]
    ),
    "slots.queued_types": lambda c, _: slots.queued_types(c),
    "workers.bury": lambda c, _: workers.bury(c, "w"),
    "artifacts.of_items": lambda c, held: artifacts.of_items(c, [held.item.id]),
    "artifacts.of_task": lambda c, held: artifacts.of_task(
        c, held.item.task_id, EvidenceKind.AFTER
    ),
    "artifacts.every": lambda c, held: artifacts.every(c, held.item.task_id),
    "artifacts.page": lambda c, held: artifacts.page(c, held.item.task_id, "", 100),
    "seals.due": lambda c, _: seals.due(c, "", 100),
    "seals.want": lambda c, held: seals.want(c, held.item.task_id),
    "seals.get": lambda c, held: seals.get(c, held.item.task_id),
    "seals.of_tasks": lambda c, held: seals.of_tasks(c, [held.item.task_id]),
    "seals.sealed": lambda c, held: seals.sealed(c, Seal(held.item.task_id, NOON, 1, 0, None)),
    "case_file.of_task": lambda c, held: list(case_file.of_task(c, held.item.task_id)),
    "retention.ended_before": lambda c, _: retention.ended_before(c, NOON, None, 100),
    "retention.ended_before after": lambda c, _: retention.ended_before(c, NOON, (NOON, "t"), 100),
    "retention.forget": lambda c, held: _forget(c, held.item.task_id),
    "artifacts.by_path": lambda c, _: artifacts.by_path(c, "a/b"),
}


def test_no_table_that_grows_is_read_from_end_to_end(record: Record) -> None:
    # Given a claimed item
    held = claimed(record, planned(record, ["a", "b"]).id)

    # When each query is made, Then none of its statements looks at every row of such a table
    read_whole = []
    for name, query in QUERIES.items():
        statements = _statements_of(record, held, query)
        assert statements, name
        read_whole += [
            f"{name}: {line}"
            for statement, parameters in statements
            for line in _plan(record, statement, parameters)
            if _is_read_whole(line)
        ]
    assert not read_whole


def _statements_of(record: Record, held: HeldClaim, query: Query) -> list[tuple[str, Any]]:
    made: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            made.append((statement, parameters))

    with record.write() as connection, connection.begin_nested() as unchanged:
        event.listen(connection, "before_cursor_execute", note)
        query(connection, held)
        event.remove(connection, "before_cursor_execute", note)
        unchanged.rollback()
    return made


def _plan(record: Record, statement: str, parameters: Any) -> list[str]:
    one = parameters[0] if isinstance(parameters, list) else parameters
    with record.write() as connection:
        if record.is_sqlite:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", one)
            return [row[3] for row in rows]
        # An empty table is read whole unless this says that it costs more than any index.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", one)]


def _is_read_whole(line: str) -> bool:
    scan = re.match(r"SCAN (\w+)$|.*Seq Scan on (\w+)", line)
    return scan is not None and (scan[1] or scan[2]) not in SMALL
