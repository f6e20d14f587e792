"""Tasks listed newest first, in pages, by state and type."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from shared.record import Record, tasks
from shared.record.tasks import Task
from shared.task_state import OPEN_STATES, TaskState
from tests.integration.record.given import NOON, a_task

PAGE = 3


@pytest.fixture
def made(record: Record) -> list[Task]:
    """Ten tasks in the order in which they were made; some at the very same moment."""
    made = [
        a_task(
            id=f"task-{number}",
            created_at=NOON + timedelta(seconds=number // 3),
            state=TaskState.FAILED if number % 2 else TaskState.PENDING,
            task_type="test_task" if number < 4 else "approve_batches",
        )
        for number in range(10)
    ]
    with record.write() as connection:
        tasks.insert_all(connection, made)
    return made


def _pages(record: Record) -> list[list[str]]:
    pages = []
    before: tuple[datetime, str] | None = None
    with record.read() as connection:
        while found := tasks.page(connection, before=before, limit=PAGE):
            pages.append([task.id for task in found])
            before = (found[-1].created_at, found[-1].id)
    return pages


def test_pages_show_every_task_once_newest_first(record: Record, made: list[Task]) -> None:
    pages = _pages(record)

    assert [len(page) for page in pages] == [3, 3, 3, 1]
    assert [task_id for page in pages for task_id in page] == [task.id for task in made][::-1]


def test_a_new_task_does_not_shift_the_pages_that_follow(record: Record, made: list[Task]) -> None:
    # Given somebody who has read the first page
    with record.read() as connection:
        first = tasks.page(connection, limit=PAGE)

    # When a task is made, Then the next page begins where the first one ended
    with record.write() as connection:
        tasks.insert_all(connection, [a_task(created_at=NOON + timedelta(days=1))])
    with record.read() as connection:
        last = first[-1]
        following, *_ = tasks.page(connection, before=(last.created_at, last.id), limit=PAGE)
    assert following.id == made[-PAGE - 1].id


def test_a_position_may_be_named_in_any_zone(record: Record, made: list[Task]) -> None:
    position = made[6]
    in_india = position.created_at.astimezone(timezone(timedelta(hours=5, minutes=30)))

    with record.read() as connection:
        found = tasks.page(connection, before=(in_india, position.id), limit=1)

    assert found[0].id == made[5].id


def test_a_page_and_the_count_keep_to_the_states_and_the_type_asked_for(
    record: Record, made: list[Task]
) -> None:
    with record.read() as connection:
        failed = tasks.page(connection, states=[TaskState.FAILED])
        tests = tasks.page(connection, task_type="test_task")
        both = tasks.page(connection, states=[TaskState.FAILED], task_type="test_task")
        none = tasks.page(connection, states=[])
        counts = [
            tasks.count(connection),
            tasks.count(connection, states=[TaskState.FAILED]),
            tasks.count(connection, states=OPEN_STATES, task_type="test_task"),
            tasks.count(connection, states=[]),
            tasks.count(connection, task_type="unheard of"),
        ]

    assert {task.state for task in failed} == {TaskState.FAILED}
    assert len(failed) == 5
    assert [task.id for task in tests] == ["task-3", "task-2", "task-1", "task-0"]
    assert [task.id for task in both] == ["task-3", "task-1"]
    assert none == []
    assert counts == [10, 5, 2, 0, 0]
