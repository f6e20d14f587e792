"""Who serves which queue, and whether anybody there is idle."""

from __future__ import annotations

from dataclasses import replace

from orchestrator_service.queue_lines import lines_of
from shared.record.workers import Worker
from shared.utils import utc_now

QUEUES = {"approve": "default", "test": "default", "report": "reports", "old": "archive"}


def worker(name: str, slots: int, *task_types: str) -> Worker:
    return Worker(name, "host", 1, slots, list(task_types), 0, utc_now())


def test_a_worker_serves_the_queues_of_what_it_offers() -> None:
    both, usual = worker("both", 2, "approve", "report"), worker("usual", 3, "test")

    lines = lines_of(QUEUES, [both, usual], {})

    assert {name: line.slots for name, line in lines.items()} == {
        "default": 5,
        "reports": 2,
        "archive": 0,
    }


def test_a_worker_serves_the_queues_of_what_it_can_end_and_of_nothing_that_it_cannot() -> None:
    finishing = {"report": {"a": True, "b": False}, "old": {"c": False}}
    ending = replace(worker("ending", 2, "test"), finishing=finishing)

    lines = lines_of(QUEUES, [ending], {})

    assert {name: line.slots for name, line in lines.items()} == {
        "default": 2,
        "reports": 2,
        "archive": 0,
    }


def test_a_queue_is_idle_if_one_of_its_own_workers_is() -> None:
    lines = lines_of(QUEUES, [worker("usual", 1, "test"), worker("reports", 1, "report")], {})

    assert lines["default"].has_idle({"reports": 1})
    assert not lines["reports"].has_idle({"reports": 1})
    assert not lines["archive"].has_idle({})


def test_doorbells_belong_to_the_queue_of_their_task_type() -> None:
    lines = lines_of(QUEUES, [], {})

    assert lines["reports"].own({"a": "report", "b": "test", "c": "never announced"}) == ["a"]


def test_what_was_seen_of_a_queue_is_kept_when_its_workers_change() -> None:
    before = lines_of(QUEUES, [], {})

    after = lines_of(QUEUES, [worker("reports", 1, "report")], before)

    assert after["reports"].watch is before["reports"].watch
