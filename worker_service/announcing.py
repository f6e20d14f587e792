"""Telling the record what a worker offers, and again whenever that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

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

    `refused` are files it cannot use; `withdrawn` are types that were offered before, each with
    the reason why it does not any more. `tried` has the types of each version of a file that it
    knows, by its SHA-256; none if it cannot load it.
    """

    task_types: Sequence[TaskType]
    refused: Sequence[Refusal] = ()
    withdrawn: Sequence[tuple[str, str]] = ()
    tried: Mapping[str, frozenset[str]] = field(default_factory=dict)


Finishing = dict[str, dict[str, bool]]
"""Whether what was begun with a version can be ended here, by type and version."""


class Announcer:
    """Keeps the record told. Used by one thread, which lets nobody fork meanwhile."""

    def __init__(
        self,
        record: Record,
        worker_id: str,
        offer: Callable[[], Offer],
        copies: Copies,
        hears: Callable[[str], bool],
        find_out: Callable[[Iterable[str]], None],
    ) -> None:
        """Nothing is told before `begin`.

        `offer` says what is offered now, `hears` whether doorbells of a queue are heard.
        `find_out` is given the versions that tasks were begun with: what becomes of each is to be
        among what `offer` has `tried`.
        """
        self._hears = hears
        self._find_out = find_out
        self._record = record
        self._worker_id = worker_id
        self._offer = offer
        self._copies = copies
        self._told = offer()
        self._finishing: Finishing = {}

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
        gone = [one for one in offer.withdrawn if one not in self._told.withdrawn]
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
        """Let go of old versions that no task goes by, and tell what nobody else tells any more."""
        if not self._copies.all():
            return
        with self._record.write() as connection:
            finishing = self._to_finish(connection)
            forsaken = self._forsaken(connection)
            if forsaken or finishing != self._finishing:
                self._finishing = finishing
                self._tell(connection, forsaken, ())
            in_use = {sha256 for _, sha256 in self._begun(connection)}
            for worker in workers.serving(connection):
                in_use.update(worker.versions.values())
        self._copies.sweep(in_use)

    def _begun(self, connection: Connection) -> set[tuple[str, str]]:
        return tasks.begun_with(connection, self._copies.all())

    def _to_finish(self, connection: Connection) -> Finishing:
        queues = task_types.queues(connection)
        heard = {name for name, queue in queues.items() if self._hears(queue)}
        begun = self._begun(connection)
        self._find_out(sha256 for name, sha256 in begun if name in heard)
        found: Finishing = {}
        for sha256 in sorted(self._told.tried.keys() & self._copies.all()):
            names = self._told.tried[sha256]
            for name in sorted(heard & (names | {name for name, of in begun if of == sha256})):
                found.setdefault(name, {})[sha256] = name in names
        return found

    def _forsaken(self, connection: Connection) -> list[TaskType]:
        """Types that this worker offers at another version than was told last, by who has left.

        What is listed is to be what runs.
        """
        offered = {
            (name, sha256)
            for worker in workers.serving(connection)
            for name, sha256 in worker.versions.items()
        }
        listed = {one.name: one.sha256 for one in task_types.every(connection)}
        return [
            one
            for one in self._told.task_types
            if one.file and (one.name, listed.get(one.name)) not in offered
        ]

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
