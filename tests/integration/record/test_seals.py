"""Seals: every final task wants its manifest, whoever made it final, until it is made."""

from __future__ import annotations

from datetime import timedelta

from shared.record import Record, late_findings, outcomes, seals, steering, tasks
from shared.record.case_file import of_task
from shared.record.seals import Seal
from tests.integration.record.given import (
    a_reading,
    accepted,
    claimed,
    done_after_reading,
    finished,
    planned,
    stored,
)


def due(record: Record) -> list[str]:
    with record.read() as connection:
        return seals.due(connection, "", 100)


def seal_of(record: Record, task_id: str) -> Seal:
    with record.read() as connection:
        found = seals.get(connection, task_id)
    assert found is not None
    return found


def sealed(record: Record, seal: Seal) -> None:
    with record.write() as connection:
        seals.sealed(connection, seal)


def test_a_task_wants_its_manifest_in_the_moment_it_becomes_final(record: Record) -> None:
    task = planned(record, ["a", "b"])
    finished(record, claimed(record, task.id))
    assert due(record) == []

    finished(record, claimed(record, task.id))

    assert due(record) == [task.id]
    assert seal_of(record, task.id).finished_at == stored(record, task.id).finished_at


def test_a_task_that_nobody_worked_on_wants_one_too(record: Record) -> None:
    task = accepted(record)
    with record.write() as connection:
        steering.cancel(connection, task, "somebody")

    assert due(record) == [task.id]


def test_what_was_made_is_not_made_again(record: Record) -> None:
    task = planned(record, ["a"])
    finished(record, claimed(record, task.id))

    sealed(record, seal_of(record, task.id))

    assert due(record) == []


def test_what_is_found_while_a_manifest_is_made_is_not_forgotten(record: Record) -> None:
    # Given a manifest that is being made
    task = planned(record, ["a"])
    held = claimed(record, task.id)
    finished(record, held)
    begun = seal_of(record, task.id)

    # When something is found late before it is done
    with record.write() as connection:
        read_id = outcomes.insert_read(connection, held, a_reading())
        late_findings.append(connection, held.item.id, read_id, "Approved after all.")
    sealed(record, begun)

    # Then it is due again, until one is made that was begun afterwards
    assert due(record) == [task.id]
    sealed(record, seal_of(record, task.id))
    sealed(record, begun)
    assert due(record) == []
    with record.read() as connection:
        (file,) = of_task(connection, task.id)
    assert [late.finding for late in file.late_findings] == ["Approved after all."]
    assert file.late_findings[0].reading.words == "Approved"


def test_due_tasks_come_in_pages(record: Record) -> None:
    ended = []
    for _ in range(5):
        task = accepted(record)
        ended.append(task.id)
        with record.write() as connection:
            steering.cancel(connection, task, "somebody")

    with record.read() as connection:
        first = seals.due(connection, "", 3)
        rest = seals.due(connection, first[-1], 3)

    assert [*first, *rest] == sorted(ended)


def test_a_case_file_has_all_that_an_outcome_rests_on(record: Record) -> None:
    task = planned(record, ["b", "a"])
    finished(record, claimed(record, task.id), done_after_reading())

    with record.read() as connection:
        first, second = of_task(connection, task.id)

    assert (first.item.key, second.item.key) == ("b", "a")
    assert first.outcome is not None
    assert (first.outcome.status, first.outcome.attribution) == ("done", "ours")
    assert first.rests_on is not None
    assert first.rests_on.ended_at - first.rests_on.began_at == timedelta(seconds=1)
    assert first.rests_on.history == [
        {"who": "officer", "when": "12:00", "what": "Approved", "remark": "AAB-1"}
    ]
    assert (second.outcome, second.rests_on, second.intents) == (None, None, [])


def test_a_task_that_is_not_final_has_no_seal(record: Record) -> None:
    task = planned(record, ["a"])

    with record.write() as connection:
        seals.want(connection, task.id)
        assert seals.get(connection, task.id) is None
        assert tasks.get(connection, task.id) is not None
