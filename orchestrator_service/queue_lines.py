"""The queues there are: whose doorbells travel on each, and who answers them there now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from orchestrator_service.doorbell_watch import DoorbellWatch
from shared.record.workers import Worker

K = TypeVar("K")


@dataclass(frozen=True)
class QueueLine:
    """One queue: the task types that name it, the workers that serve it, and its doorbells."""

    name: str
    task_types: frozenset[str]
    workers: tuple[Worker, ...]
    watch: DoorbellWatch = field(default_factory=DoorbellWatch)

    @property
    def slots(self) -> int:
        """How many slots may answer a doorbell there."""
        return sum(worker.slots for worker in self.workers)

    def has_idle(self, at_work: Mapping[str | None, int]) -> bool:
        """True if a worker has a slot free for this queue; `at_work` counts slots by worker."""
        return any(at_work.get(worker.id, 0) < worker.slots for worker in self.workers)

    def own(self, types: Mapping[K, str]) -> list[K]:
        """Those whose task type names this queue."""
        return [one for one, task_type in types.items() if task_type in self.task_types]


def lines_of(
    queues: Mapping[str, str], serving: Sequence[Worker], before: Mapping[str, QueueLine]
) -> dict[str, QueueLine]:
    """The line of each queue, by its name; what was seen of its doorbells `before` is kept.

    `queues` has the queue of every task type. A worker offers only what it serves, so it serves
    the queues of the types that it offers.
    """
    found: dict[str, QueueLine] = {}
    for name in sorted(set(queues.values())):
        types = frozenset(one for one, queue in queues.items() if queue == name)
        who = tuple(worker for worker in serving if types & worker.serves)
        watch = before[name].watch if name in before else DoorbellWatch()
        found[name] = QueueLine(name, types, who, watch)
    return found
