"""While tasks come in a rush, doorbells and manifests wait for them; but not for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator_service import dispatcher as dispatcher_module
from orchestrator_service import janitor as janitor_module
from orchestrator_service.celery_client import TaskQueue
from orchestrator_service.dispatcher import Dispatcher
from orchestrator_service.janitor import Janitor
from orchestrator_service.keys import load_keys
from orchestrator_service.retention import Retention
from orchestrator_service.sealing import Sealer
from shared.celery_client import create_celery
from shared.config import Settings, load_settings
from shared.record import Record, migrate, seals, slots, tasks
from shared.record.tasks import Task
from shared.task_state import ItemStatus, TaskState
from shared.utils import new_id, utc_now
from tests.integration.orchestrator_service.task_author import TEST_TASK, TaskAuthor
from tests.integration.orchestrator_service.waiting import until


class Rush:
    """Tasks that come in until it is called over; knows whether anybody asked."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.over = threading.Event()

    def goes_on(self) -> bool:
        self.asked.set()
        return not self.over.is_set()


@pytest.fixture
def settings(tmp_path: Path, redis_url: str, database_url: str) -> Settings:
    return load_settings(
        data_dir=tmp_path / "data",
        results_dir=tmp_path / "results",
        redis_url=redis_url,
        database_url=database_url,
    )


@pytest.fixture
def record(settings: Settings) -> Iterator[Record]:
    opened = Record(settings.database)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def author(record: Record, settings: Settings) -> Iterator[TaskAuthor]:
    author = TaskAuthor(record, settings.results_dir, settings.redis)
    author.announce(TEST_TASK)
    author.start_worker("test_task")
    yield author
    author.close()


@pytest.fixture
def dispatcher_in(record: Record, settings: Settings) -> Iterator[Callable[[Rush], Dispatcher]]:
    started: list[Dispatcher] = []
    queue = TaskQueue(create_celery(settings, keeps_results=False))

    def start(rush: Rush) -> Dispatcher:
        dispatcher = Dispatcher(record, queue, 30, is_busy=rush.goes_on)
        dispatcher.start()
        started.append(dispatcher)
        until(dispatcher.serving)
        return dispatcher

    yield start
    for dispatcher in started:
        dispatcher.stop()
    queue.close()


@pytest.fixture
def janitor_in(record: Record, settings: Settings) -> Iterator[Callable[[Rush], None]]:
    started: list[Janitor] = []
    settings.data_dir.mkdir(parents=True)
    sealer = Sealer(record, settings.results_dir, load_keys(settings).evidence_key)

    def start(rush: Rush) -> None:
        retention = Retention(record, settings.results_dir, settings.retention_days)
        janitor = Janitor(sealer, retention, rush.goes_on)
        janitor.start()
        started.append(janitor)

    yield start
    for janitor in started:
        janitor.stop()


def accept(record: Record) -> str:
    task = Task(
        id=new_id(),
        task_type="test_task",
        params={},
        state=TaskState.PENDING,
        caller="default",
        created_at=utc_now(),
    )
    with record.write() as connection:
        tasks.insert_all(connection, [task])
    return task.id


def was_rung(record: Record, task_id: str) -> bool:
    with record.read() as connection:
        return slots.was_rung(connection, task_id)


def is_sealed(record: Record, task_id: str) -> bool:
    with record.read() as connection:
        seal = seals.get(connection, task_id)
    return seal is not None and seal.made == seal.wanted


def ended_task(author: TaskAuthor, record: Record) -> str:
    task_id = accept(record)
    author.begin(task_id, ["1"])
    author.finish_items(task_id, ItemStatus.DONE)
    author.complete(task_id)
    return task_id


def test_a_doorbell_waits_for_a_rush_and_rings_after_it(
    record: Record,
    author: TaskAuthor,
    dispatcher_in: Callable[[Rush], Dispatcher],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatcher_module, "LONGEST_WAY_SECONDS", 60)
    rush = Rush()
    dispatcher = dispatcher_in(rush)
    until(rush.asked.is_set)

    task_id = accept(record)
    dispatcher.wake()
    rush.asked.clear()
    until(rush.asked.is_set)
    assert not was_rung(record, task_id)

    rush.over.set()
    until(lambda: was_rung(record, task_id))


def test_a_rush_without_end_holds_no_doorbell_up_for_long(
    record: Record, author: TaskAuthor, dispatcher_in: Callable[[Rush], Dispatcher]
) -> None:
    dispatcher = dispatcher_in(Rush())

    task_id = accept(record)
    dispatcher.wake()

    until(lambda: was_rung(record, task_id))


def test_a_manifest_waits_for_a_rush_and_is_made_after_it(
    record: Record,
    author: TaskAuthor,
    janitor_in: Callable[[Rush], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(janitor_module, "LONGEST_WAY_SECONDS", 60)
    task_id = ended_task(author, record)
    rush = Rush()
    janitor_in(rush)
    until(rush.asked.is_set)
    rush.asked.clear()
    until(rush.asked.is_set)
    assert not is_sealed(record, task_id)

    rush.over.set()
    until(lambda: is_sealed(record, task_id))


def test_a_rush_without_end_holds_no_manifest_up_for_long(
    record: Record,
    author: TaskAuthor,
    janitor_in: Callable[[Rush], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(janitor_module, "LONGEST_WAY_SECONDS", 0.3)
    task_id = ended_task(author, record)
    janitor_in(Rush())
    until(lambda: is_sealed(record, task_id))
