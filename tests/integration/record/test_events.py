"""A task's history: numbered without gaps, whoever writes, and read in order from anywhere."""

from __future__ import annotations

from functools import partial

from shared.contracts import EventType
from shared.record import Record, events, tasks
from shared.record.events import NewEvent
from shared.record.persistence import persist
from shared.task_state import TaskState
from tests.integration.record.given import accepted, running
from tests.integration.record.processes import together

WRITERS = 4
APPENDS = 12


def _line(message: str) -> NewEvent:
    return NewEvent(EventType.LOG, {"message": message, "level": "info"})


def append_many(url: str, task_id: str, writer: int) -> None:
    """Append events one, two and three at a time."""
    record = Record(url)
    for number in range(APPENDS):
        news = [_line(f"{writer}/{number}/{part}") for part in range(1 + number % 3)]
        assert persist(record, partial(events.append, task_id=task_id, news=news))
    record.close()


def finish(url: str, task_id: str) -> bool:
    """Complete a running task; False if somebody else did."""
    record = Record(url)
    with record.write() as connection:
        task = tasks.lock(connection, task_id)
        assert task is not None
        if task.state.is_final:
            return False
        tasks.set_state(connection, task, TaskState.COMPLETED)
    record.close()
    return True


def test_processes_that_append_together_leave_no_gap_and_mix_nothing(
    record: Record, record_url: str
) -> None:
    # Given a task, When several processes append to its history
    task = accepted(record)
    together(append_many, [(record_url, task.id, writer) for writer in range(WRITERS)])

    # Then the numbers are 1 to n, what was appended together stands together, and in order
    with record.read() as connection:
        stored = events.after(connection, task.id, 0, 1000)
        last = events.last_numbers(connection, [task.id])[task.id]
    assert [event.id for event in stored] == list(range(1, last + 1))
    told = [event.data["message"] for event in stored[1:]]
    for writer in range(WRITERS):
        own = [message for message in told if message.startswith(f"{writer}/")]
        assert own == [
            f"{writer}/{number}/{part}"
            for number in range(APPENDS)
            for part in range(1 + number % 3)
        ]
    for at, message in enumerate(told):
        if not message.endswith("/0"):
            assert told[at - 1].rpartition("/")[0] == message.rpartition("/")[0]


def test_of_processes_that_finish_a_task_together_one_writes_the_final_event(
    record: Record, record_url: str
) -> None:
    task = running(record)

    finished = together(finish, [(record_url, task.id)] * WRITERS)

    assert sorted(finished) == [False] * (WRITERS - 1) + [True]
    with record.read() as connection:
        kinds = [event.type.value for event in events.after(connection, task.id, 0, 100)]
    assert kinds == ["status", "status", "status", "completed"]


def test_a_reader_goes_on_after_the_last_event_it_saw(record: Record) -> None:
    task = accepted(record)
    with record.write() as connection:
        events.append(connection, task.id, [_line(str(number)) for number in range(2, 8)])

    with record.read() as connection:
        seen = [event.id for event in events.after(connection, task.id, 0, 3)]
        seen += [event.id for event in events.after(connection, task.id, seen[-1], 3)]
        seen += [event.id for event in events.after(connection, task.id, seen[-1], 3)]
        assert seen == [1, 2, 3, 4, 5, 6, 7]
        assert events.after(connection, task.id, 7, 3) == []


def test_events_of_other_tasks_are_not_shown(record: Record) -> None:
    one, other = accepted(record), accepted(record)
    with record.write() as connection:
        events.append(connection, other.id, [_line("elsewhere")])

    with record.read() as connection:
        assert [event.type for event in events.after(connection, one.id, 0, 10)] == [
            EventType.STATUS
        ]
        assert events.last_numbers(connection, [one.id, other.id, "nobody"]) == {
            one.id: 1,
            other.id: 2,
        }
        assert events.last_numbers(connection, []) == {}


def test_log_lines_are_the_newest_or_those_that_follow_an_event(record: Record) -> None:
    # Given a history of log lines with other events among them
    task = accepted(record)
    progress = NewEvent(EventType.PROGRESS, {"progress": 1})
    for number in range(2, 8, 2):
        with record.write() as connection:
            events.append(connection, task.id, [_line(str(number)), progress])

    # When they are read, Then only lines come, in order
    def lines(limit: int, after: int | None = None) -> list[int]:
        with record.read() as connection:
            return [e.id for e in events.log_lines(connection, task.id, limit, after_id=after)]

    assert lines(10) == [2, 4, 6]
    assert lines(2) == [4, 6]
    assert lines(10, after=2) == [4, 6]
    assert lines(1, after=0) == [2]
    assert lines(10, after=6) == []


def test_nothing_new_is_told_as_nothing(record: Record) -> None:
    task = accepted(record)
    with record.write() as connection:
        assert events.append(connection, task.id, []) is True
        assert events.append(connection, "nobody", [_line("lost")]) is False

    with record.read() as connection:
        assert events.last_numbers(connection, [task.id]) == {task.id: 1}


def test_an_event_keeps_what_it_tells(record: Record) -> None:
    task = accepted(record)
    data = {
        "message": "मंज़ूर 👍 \n \\ \u2028 \u0000",
        "numbers": [1, 2.5, None, True],
        "deep": {"": {}},
    }
    with record.write() as connection:
        events.append(connection, task.id, [NewEvent(EventType.ITEM, data)])

    with record.read() as connection:
        stored = events.after(connection, task.id, 1, 1)[0]
    assert (stored.task_id, stored.type, stored.data) == (task.id, EventType.ITEM, data)
    assert task.created_at <= stored.timestamp
