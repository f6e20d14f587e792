"""Workers: there while their heart beats; buried, they let go of everything."""

from __future__ import annotations

from shared.record import Record, claims, slots, workers
from shared.utils import utc_now
from tests.integration.record.given import accepted, claimed, looked_at, planned


def _announce(record: Record, worker_id: str) -> None:
    with record.write() as connection:
        workers.announce(connection, worker_id, "host", 42, 2, ["test_task", "approve_batches"])


def _serving(record: Record) -> list[str]:
    with record.read() as connection:
        return sorted(worker.id for worker in workers.serving(connection))


def test_an_announced_worker_serves_and_says_what(record: Record) -> None:
    before = utc_now()
    _announce(record, "w")

    with record.read() as connection:
        (worker,) = workers.serving(connection)
    assert (worker.id, worker.host, worker.pid, worker.slots) == ("w", "host", 42, 2)
    assert worker.task_types == ["test_task", "approve_batches"]
    assert worker.heartbeat == 0
    assert before <= worker.heartbeat_at <= utc_now()


def test_every_heartbeat_is_another_number(record: Record) -> None:
    _announce(record, "w")
    for _ in range(3):
        with record.write() as connection:
            workers.beat(connection, "w")

    with record.read() as connection:
        assert workers.serving(connection)[0].heartbeat == 3


def test_a_buried_worker_serves_no_more_unless_its_heart_beats_again(record: Record) -> None:
    _announce(record, "dead")
    _announce(record, "alive")
    with record.write() as connection:
        workers.bury(connection, "dead")
    assert _serving(record) == ["alive"]

    with record.write() as connection:
        workers.beat(connection, "dead")
    assert _serving(record) == ["alive", "dead"]


def test_what_a_buried_worker_had_in_hand_is_free_and_its_tasks_are_due(record: Record) -> None:
    # Given two workers at work on a task, one of them also on another that has nothing claimed
    shared, other = planned(record, ["a", "b"]), accepted(record)
    for worker_id in ("dead", "alive"):
        _announce(record, worker_id)
    for pid, (slot_id, worker_id, task_id) in enumerate(
        (("s1", "dead", shared.id), ("s2", "alive", shared.id), ("s3", "dead", other.id))
    ):
        with record.write() as connection:
            slots.ring(connection, task_id, [slot_id])
            slots.start(connection, slot_id, worker_id, pid)
    claimed(record, shared.id, "s1")
    claimed(record, shared.id, "s2")
    for task_id in (shared.id, other.id):
        looked_at(record, task_id)

    # When it is buried, by two watchers
    for _ in range(2):
        with record.write() as connection:
            workers.bury(connection, "dead")

    # Then the living one's work goes on, and both tasks are looked at, at once
    with record.read() as connection:
        assert [slot.id for slot in slots.live(connection)] == ["s2"]
        assert [sign.key for sign in claims.held(connection)] == ["b"]
        due = {task.id: (task.claimable, task.live) for task in slots.due(connection, 10)}
    assert due == {shared.id: (1, 1), other.id: (1, 0)}


def test_browsers_are_known_by_host_until_they_are_gone(record: Record) -> None:
    for number, host in enumerate(["here", "here", "there"]):
        with record.write() as connection:
            workers.add_browser(
                connection,
                worker_id=f"w{number}",
                host=host,
                pid=number,
                process_group=100 + number,
                started=1.5,
                user_data_dir=f"/tmp/browser-{number}",
            )

    with record.write() as connection:
        workers.remove_browser(connection, "/tmp/browser-0")
        workers.remove_browser(connection, "/tmp/never-there")

    with record.read() as connection:
        (left,) = workers.browsers_on(connection, "here")
        assert (left.worker_id, left.pid, left.process_group) == ("w1", 1, 101)
        assert (left.started, left.user_data_dir) == (1.5, "/tmp/browser-1")
        assert len(workers.browsers_on(connection, "there")) == 1
        assert workers.browsers_on(connection, "nowhere") == []
