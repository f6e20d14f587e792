"""Several processes at work on two tasks that share batches: every item once, no batch twice."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from shared.record import Record, claims, delays, events, items, tasks
from shared.record.claims import HeldClaim
from shared.record.persistence import persist
from shared.task_state import ItemStatus, TaskState
from tests.integration.record.given import finished, planned
from tests.integration.record.processes import DEADLINE_SECONDS, together

PROCESSES = 4
SHARED = [f"SHARED{number:03}" for number in range(20)]
OF_ONE = [f"ONE{number:03}" for number in range(80)]
OF_THE_OTHER = [f"OTHER{number:03}" for number in range(80)]

Done = tuple[str, str, int]
"""What a process did: on which task, which batch, under which fence."""


def work_until_done(url: str, slot_id: str, task_ids: list[str], marks: Path) -> list[Done]:
    """Claim, work on and finish items until every task is final; no delay lasts for long.

    A file marks each batch in hand: the system itself refuses to make it a second time.
    """
    record = Record(url)
    done = []
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not _all_final(record, task_ids):
        assert time.monotonic() < deadline, "not done in time"
        while held := persist(record, partial(_claim, task_ids=task_ids, slot_id=slot_id)):
            mark = marks / held.item.key
            mark.touch(exist_ok=False)
            time.sleep(0)  # somebody else's turn, if he thinks that he holds it too
            mark.unlink()
            finished(record, held)
            done.append((held.item.task_id, held.item.key, held.fence))
        time.sleep(0.02)
        persist(record, lambda connection: delays.end(connection, delays.running(connection)))
    record.close()
    return done


def finish_the_item(url: str, held: HeldClaim) -> bool:
    """Finish an item; True if that made the task final."""
    record = Record(url)
    try:
        return finished(record, held)
    finally:
        record.close()


def _claim(connection: Connection, task_ids: list[str], slot_id: str) -> HeldClaim | None:
    for task_id in task_ids:
        held = claims.take_next(connection, task_id, slot_id)
        if held is not None:
            return held
    return None


def _all_final(record: Record, task_ids: list[str]) -> bool:
    with record.read() as connection:
        found = [tasks.get(connection, task_id) for task_id in task_ids]
    return all(task is not None and task.state.is_final for task in found)


def test_every_item_is_taken_once_and_no_batch_is_in_two_hands(
    record: Record, record_url: str, tmp_path: Path
) -> None:
    # Given two tasks of 100 items each, some of which are the same batches
    one, other = planned(record, SHARED + OF_ONE), planned(record, SHARED + OF_THE_OTHER)
    both = [one.id, other.id]

    # When several processes work on both until they are done
    marks = tmp_path / "in-hand"
    marks.mkdir()
    orders = [both, both[::-1]] * (PROCESSES // 2)
    reports = together(
        work_until_done,
        [(record_url, f"slot-{n}", order, marks) for n, order in enumerate(orders)],
    )

    # Then every item was done once
    done = [line for report in reports for line in report]
    assert Counter((task_id, key) for task_id, key, _ in done) == dict.fromkeys(
        [(one.id, key) for key in SHARED + OF_ONE]
        + [(other.id, key) for key in SHARED + OF_THE_OTHER],
        1,
    )
    # And each claim on a batch had a fence of its own
    fences = defaultdict(list)
    for _, key, fence in done:
        fences[key].append(fence)
    assert {key: sorted(found) for key, found in fences.items()} == {
        key: [1, 2] if key in SHARED else [1] for key in SHARED + OF_ONE + OF_THE_OTHER
    }
    # And both tasks ended whole, with one final event each
    with record.read() as connection:
        assert claims.held(connection) == []
        assert items.counts(connection, both) == {
            task_id: {ItemStatus.DONE: 100} for task_id in both
        }
        for task_id in both:
            kinds = [event.type.value for event in events.after(connection, task_id, 0, 1000)]
            assert kinds.count("completed") == 1
            assert kinds[-1] == "completed"


def test_of_two_last_items_finished_together_one_makes_the_task_final(
    record: Record, record_url: str
) -> None:
    # Given two tasks, each with two items in the hands of two slots
    for _ in range(2):
        task = planned(record, ["a", "b"])
        with record.write() as connection:
            last = [claims.take_next(connection, task.id, slot) for slot in ("slot-1", "slot-2")]

        # When both finish at the same moment
        made_final = together(finish_the_item, [(record_url, held) for held in last])

        # Then one of them ended the task, and it says so once
        assert sorted(made_final) == [False, True]
        with record.read() as connection:
            stored = tasks.get(connection, task.id)
            assert stored is not None
            assert (stored.state, stored.finished) == (TaskState.COMPLETED, 2)
            kinds = [event.type.value for event in events.after(connection, task.id, 0, 100)]
        assert kinds == ["status", "status", "status", "completed"]
