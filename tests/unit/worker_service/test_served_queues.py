"""Which task types a worker offers, and on which queues it hears doorbells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from celery.worker.consumer import Consumer

from shared.errors import ConfigurationError
from worker_service.params import TaskParams
from worker_service.registry import TaskDefinition
from worker_service.served_queues import ServedQueues, served_of
from worker_service.simple_task import simple_task
from worker_service.work import Work


class NoParams(TaskParams):
    """Nothing to say."""


def named(name: str, queue: str) -> TaskDefinition[Any]:
    @simple_task(name=name, title=name, description="", side_effect="none", queue=queue)
    def work(context: Work, params: NoParams) -> None:
        return None

    return work


TYPES = {"approve": named("approve", "default"), "report": named("report", "reports")}


class RunningConsumer:
    """Celery's consumer, as far as it is told to consume from more queues."""

    def __init__(self) -> None:
        self.added: list[str] = []

    def call_soon(self, work: Callable[..., None], *arguments: str) -> None:
        work(*arguments)

    def add_task_queue(self, queue: str) -> None:
        self.added.append(queue)


def test_a_worker_offers_what_names_its_queues_and_everything_if_none_is_chosen() -> None:
    assert list(served_of(TYPES, ["reports"])) == ["report"]
    assert list(served_of(TYPES, [])) == ["approve", "report"]


def test_all_queues_that_task_types_name_are_heard_from_the_start() -> None:
    queues = ServedQueues([])
    queues.hear(TYPES)

    assert queues.celery_queues == ["agent.tasks", "agent.tasks.reports"]


def test_a_queue_that_is_named_later_is_heard_later_and_once() -> None:
    queues, consumer = ServedQueues([]), RunningConsumer()
    queues.listen(cast(Consumer, consumer))

    queues.hear(TYPES)
    queues.hear(TYPES)

    assert consumer.added == ["agent.tasks.reports"]


def test_a_worker_that_was_told_its_queues_hears_no_others() -> None:
    queues, consumer = ServedQueues(["archive"]), RunningConsumer()
    queues.listen(cast(Consumer, consumer))
    queues.hear(TYPES)

    assert (queues.celery_queues, consumer.added) == (["agent.tasks.archive"], [])


@pytest.mark.parametrize("name", ["", "Reports", "a b", "x" * 41, "-", "a.b"])
def test_a_name_that_cannot_be_a_queue_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="the queue"):
        named("report", name)
