"""What ended in doubt is read once more, and what that shows stands beside the outcome."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.contracts import ItemOutcome, Verdict
from shared.record import Record, case_file, intents, late_looks, slots
from shared.record.claims import HeldClaim
from shared.task_state import ItemStatus
from shared.utils import utc_now
from tests.integration.record.given import TERMS, a_reading, claimed, finished, planned, stored

IN_DOUBT = ItemOutcome(ItemStatus.UNVERIFIED, "The portal cannot be read.")
IN_VAIN = ItemOutcome(ItemStatus.REFUSED, "No trainer.", verdict=Verdict.NOT_TAKEN, clicks=1)
SURE = ItemOutcome(ItemStatus.DONE, "Approved.", verdict=Verdict.TAKEN, clicks=1)


def ended(record: Record, outcome: ItemOutcome) -> HeldClaim:
    """The only item of a task, clicked and ended so."""
    task = planned(record, ["BATCH001"])
    held = claimed(record, task.id)
    with record.write() as connection:
        intents.state(connection, held, TERMS)
    finished(record, held, outcome)
    with record.write() as connection:
        late_looks.want(connection, [held.item.id])
    return held


def due(record: Record, task_id: str) -> bool:
    with record.read() as connection:
        soon = utc_now() + timedelta(seconds=1)
        return task_id in [task_id for task_id, _ in late_looks.due(connection, soon, 1000)]


def taken(record: Record, task_id: str) -> HeldClaim | None:
    with record.write() as connection:
        soon = utc_now() + timedelta(seconds=1)
        return late_looks.take_next(connection, task_id, "late slot", soon)


@pytest.mark.parametrize("outcome", [IN_DOUBT, IN_VAIN])
def test_an_item_in_doubt_or_clicked_in_vain_is_looked_at_again(
    record: Record, outcome: ItemOutcome
) -> None:
    held = ended(record, outcome)

    assert due(record, held.item.task_id)


def test_an_item_that_the_portal_showed_approved_is_not(record: Record) -> None:
    held = ended(record, SURE)

    assert not due(record, held.item.task_id)
    assert taken(record, held.item.task_id) is None


def test_its_time_has_to_come(record: Record) -> None:
    ended(record, IN_DOUBT)

    with record.read() as connection:
        long_ago = utc_now() - timedelta(hours=1)
        assert late_looks.due(connection, long_ago, 1000) == []


def test_a_finding_stands_beside_the_outcome_and_ends_the_looking(record: Record) -> None:
    task_id = ended(record, IN_DOUBT).item.task_id
    held = taken(record, task_id)
    assert held is not None

    with record.write() as connection:
        late_looks.done(connection, held, a_reading(), "Approved after all.")

    assert not due(record, task_id)
    with record.read() as connection:
        (file,) = case_file.of_task(connection, task_id)
    assert file.outcome is not None
    assert file.outcome.status == ItemStatus.UNVERIFIED.value
    assert [late.finding for late in file.late_findings] == ["Approved after all."]


def test_a_portal_that_cannot_be_read_is_not_asked_for_ever(record: Record) -> None:
    task_id = ended(record, IN_DOUBT).item.task_id

    for _ in range(late_looks.MOST_LOOKS):
        held = taken(record, task_id)
        assert held is not None
        with record.write() as connection:
            late_looks.failed(connection, held)

    assert taken(record, task_id) is None
    assert stored(record, task_id).state.is_final


def test_a_task_is_rung_for_once_at_a_time(record: Record) -> None:
    task_id = ended(record, IN_DOUBT).item.task_id
    with record.write() as connection:
        slots.ring(connection, task_id, ["late bell"])

    assert not due(record, task_id)


def test_two_slots_never_look_at_the_same_batch_at_once(record: Record) -> None:
    task_id = ended(record, IN_DOUBT).item.task_id

    assert taken(record, task_id) is not None
    assert taken(record, task_id) is None
