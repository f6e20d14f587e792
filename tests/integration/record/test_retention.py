"""Retention in the record: files and history go, outcomes and claims stay, what is open too."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from shared.contracts import EventType, EvidenceKind, ItemOutcome, Verdict
from shared.record import (
    Record,
    artifacts,
    events,
    intents,
    items,
    retention,
    seals,
    tables,
    tasks,
)
from shared.record.progress import log_event
from shared.task_state import ItemStatus
from shared.utils import utc_now
from tests.integration.record.given import (
    TERMS,
    a_piece,
    claimed,
    done_after_reading,
    finished,
    planned,
    stored,
)

LATER = timedelta(days=1)


def ended(record: Record, key: str = "a") -> str:
    """A task that ended just now, with a picture, a deliverable and a log."""
    task = planned(record, [key])
    held = claimed(record, task.id)
    with record.write() as connection:
        artifacts.insert(connection, task.id, held.item.id, [a_piece(f"{task.id}/after.jpg")])
        file = a_piece(f"{task.id}/list.csv", EvidenceKind.FILE)
        artifacts.insert(connection, task.id, None, [file])
        events.append(connection, task.id, [log_event("a line")])
    assert finished(record, held, done_after_reading())
    return task.id


def forget(record: Record, task_id: str, moment: datetime | None = None) -> bool:
    with record.write() as connection:
        return retention.forget(connection, task_id, moment or utc_now() + LATER)


def rows(record: Record, table: Any) -> int:
    with record.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_files_and_history_go_and_outcomes_and_claims_stay(record: Record) -> None:
    # Given a task that ended
    task_id = ended(record)
    kept = ("items", "outcomes", "reads", "intents", "claims")
    before = {name: rows(record, tables.metadata.tables[name]) for name in kept}
    last = stored(record, task_id).last_event

    # When it is forgotten
    assert forget(record, task_id)

    # Then only its final event is left of its history, and nothing speaks of a file
    with record.read() as connection:
        (final,) = events.after(connection, task_id, 0, 100)
        assert artifacts.every(connection, task_id) == []
        seal = seals.get(connection, task_id)
    assert (final.id, final.type) == (last, EventType.COMPLETED)
    assert final.data["result"]["files"] == []
    assert final.data["result"]["screenshot"] is None
    assert final.data["message"] == "1 done"
    result = stored(record, task_id).result
    assert result == {"message": "1 done", "counts": {"done": 1}, "screenshot": None, "files": []}
    assert seal is not None
    assert seal.removed_at is not None

    # And everything that tells what came of it is as it was
    assert {name: rows(record, tables.metadata.tables[name]) for name in kept} == before


def test_what_was_forgotten_is_forgotten_once_and_wants_no_manifest(record: Record) -> None:
    task_id = ended(record)
    assert forget(record, task_id)

    assert not forget(record, task_id)
    with record.write() as connection:
        seals.want(connection, task_id)
        assert seals.due(connection, "", 10) == []
        assert retention.ended_before(connection, utc_now() + LATER, None, 10) == []


def test_a_younger_task_is_left_alone(record: Record) -> None:
    task_id = ended(record)
    moment = utc_now() - LATER

    assert not forget(record, task_id, moment)

    with record.read() as connection:
        assert retention.ended_before(connection, moment, None, 10) == []
        assert len(artifacts.every(connection, task_id)) == 2


def test_a_task_that_is_not_final_is_left_alone(record: Record) -> None:
    task = planned(record, ["a", "b"])
    finished(record, claimed(record, task.id))

    assert not forget(record, task.id)

    with record.read() as connection:
        assert len(events.after(connection, task.id, 0, 100)) == stored(record, task.id).last_event


@pytest.mark.parametrize("by_whom", ["itself", "another task"])
def test_a_task_is_left_alone_while_a_click_on_its_batch_is_in_doubt(
    record: Record, by_whom: str
) -> None:
    # Given a task whose item ended unverified, and an intent on that batch without a verdict
    task = planned(record, ["a"])
    held = claimed(record, task.id)
    unverified = ItemOutcome(ItemStatus.UNVERIFIED, "nobody knows")
    if by_whom == "itself":
        with record.write() as connection:
            intents.state(connection, held, TERMS)
        finished(record, held, unverified)
    else:
        finished(record, held, unverified)
        held = claimed(record, planned(record, ["a"]).id, "slot-2")
        with record.write() as connection:
            intents.state(connection, held, TERMS)

    # When it is old, Then it is kept
    assert not forget(record, task.id)

    # Until the doubt is settled
    if by_whom == "itself":
        held = claimed(record, planned(record, ["a"]).id, "slot-2")
    with record.write() as connection:
        intents.close(connection, held, Verdict.UNKNOWN)
    assert forget(record, task.id)


def test_old_tasks_come_in_pages_the_oldest_first(record: Record) -> None:
    ids = [ended(record, f"key-{number}") for number in range(5)]
    moment = utc_now() + LATER

    with record.read() as connection:
        first = retention.ended_before(connection, moment, None, 3)
        rest = retention.ended_before(connection, moment, first[-1], 3)

    assert [task_id for _, task_id in [*first, *rest]] == ids


def test_what_is_left_can_still_be_tried_again_and_read(record: Record) -> None:
    task_id = ended(record)
    forget(record, task_id)

    with record.read() as connection:
        task = tasks.get(connection, task_id)
        (item,) = items.page(connection, task_id, -1, 10)
    assert task is not None
    assert (task.state.value, task.last_event) == ("completed", stored(record, task_id).last_event)
    assert (item.status, item.details) == (ItemStatus.DONE, {"District": "Pune"})
