"""What docs/operations.md says of Celery on Redis: a test behind each sentence.

None of these tasks needs a browser: a doorbell is the same for all.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from launcher.inheritance import practice_environment
from launcher.redis_server import RedisServer
from shared.record import tables, workers
from tests.acceptance.conftest import Deployment, assert_told_once, wait_for
from tests.acceptance.doorbell_queue import DoorbellQueue, foreign_messages

Deploy = Callable[..., Any]

pytestmark = pytest.mark.timeout(240)

LONG_SECONDS = 3600.0
BEYOND_VISIBILITY_SECONDS = 3601.0
TASKS = 3
SLOW_START_SECONDS = 6.0


class Line:
    """A system whose only slot is taken, so that the doorbells of other tasks stand in line."""

    def __init__(self, here: Deployment) -> None:
        self.here = here
        self.queue = DoorbellQueue(here.system.redis_url)
        self._long = here.practise(steps=1, seconds=LONG_SECONDS)
        wait_for(lambda: bool(here.at_work(self._long)))

    def of(self, count: int) -> list[str]:
        """Give so many tasks and wait until their doorbells stand in line."""
        task_ids = [self.here.practise(steps=2) for _ in range(count)]
        wait_for(lambda: len(self.queue.waiting()) == count)
        return task_ids

    def let_go(self) -> None:
        """Free the slot: its task is cancelled and the process at work on it killed."""
        (slot,) = self.here.at_work(self._long)
        self.here.cancel(self._long)
        assert slot.pid is not None
        os.kill(slot.pid, signal.SIGKILL)


@pytest.fixture
def line(deploy: Deploy) -> Iterator[Line]:
    """Doorbells in line at a busy worker."""
    made = Line(deploy(batches=1))
    yield made
    made.queue.close()


def assert_done_once(here: Deployment, task_id: str) -> None:
    result = here.finish(task_id)
    assert result["state"] == "completed"
    assert [(item["status"], item["attempts"]) for item in result["result"]["items"]] == [
        ("done", 1)
    ] * 2
    assert_told_once(list(here.api.follow(task_id, lambda: None)))


def test_a_doorbell_that_comes_twice_is_answered_once(line: Line) -> None:
    task_ids = line.of(TASKS)
    line.queue.put(*line.queue.waiting(), *line.queue.waiting())

    line.let_go()

    for task_id in task_ids:
        assert_done_once(line.here, task_id)
    wait_for(lambda: not line.queue.waiting())


def test_doorbells_may_come_in_any_order(line: Line) -> None:
    task_ids = line.of(TASKS)
    line.queue.put(*reversed(line.queue.take_all()))

    line.let_go()

    for task_id in task_ids:
        assert_done_once(line.here, task_id)


def test_a_lost_doorbell_is_rung_again(line: Line) -> None:
    task_ids = line.of(TASKS)
    assert len(line.queue.take_all()) == TASKS

    line.let_go()

    for task_id in task_ids:
        assert_done_once(line.here, task_id)


def test_a_doorbell_that_comes_when_all_is_done_changes_nothing(line: Line) -> None:
    # Given doorbells that went astray, and tasks that were done without them
    task_ids = line.of(TASKS)
    late = line.queue.take_all()
    line.let_go()
    for task_id in task_ids:
        assert_done_once(line.here, task_id)

    # When they come after all, Then they are answered and nothing more is told of the tasks
    line.queue.put(*late)
    wait_for(lambda: not line.queue.waiting())
    assert_done_once(line.here, line.here.practise(steps=2))
    for task_id in task_ids:
        assert_done_once(line.here, task_id)


def test_a_doorbell_that_died_with_who_fetched_it_comes_again_and_is_answered_once(
    line: Line,
) -> None:
    """The visibility timeout gives it out a second time, long after it was rung again."""
    # Given doorbells that a worker fetched and never acknowledged, an hour ago
    task_ids = line.of(TASKS)
    for message in line.queue.take_all():
        line.queue.give_out_long_ago(message, BEYOND_VISIBILITY_SECONDS)

    # When they come back to the line, with what was rung in their place
    line.let_go()
    wait_for(lambda: line.queue.given_out() == 0)

    # Then all is done once
    for task_id in task_ids:
        assert_done_once(line.here, task_id)


def test_a_doorbell_is_acknowledged_before_its_work_begins(line: Line) -> None:
    """Else Celery would end with a Redis that dies while it works."""
    assert line.queue.given_out() == 0
    assert line.queue.waiting() == []
    worker = psutil.Process(line.here.system.workers[0].pid)

    line.here.system.redis.kill()
    line.here.system.redis.start()
    line.let_go()

    assert_done_once(line.here, line.here.practise(steps=2))
    assert worker.is_running()


def test_a_busy_worker_leaves_doorbells_to_an_idle_one(line: Line) -> None:
    # Given a busy worker and a doorbell, which it does not fetch
    (task_id,) = line.of(1)
    worker = line.here.system.workers[0]
    assert line.queue.given_out() == 0

    # When another worker comes, Then that very doorbell is answered, by the other one
    other = line.here.system.add_worker()
    assert_done_once(line.here, task_id)
    with line.here.record.read() as connection:
        rung = connection.execute(
            tables.slots.select().where(tables.slots.c.task_id == task_id)
        ).all()
        pids = {w.id: w.pid for w in workers.serving(connection)}
    assert [pids[slot.worker_id] for slot in rung if slot.worker_id] == [other.pid]
    assert other.pid != worker.pid


@pytest.mark.parametrize("fault", ["frozen", "stopped"])
def test_a_redis_that_does_not_answer_holds_up_nobody(line: Line, fault: str) -> None:
    """Neither requests nor the dispatcher's watch nor a slot at work: all have time limits."""
    # Given a slot at work, a second worker, and a Redis that hangs or is gone
    here = line.here
    other = here.system.add_worker()
    steady = here.practise(steps=600, seconds=600)
    wait_for(lambda: bool(here.at_work(steady)))
    if fault == "frozen":
        here.system.redis.freeze()
    else:
        here.system.redis.stop()

    # When tasks are given, Then they are accepted, and the slot goes from item to item
    accepted = [here.practise(steps=2) for _ in range(TASKS)]
    begun = here.api.status(steady)["counts"]
    wait_for(lambda: here.api.status(steady)["counts"] != begun)

    # And the dispatcher, which tries to ring all the while, still sees a worker die
    other.kill()
    wait_for(lambda: other.pid not in {w.pid for w in here.workers_in_the_record()})

    # And when Redis is back, so is all else
    if fault == "frozen":
        here.system.redis.thaw()
    else:
        here.system.redis.start()
    other.start()
    for task_id in accepted:
        assert_done_once(here, task_id)


@pytest.mark.parametrize("fault", ["frozen", "gone"])
def test_results_that_cannot_be_kept_hold_up_nobody(
    deploy: Deploy, tmp_path: Path, fault: str
) -> None:
    folder = tmp_path / "results-redis"
    environment = practice_environment(folder, tmp_path)
    results = RedisServer(folder, log=tmp_path / "results.log", environment=environment)
    results.start_on_a_free_port()
    try:
        here = deploy(batches=1, settings={"CELERY_RESULT_BACKEND": results.url})
        worker = psutil.Process(here.system.workers[0].pid)
        if fault == "frozen":
            results.freeze()
        else:
            results.kill()

        for _ in range(TASKS):
            assert_done_once(here, here.practise(steps=2))
        assert worker.is_running()
    finally:
        results.kill()


def test_what_is_no_doorbell_is_thrown_away_and_told(deploy: Deploy, tmp_path: Path) -> None:
    # Given a worker, and a queue with what others may put there
    here = deploy(batches=1)
    worker = psutil.Process(here.system.workers[0].pid)
    child = here.pool_children()[0].pid
    queue = DoorbellQueue(here.system.redis_url)
    explosion = tmp_path / "unpickled"
    foreign = foreign_messages(explosion)

    # When it comes upon each
    for what, message in foreign.items():
        queue.put(message)
        wait_for(lambda: not queue.waiting())
        assert worker.is_running(), what

    # Then it answers the next doorbell; nothing comes again, nothing was unpickled
    assert_done_once(here, here.practise(steps=2))
    wait_for(lambda: queue.given_out() == 0)
    assert queue.waiting() == []
    assert not explosion.exists()
    assert child in {process.pid for process in here.pool_children()}
    queue.close()
    # And the log says so
    told = (here.system.folder / "logs" / "automation.log").read_text()
    assert told.count("thrown away") >= 5
    assert "somebody.elses" in told


def test_a_task_that_kills_its_worker_each_time_is_given_up(deploy: Deploy) -> None:
    # Given a task on which every process dies
    here = deploy(batches=1, settings={"MAX_ATTEMPTS": "3"})
    worker = psutil.Process(here.system.workers[0].pid)
    poison = here.practise(steps=1, seconds=LONG_SECONDS)
    for attempt in range(1, 4):
        wait_for(partial(is_at_attempt, here, poison, attempt))
        (slot,) = here.at_work(poison)
        os.kill(slot.pid, signal.SIGKILL)

    # Then it is given up with the reason, and the worker serves on
    (item,) = here.finish(poison)["result"]["items"]
    assert item["status"] == "failed"
    assert item["error"] == "Given up: the worker died 3 times while it worked on it."
    assert_done_once(here, here.practise(steps=2))
    assert worker.is_running()


def test_a_worker_that_comes_before_its_redis_waits_for_it(deploy: Deploy) -> None:
    here = deploy(batches=1)
    here.system.workers[0].stop(timeout=60)
    here.system.redis.stop()

    here.system.workers[0].launch()
    log = here.system.folder / "logs" / "automation.log"
    wait_for(lambda: "Trying again" in log.read_text() or "reconnect" in log.read_text())
    task_id = here.practise(steps=2)
    here.system.redis.start()

    assert_done_once(here, task_id)
    assert here.system.workers[0].running


def test_every_line_of_the_log_is_json_whoever_wrote_it(line: Line) -> None:
    # Given processes of which Celery, kombu and we have something to say
    line.let_go()
    assert_done_once(line.here, line.here.practise(steps=2))
    line.here.system.redis.kill()
    line.here.system.redis.start()
    assert_done_once(line.here, line.here.practise(steps=2))

    # Then all of it is in one file in one shape
    text = (line.here.system.folder / "logs" / "automation.log").read_text()
    lines = [json.loads(told) for told in text.splitlines()]
    assert {told["service"] for told in lines} == {"orchestrator", "worker"}
    assert any(told["logger"].startswith("celery.") for told in lines)


def test_a_pool_child_may_take_its_time_to_start(deploy: Deploy) -> None:
    # Given a child that is slower to start than Celery usually allows
    here = deploy(batches=1)
    (first,) = here.pool_children()
    first.kill()
    wait_for(lambda: {p.pid for p in here.pool_children()} - {first.pid} != set())
    (second,) = [process for process in here.pool_children() if process.pid != first.pid]
    second.suspend()

    # When it comes up at last, Then it serves
    threading.Event().wait(SLOW_START_SECONDS)
    second.resume()
    assert_done_once(here, here.practise(steps=2))
    assert [process.pid for process in here.pool_children()] == [second.pid]


def is_at_attempt(here: Deployment, task_id: str, attempt: int) -> bool:
    items = here.api.result(task_id)["result"]["items"]
    return bool(items) and items[0]["attempts"] == attempt and bool(here.at_work(task_id))
