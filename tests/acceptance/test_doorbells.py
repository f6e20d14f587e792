"""What docs/operations.md says of Celery on Redis: a test behind each sentence.

None of these tasks needs a browser: a doorbell is the same for all. One system serves all tests.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from launcher.inheritance import practice_environment
from launcher.redis_server import RedisServer
from launcher.services import Worker
from launcher.system import PracticeSystem
from shared.record import tables, workers
from tests.acceptance.conftest import Deployment, assert_told_once, wait_for
from tests.acceptance.doorbell_queue import DoorbellQueue, Line, foreign_messages
from tests.acceptance.occupied_slot import LONG_SECONDS, seen_from_outside

pytestmark = pytest.mark.timeout(240)

BEYOND_VISIBILITY_SECONDS = 3601.0
TASKS = 3
ATTEMPTS = 3
SLOW_START_SECONDS = 6.0


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis that holds nothing but Celery's results."""
    folder = tmp_path_factory.mktemp("results")
    environment = practice_environment(folder, folder)
    server = RedisServer(folder / "data", log=folder / "redis.log", environment=environment)
    try:
        server.start_on_a_free_port()
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="module")
def deployment(
    shared_system: Callable[..., PracticeSystem], results: RedisServer
) -> Iterator[Deployment]:
    """One worker with one slot."""
    settings = {"CELERY_RESULT_BACKEND": results.url, "MAX_ATTEMPTS": str(ATTEMPTS)}
    with seen_from_outside(shared_system(batches=1, settings=settings)) as here:
        yield here


@pytest.fixture
def queue(deployment: Deployment) -> Iterator[DoorbellQueue]:
    """The doorbells at its broker."""
    opened = DoorbellQueue(deployment.system.redis_url)
    yield opened
    opened.close()


@pytest.fixture
def here(
    deployment: Deployment, queue: DoorbellQueue, results: RedisServer
) -> Iterator[Deployment]:
    """That system, with both Redis at work and no doorbell under way, before and afterwards."""
    yield deployment
    for server in (deployment.system.redis, results):
        if server.running:
            server.thaw()
        else:
            server.start()
    try:
        wait_for(lambda: not queue.waiting() and queue.given_out() == 0)
    finally:
        # One that is left over is this test's, and no fault of those after it.
        queue.forget_given_out()


@pytest.fixture
def add_worker(here: Deployment) -> Iterator[Callable[[], Worker]]:
    """Start more workers; they are gone afterwards."""
    yield here.system.add_worker
    for worker in here.system.workers[1:]:
        worker.kill()
    del here.system.workers[1:]


@pytest.fixture
def line(here: Deployment, queue: DoorbellQueue) -> Iterator[Line]:
    """Doorbells in line at a busy worker."""
    made = Line(here, queue)
    yield made
    made.let_go()


def log_of(here: Deployment) -> str:
    """Everything that services have logged so far."""
    return (here.system.folder / "logs" / "automation.log").read_text()


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


def test_a_busy_worker_leaves_doorbells_to_an_idle_one(
    line: Line, add_worker: Callable[[], Worker]
) -> None:
    # Given a busy worker and a doorbell, which it does not fetch
    (task_id,) = line.of(1)
    worker = line.here.system.workers[0]
    assert line.queue.given_out() == 0

    # When another worker comes, Then that very doorbell is answered, by the other one: also if it
    # took so long to start that the task was rung for once more
    other = add_worker()
    assert_done_once(line.here, task_id)
    with line.here.record.read() as connection:
        rung = connection.execute(
            tables.slots.select().where(tables.slots.c.task_id == task_id)
        ).all()
        pids = {w.id: w.pid for w in workers.serving(connection)}
    assert {pids[slot.worker_id] for slot in rung if slot.worker_id} == {other.pid}
    assert other.pid != worker.pid


@pytest.mark.parametrize("fault", ["frozen", "stopped"])
def test_a_redis_that_does_not_answer_holds_up_nobody(
    line: Line, add_worker: Callable[[], Worker], fault: str
) -> None:
    """Neither requests nor the dispatcher's watch nor a slot at work: all have time limits."""
    # Given two workers at work, and a Redis that hangs or is gone
    here = line.here
    other = add_worker()
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
    here.cancel(steady)
    line.let_go()
    for task_id in accepted:
        assert_done_once(here, task_id)


@pytest.mark.parametrize("fault", ["frozen", "gone"])
def test_results_that_cannot_be_kept_hold_up_nobody(
    here: Deployment, results: RedisServer, fault: str
) -> None:
    worker = psutil.Process(here.system.workers[0].pid)
    if fault == "frozen":
        results.freeze()
    else:
        results.kill()

    for _ in range(TASKS):
        assert_done_once(here, here.practise(steps=2))
    assert worker.is_running()


def test_what_is_no_doorbell_is_thrown_away_and_told(
    here: Deployment, queue: DoorbellQueue, tmp_path: Path
) -> None:
    # Given a worker, and a queue with what others may put there
    worker = psutil.Process(here.system.workers[0].pid)
    assert_done_once(here, here.practise(steps=2))
    child = here.pool_children()[0].pid
    told_before = len(log_of(here))
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
    # And the log says so
    told = log_of(here)[told_before:]
    assert told.count("thrown away") >= 5
    assert "somebody.elses" in told


def test_a_task_that_kills_its_worker_each_time_is_given_up(here: Deployment) -> None:
    # Given a task on which every process dies
    worker = psutil.Process(here.system.workers[0].pid)
    poison = here.practise(steps=1, seconds=LONG_SECONDS)
    for attempt in range(1, ATTEMPTS + 1):
        wait_for(partial(is_at_attempt, here, poison, attempt))
        (slot,) = here.at_work(poison)
        assert slot.pid is not None
        os.kill(slot.pid, signal.SIGKILL)

    # Then it is given up with the reason, and the worker serves on
    (item,) = here.finish(poison)["result"]["items"]
    assert item["status"] == "failed"
    assert item["error"] == "Given up: the worker died 3 times while it worked on it."
    assert_done_once(here, here.practise(steps=2))
    assert worker.is_running()


def test_a_worker_that_comes_before_its_redis_waits_for_it(here: Deployment) -> None:
    (worker,) = here.system.workers
    worker.kill()
    here.system.redis.stop()
    told_before = len(log_of(here))

    worker.launch()
    wait_for(lambda: waits_for_redis(log_of(here)[told_before:]))
    task_id = here.practise(steps=2)
    here.system.redis.start()

    assert_done_once(here, task_id)
    assert worker.running


def waits_for_redis(told: str) -> bool:
    return "Trying again" in told or "reconnect" in told


def test_every_line_of_the_log_is_json_whoever_wrote_it(here: Deployment) -> None:
    # Given processes of which Celery, kombu and we have something to say
    assert_done_once(here, here.practise(steps=2))
    here.system.redis.kill()
    here.system.redis.start()
    assert_done_once(here, here.practise(steps=2))

    # Then all of it is in one file in one shape
    lines = [json.loads(told) for told in log_of(here).splitlines()]
    assert {told["service"] for told in lines} == {"orchestrator", "worker"}
    assert any(told["logger"].startswith("celery.") for told in lines)


def test_a_pool_child_may_take_its_time_to_start(here: Deployment) -> None:
    # Given a child that is slower to start than Celery usually allows
    assert_done_once(here, here.practise(steps=2))
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
