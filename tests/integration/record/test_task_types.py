"""Task types: announced by workers, known for ever."""

from __future__ import annotations

from dataclasses import replace

from shared.record import Record, task_types
from shared.record.task_types import TaskType
from shared.task_state import ItemStatus
from tests.integration.record.processes import together

APPROVE = TaskType(
    name="approve_batches",
    title="Approve Batches",
    description="Approves batches.",
    version="1",
    side_effect="write",
    params_schema={"type": "object", "properties": {"remark": {"type": "string"}}},
    aliases={"max_batches": "batch_count"},
    words={"done": "approved"},
    keys_param="batch_ids",
)


def announce(url: str, offered: TaskType) -> None:
    """Announce a task type as a starting worker does."""
    record = Record(url)
    with record.write() as connection:
        task_types.announce(connection, offered)
    record.close()


def test_what_was_announced_is_known_as_it_was_said(record: Record) -> None:
    with record.write() as connection:
        task_types.announce(connection, APPROVE)

    with record.read() as connection:
        assert task_types.get(connection, "approve_batches") == APPROVE
        assert task_types.get(connection, "never_announced") is None


def test_types_are_listed_by_name(record: Record) -> None:
    for name in ("test_task", "approve_batches", "reject_batches"):
        with record.write() as connection:
            task_types.announce(connection, replace(APPROVE, name=name))

    with record.read() as connection:
        names = [offered.name for offered in task_types.every(connection)]
    assert names == ["approve_batches", "reject_batches", "test_task"]


def test_the_newest_announcement_stands(record: Record) -> None:
    newer = replace(APPROVE, version="2", words={}, title="Approve")
    for offered in (APPROVE, newer):
        with record.write() as connection:
            task_types.announce(connection, offered)

    with record.read() as connection:
        assert task_types.every(connection) == [newer]


def test_workers_that_start_together_announce_without_harm(record: Record, record_url: str) -> None:
    versions = [replace(APPROVE, version=str(number)) for number in range(4)]

    together(announce, [(record_url, offered) for offered in versions])

    with record.read() as connection:
        (known,) = task_types.every(connection)
    assert known in versions


def test_a_type_speaks_of_items_in_words_of_its_own(record: Record) -> None:
    assert APPROVE.word(ItemStatus.DONE) == "approved"
    assert APPROVE.word(ItemStatus.NOT_FOUND) == "not_found"
    assert task_types.word(APPROVE, ItemStatus.DONE) == "approved"
    assert task_types.word(None, ItemStatus.DONE) == "done"
