"""Tasks that arrive together: committed together, each answered for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from orchestrator_service.intake import MANY, Intake
from shared.errors import TooManyTasks
from shared.record import Record, events, migrate, tasks
from shared.record.tasks import Task
from shared.task_state import TaskState
from shared.utils import new_id, utc_now


@pytest.fixture
def record(database_url: str) -> Iterator[Record]:
    opened = Record(database_url)
    migrate(opened)
    yield opened
    opened.close()


def task(key: str | None = None) -> Task:
    return Task(
        id=new_id(),
        task_type="test_task",
        params={},
        state=TaskState.PENDING,
        caller="default",
        created_at=utc_now(),
        idempotency_key=key,
        idempotency_hash=key,
    )


def accept_together(record: Record, given: list[Task], most: int = 1000) -> list[object]:
    async def scenario() -> list[object]:
        intake = Intake(record, most)
        answers: list[object] = list(
            await asyncio.gather(*map(intake.accept, given), return_exceptions=True)
        )
        return answers

    return asyncio.run(scenario())


def test_all_that_arrive_together_stand_each_with_its_first_event(record: Record) -> None:
    given = [task() for _ in range(450)]
    assert accept_together(record, given) == given
    with record.read() as connection:
        assert tasks.count(connection) == 450
        for one in (given[0], given[-1]):
            (first,) = events.after(connection, one.id, 0, 10)
            assert (first.id, first.data["state"]) == (1, "pending")


def test_one_key_used_twice_spoils_nobody_elses_task(record: Record) -> None:
    given = [task("a"), task(), task("a"), task("b")]
    first, other, again, last = accept_together(record, given)
    assert [first, other, last] == [given[0], given[1], given[3]]
    assert isinstance(again, Task)
    assert again.id == given[0].id


def test_where_there_is_no_room_only_the_last_to_come_are_refused(record: Record) -> None:
    answers = accept_together(record, [task() for _ in range(5)], most=3)
    assert [isinstance(answer, TooManyTasks) for answer in answers] == [False] * 3 + [True] * 2


def test_edges_that_take_in_tasks_together_keep_to_one_limit(
    record: Record, database_url: str
) -> None:
    other = Record(database_url)

    async def scenario() -> list[object]:
        edges = [Intake(record, 3), Intake(other, 3)]
        answers: list[object] = []
        for _ in range(3):  # each edge has seen room before
            both = (edge.accept(task()) for edge in edges)
            answers += await asyncio.gather(*both, return_exceptions=True)
        return answers

    answers = asyncio.run(scenario())
    other.close()
    assert [isinstance(answer, TooManyTasks) for answer in answers].count(True) == 3
    with record.read() as connection:
        assert tasks.count(connection) == 3


def test_everyone_hears_of_a_record_that_takes_nothing(record: Record) -> None:
    with record.write() as connection:
        connection.execute(text("ALTER TABLE events RENAME TO gone"))
    answers = accept_together(record, [task() for _ in range(3)])
    assert [isinstance(answer, DBAPIError) for answer in answers] == [True] * 3
    with record.read() as connection:
        assert tasks.count(connection) == 0


def test_a_rush_is_many_tasks_at_once_and_not_one_now_and_then(record: Record) -> None:
    async def scenario() -> tuple[bool, bool]:
        intake = Intake(record, 1000)
        await asyncio.gather(*(intake.accept(task()) for _ in range(MANY - 1)))
        after_some = intake.is_busy
        await asyncio.gather(*(intake.accept(task()) for _ in range(MANY)))
        return after_some, intake.is_busy

    assert asyncio.run(scenario()) == (False, True)
