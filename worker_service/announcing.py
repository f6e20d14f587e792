"""Telling the record what a worker offers, and again whenever that changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from shared.errors import ConfigurationError
from shared.record import Record, task_types, tasks, workers
from shared.record.task_types import TaskType
from shared.record.workers import Refusal
from worker_service.task_files.copies import Copies

log = structlog.get_logger()


@dataclass(frozen=True)
class Offer:
    """What a worker offers at one moment.

    `refused` are files it cannot use; `withdrawn` are types that it offered before, each with the
    reason why it does not any more.
    """

    task_types: Sequence[TaskType]
    refused: Sequence[Refusal] = ()
    withdrawn: Sequence[tuple[str, str]] = ()


class Announcer:
    """Keeps the record told. Used by one thread, which lets nobody fork meanwhile."""

    def __init__(
        self,
        record: Record,
        worker_id: str,
        offer: Callable[[], Offer],
        copies: Copies,
        hears: Callable[[str], bool],
    ) -> None:
        """Nothing is told before `begin`.

        `offer` says what is offered now, `hears` whether doorbells of a queue are heard.
        """
        self._hears = hears
        self._record = record
        self._worker_id = worker_id
        self._offer = offer
        self._copies = copies
        self._told = offer()
        self._finishing: list[str] = []

    @property
    def names(self) -> list[str]:
        """What is offered, as of the last look."""
        return [offered.name for offered in self._told.task_types]

    def begin(self, connection: Connection) -> None:
        """Tell everything, once the worker's row is there."""
        self._finishing = self._to_finish(connection)
        self._tell(connection, self._told.task_types, ())

    def look(self) -> None:
        """Tell what is offered otherwise than before, such as for one more portal."""
        try:
            offer = self._offer()
        except ConfigurationError as error:
            log.warning("what is offered stays as it was", reason=error.message)
            return
        if offer == self._told:
            return
        changed = [one for one in offer.task_types if one not in self._told.task_types]
        gone = [one for one in offer.withdrawn if one[0] in self.names]
        before, self._told = self._told, offer
        try:
            with self._record.write() as connection:
                self._finishing = self._to_finish(connection)
                self._tell(connection, changed, gone)
        except BaseException:
            self._told = before
            raise
        log.info(
            "announced_again",
            task_types=[one.name for one in changed],
            withdrawn=[name for name, _ in gone],
            refused=[one.file for one in offer.refused],
        )

    def sweep(self) -> None:
        """Let go of old versions that no task goes by, and of types of which nothing is left."""
        if not self._copies.all():
            return
        with self._record.write() as connection:
            finishing = self._to_finish(connection)
            if finishing != self._finishing:
                self._finishing = finishing
                self._tell(connection, (), ())
            in_use = {sha256 for _, sha256 in self._begun(connection)}
            for worker in workers.serving(connection):
                in_use.update(worker.versions.values())
        self._copies.sweep(in_use)

    def _begun(self, connection: Connection) -> set[tuple[str, str]]:
        return tasks.begun_with(connection, self._copies.all())

    def _to_finish(self, connection: Connection) -> list[str]:
        """Types that are not offered, of which this worker can end what was begun."""
        queues = task_types.queues(connection)
        begun = {name for name, _ in self._begun(connection)}
        return sorted(name for name in begun - set(self.names) if self._hears(queues.get(name, "")))

    def _tell(
        self,
        connection: Connection,
        changed: Sequence[TaskType],
        gone: Sequence[tuple[str, str]],
    ) -> None:
        # In one order, so that two workers never wait for each other.
        for one in sorted(changed, key=lambda one: one.name):
            task_types.announce(connection, one)
        workers.offer(
            connection,
            self._worker_id,
            {one.name: one.sha256 for one in self._told.task_types},
            self._finishing,
            self._told.refused,
        )
        for name, reason in sorted(gone):
            task_types.withdraw(connection, name, reason)
