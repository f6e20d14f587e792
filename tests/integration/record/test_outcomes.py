"""An item ends once, with everything its outcome rests on, or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from shared.contracts import EvidenceKind, ItemOutcome, Verdict
from shared.errors import ClaimLost
from shared.record import Record, artifacts, claims, intents, items, outcomes, tables
from shared.record.claims import HeldClaim
from shared.task_state import ItemStatus
from tests.integration.record.given import (
    DONE,
    TERMS,
    a_piece,
    a_reading,
    claimed,
    done_after_reading,
    finished,
    planned,
)

NOT_TRIED = ItemOutcome(ItemStatus.FAILED, "Not tried: login refused", error="login refused")


def _rows(record: Record, name: str) -> list[Any]:
    table = tables.metadata.tables[name]
    with record.read() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key)))


def test_an_outcome_is_written_with_all_that_it_rests_on(record: Record) -> None:
    # Given an item in hand, with an intent and two earlier looks
    held = claimed(record, planned(record, ["a"]).id)
    earlier = [a_reading("Pending", history=None), a_reading("Pending", printed_key=None)]
    outcome = done_after_reading()
    with record.write() as connection:
        intents.state(connection, held, TERMS)

    # When its outcome is recorded
    with record.write() as connection:
        outcomes.insert_reads(connection, held, earlier)
        artifacts.insert(connection, held.item.task_id, held.item.id, [a_piece("a/after.webp")])
        outcomes.record(connection, held, outcome)

    # Then the item has ended, and is nobody's any more
    with record.read() as connection:
        item = items.get(connection, held.item.id)
        assert claims.held(connection) == []
        assert outcomes.is_recorded(connection, held)
    assert (item.status, item.detail, item.details) == (
        ItemStatus.DONE,
        "approved",
        {"District": "Pune"},
    )
    assert item.finished_at is not None
    # And beside it lie the outcome, the look it rests on, the looks before, verdict and evidence
    (row,) = _rows(record, "outcomes")
    assert (row.item_id, row.status, row.attribution, row.clicks) == (item.id, "done", "ours", 1)
    assert row.fence == held.fence
    reads = _rows(record, "reads")
    assert [read.words for read in reads] == ["Pending", "Pending", "Approved"]
    assert row.read_id == reads[-1].id
    assert reads[-1].history == [
        {"who": "officer", "when": "12:00", "what": "Approved", "remark": "AAB-1"}
    ]
    assert [intent.verdict for intent in _rows(record, "intents")] == ["taken"]
    with record.read() as connection:
        assert artifacts.of_items(connection, [item.id])[item.id][0].kind is EvidenceKind.AFTER


def test_an_outcome_that_fails_half_way_leaves_nothing(record: Record) -> None:
    # Given an item with an intent, and a picture whose row exists already
    task = planned(record, ["a", "b"])
    held = claimed(record, task.id)
    with record.write() as connection:
        intents.state(connection, held, TERMS)
        artifacts.insert(connection, task.id, None, [a_piece("taken.webp")])

    # When writing everything down fails at the last step
    with pytest.raises(IntegrityError):
        _record_with_evidence(record, held, "taken.webp")

    # Then the item is in hand as before, and its intent open
    with record.read() as connection:
        assert items.get(connection, held.item.id) == held.item
        assert len(intents.without_verdict(connection, held)) == 1
        assert not outcomes.is_recorded(connection, held)
    assert _rows(record, "outcomes") == _rows(record, "reads") == []


def test_an_outcome_without_a_verdict_leaves_intents_open(record: Record) -> None:
    held = claimed(record, planned(record, ["a"]).id)
    with record.write() as connection:
        intents.state(connection, held, TERMS)
        outcomes.record(connection, held, replace(DONE, verdict=None))

    with record.read() as connection:
        assert len(intents.without_verdict(connection, held)) == 1


def test_a_commit_whose_answer_was_lost_is_recognised(record: Record) -> None:
    # Given an outcome that was written
    task = planned(record, ["a", "b"])
    held, neighbour = claimed(record, task.id), claimed(record, task.id)
    finished(record, held)

    # When its writer asks, Then it is known as this very claim's, and nobody else's
    with record.read() as connection:
        assert outcomes.is_recorded(connection, held)
        assert not outcomes.is_recorded(connection, replace(held, fence=held.fence + 1))
        assert not outcomes.is_recorded(connection, neighbour)


def test_the_next_holder_s_outcome_is_the_only_one(record: Record) -> None:
    # Given a slot that stalled, lost its claim, and another one that finished the item
    task = planned(record, ["a"])
    stalled = claimed(record, task.id, "slot-1")
    with record.write() as connection:
        claims.release_slot(connection, "slot-1")
    finished(record, claimed(record, task.id, "slot-2"))

    # When the first one wakes up, Then its outcome is not its own to give
    with pytest.raises(ClaimLost):
        finished(record, stalled, ItemOutcome(ItemStatus.FAILED, "timeout"))
    (row,) = _rows(record, "outcomes")
    assert (row.status, row.fence) == ("done", 2)
    with record.read() as connection:
        assert not outcomes.is_recorded(connection, stalled)


def test_what_nobody_works_on_ends_together(record: Record) -> None:
    # Given a task with an item done, one in hand, one to be tried again and one never begun
    task = planned(record, ["done", "in hand", "again", "never"])
    finished(record, claimed(record, task.id))
    claimed(record, task.id, "at work")
    again = claimed(record, task.id)
    with record.write() as connection:
        claims.give_back(connection, again, None, "timeout")

    # When the task cannot go on
    with record.write() as connection:
        ended = outcomes.end_unbegun(connection, task.id, NOT_TRIED)

    # Then those ended that nobody has in hand, under the fence they last had
    with record.read() as connection:
        found = {item.key: item for item in items.page(connection, task.id, -1, 10)}
    assert {key: item.status for key, item in found.items()} == {
        "done": ItemStatus.DONE,
        "in hand": ItemStatus.IN_PROGRESS,
        "again": ItemStatus.FAILED,
        "never": ItemStatus.FAILED,
    }
    assert ended == [found["again"].id, found["never"].id]
    assert found["never"].detail == NOT_TRIED.detail
    assert found["never"].error == "login refused"
    fences = {row.item_id: row.fence for row in _rows(record, "outcomes")}
    assert (fences[found["again"].id], fences[found["never"].id]) == (1, 0)


def test_what_may_have_been_clicked_is_left_for_somebody_to_read(record: Record) -> None:
    # Given items whose slots died: after a click was announced, after its verdict, and before any
    task = planned(record, ["announced", "resolved", "looked at"])
    announced, resolved = claimed(record, task.id), claimed(record, task.id)
    claimed(record, task.id)
    with record.write() as connection:
        intents.state(connection, announced, TERMS)
        intents.state(connection, resolved, TERMS)
        intents.close(connection, resolved, Verdict.NOT_TAKEN)
        claims.release_slot(connection, "slot-1")
    # And an open intent on one of these batches by another task
    by_another = claimed(record, planned(record, ["looked at"]).id)
    with record.write() as connection:
        intents.state(connection, by_another, TERMS)

    # When the task cannot go on
    with record.write() as connection:
        outcomes.end_unbegun(connection, task.id, NOT_TRIED)

    # Then only what this task may have clicked is still open
    with record.read() as connection:
        found = {item.key: item.status for item in items.page(connection, task.id, -1, 10)}
    assert found == {
        "announced": ItemStatus.NEW,
        "resolved": ItemStatus.FAILED,
        "looked at": ItemStatus.FAILED,
    }


def test_ending_what_is_left_of_nothing_ends_nothing(record: Record) -> None:
    task = planned(record, [])

    with record.write() as connection:
        assert outcomes.end_unbegun(connection, task.id, NOT_TRIED) == []


def _record_with_evidence(record: Record, held: HeldClaim, path: str) -> None:
    with record.write() as connection:
        outcomes.record(connection, held, done_after_reading())
        artifacts.insert(connection, held.item.task_id, held.item.id, [a_piece(path)])
