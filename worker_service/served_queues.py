"""Which queues a worker serves, and what it therefore offers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol, TypeVar

import structlog
from celery.worker.consumer import Consumer

from shared.contracts import DEFAULT_QUEUE, doorbell_queue

log = structlog.get_logger()


class Queued(Protocol):
    """A task type, as its definition or its announcement."""

    @property
    def queue(self) -> str:
        """Where its doorbells are rung."""
        ...


Q = TypeVar("Q", bound=Queued)


def served_of(task_map: Mapping[str, Q], chosen: Collection[str]) -> dict[str, Q]:
    """The task types whose queue is served: one of those `chosen`, or any if none is chosen."""
    return {
        name: definition
        for name, definition in task_map.items()
        if not chosen or definition.queue in chosen
    }


class ServedQueues:
    """The queues a worker hears doorbells on: those chosen, else all that its task types name."""

    def __init__(self, chosen: Collection[str]) -> None:
        """Nothing is heard before `listen`."""
        self._chosen = frozenset(chosen)
        self._heard: set[str] = set(chosen) or {DEFAULT_QUEUE}
        self._consumer: Consumer | None = None

    @property
    def celery_queues(self) -> list[str]:
        """What Celery is to consume from its start."""
        return sorted(doorbell_queue(name) for name in self._heard)

    def hears(self, queue: str) -> bool:
        """True if doorbells of this queue are heard."""
        return queue in self._heard

    def hear(self, task_map: Mapping[str, Queued]) -> None:
        """Hear the queues that these types name as well, if none were chosen. Any thread may ask.

        Before Celery runs they are among `celery_queues`.
        """
        if self._chosen:
            return
        for name in sorted({one.queue for one in task_map.values()} - self._heard):
            self._heard.add(name)
            if self._consumer is not None:
                log.info("queue_served", queue=name)
                # In Celery's own thread, and again by itself whenever it has to connect anew.
                self._consumer.call_soon(self._consumer.add_task_queue, doorbell_queue(name))

    def listen(self, consumer: Consumer) -> None:
        """Celery is consuming from `celery_queues`."""
        self._consumer = consumer
