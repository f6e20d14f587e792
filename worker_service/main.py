"""Boots the worker: `python -m worker_service.main`, or `python main.py` in this folder."""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import secrets
import signal
import socket
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import structlog
from billiard.process import current_process
from celery import Celery, Task, signals
from celery.exceptions import SecurityWarning
from sqlalchemy.exc import SQLAlchemyError

from automation_service.profile import ProfileShelf
from shared.celery_client import create_celery
from shared.config import Settings, load_settings
from shared.contracts import DOORBELL
from shared.errors import ConfigurationError
from shared.logging_config import configure_logging
from shared.niceness import step_back
from shared.record import Record, migrate, task_types, why_no_record
from shared.record.task_types import TaskType
from worker_service.announcing import Announcer, Offer
from worker_service.departure import Departure
from worker_service.lifecycle import Presence, fork_lock, take_fork_lock
from worker_service.registry import TaskDefinition
from worker_service.served_queues import ServedQueues, served_of
from worker_service.shared_flag import SharedFlag
from worker_service.slot_process import SlotProcess
from worker_service.task_files.copies import Copies
from worker_service.task_files.installed import installed
from worker_service.task_files.shelf import TaskShelf
from worker_service.tasks import task_map
from worker_service.time_board import TimeBoard

log = structlog.get_logger()

_PR_SET_PDEATHSIG = 1


class Worker:
    """The Celery worker: this process, its pool children, and what ties them to the record."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened before `run`."""
        self._settings = settings
        self._id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
        self._record = Record(settings.database)
        self._draining = SharedFlag()
        self._ready_file = settings.data_dir / f"worker-{os.getpid()}.json"
        self._shelf = ProfileShelf(settings.profiles_dir)
        self._queues = ServedQueues(settings.worker_queues)
        self._board = TimeBoard(settings.slots)
        self._installed = installed(settings, task_map)
        self._fixed: dict[str, TaskDefinition[Any]] = {**task_map, **self._installed.definitions}
        self._copies = Copies(settings.data_dir / "task_code")
        self._task_shelf = TaskShelf(settings, self._copies, self._fixed, self._known)
        self._presence = Presence(
            self._record,
            self._id,
            Announcer(
                self._record,
                self._id,
                self._offer,
                self._copies,
                self._queues.hears,
                self._task_shelf.find_out,
            ),
            settings.download_path,
            self._board,
            settings.slots,
        )
        self._departure = Departure(self._crash)
        self._child: SlotProcess | None = None

    def _offer(self) -> Offer:
        portals, files = self._shelf.names(), self._task_shelf.now
        types = [
            *(one.announced(self._settings, portals) for one in self._fixed.values()),
            *(one.announced(portals) for one in files.declared),
        ]
        by_name = {one.name: one for one in types}
        self._queues.hear(by_name)
        return Offer(
            list(served_of(by_name, self._settings.worker_queues).values()),
            [*self._installed.refused, *files.refused],
            files.withdrawn,
            files.tried,
        )

    def _known(self) -> list[TaskType]:
        with fork_lock, self._record.read() as connection:
            return task_types.every(connection)

    def open_record(self) -> None:
        """See to it that the record can be used.

        Raises SQLAlchemyError or OSError if it does not answer, ConfigurationError if it is of a
        newer version.
        """
        migrate(self._record)
        self._record.close()

    def run(self) -> None:
        """Serve until told to leave."""
        take_fork_lock()
        app = create_celery(self._settings)
        self._offer_doorbell(app)
        self._connect_signals()
        app.Worker(
            pool_cls="prefork",
            concurrency=self._settings.slots,
            queues=self._queues.celery_queues,
            hostname=f"worker-{os.getpid()}@{socket.gethostname()}",
            loglevel=self._settings.log_level,
            without_gossip=True,
            without_mingle=True,
            quiet=True,
        ).start()

    def _offer_doorbell(self, app: Celery) -> None:
        @app.task(name=DOORBELL, bind=True)
        def doorbell(task: Task[Any, Any], task_id: str) -> dict[str, Any]:
            assert self._child is not None, "doorbells are answered in pool children only"
            return self._child.serve(str(task.request.id), task_id)

    def _connect_signals(self) -> None:
        signals.setup_logging.connect(_keep_our_logging, weak=False)
        signals.worker_process_init.connect(self._begin_child, weak=False)
        signals.worker_process_shutdown.connect(self._end_child, weak=False)
        signals.worker_ready.connect(self._begin, weak=False)
        signals.worker_shutting_down.connect(self._drain, weak=False)
        signals.worker_shutdown.connect(self._end, weak=False)

    def _begin(self, sender: Any, **_: Any) -> None:
        self._queues.listen(sender)
        self._departure.listen()
        self._presence.begin()
        self._task_shelf.start()
        ready = json.dumps({"pid": os.getpid(), "worker_id": self._id})
        part = self._ready_file.with_suffix(".part")
        part.write_text(ready, encoding="utf-8")
        part.replace(self._ready_file)
        log.info("worker ready", worker_id=self._id, slots=self._settings.slots)

    def _drain(self, **_: Any) -> None:
        self._draining.set()
        deadline = threading.Timer(self._settings.drain_seconds, self._presence.end_children)
        deadline.daemon = True
        deadline.start()

    def _end(self, **_: Any) -> None:
        self._task_shelf.stop()
        self._presence.end()
        self._record.close()
        self._ready_file.unlink(missing_ok=True)
        log.info("worker left", worker_id=self._id)

    def _crash(self) -> None:
        self._presence.crash()
        self._ready_file.unlink(missing_ok=True)

    def _begin_child(self, **_: Any) -> None:
        _die_with_parent()
        configure_logging(self._settings, "worker")
        self._record.after_fork()
        place = self._board.place(current_process().index)  # type: ignore[attr-defined]
        self._child = SlotProcess(
            self._settings,
            self._id,
            self._draining,
            place,
            served_of(self._fixed, self._settings.worker_queues),
            self._copies,
        )

    def _end_child(self, **_: Any) -> None:
        if self._child is not None:
            self._child.close()


def _keep_our_logging(**_: Any) -> None:
    """Being connected is enough: Celery then leaves logging alone."""


def _die_with_parent() -> None:
    """A pool child without its parent serves nobody; Linux can end it with the parent."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> int:
    """Run a worker; returns the exit status."""
    try:
        settings = load_settings(**_typed())
    except ConfigurationError as error:
        print(f"worker: {error.message}", file=sys.stderr)
        return 2
    try:
        worker = _prepare(settings)
    except (ConfigurationError, OSError) as error:
        print(f"worker: cannot start: {error}", file=sys.stderr)
        return 1
    try:
        worker.run()
    except SQLAlchemyError as error:
        print(f"worker: {why_no_record(error)}", file=sys.stderr)
        return 1
    return 0


def _typed() -> dict[str, str]:
    """The settings that were typed."""
    parser = argparse.ArgumentParser(prog="worker", description="Serves tasks until told to leave.")
    parser.add_argument(
        "--queues",
        metavar="NAME,NAME",
        help="serve only task types of these queues; before WORKER_QUEUES (default: all)",
    )
    queues = parser.parse_args().queues
    return {} if queues is None else {"worker_queues": queues}


def _prepare(settings: Settings) -> Worker:
    configure_logging(settings, "worker")
    warnings.filterwarnings("ignore", category=SecurityWarning)
    step_back(settings.worker_niceness)
    if os.geteuid() == 0:
        log.warning("running as root: Chromium has no sandbox; a user of its own is safer")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        worker = Worker(settings)
        worker.open_record()
    except (OSError, SQLAlchemyError) as error:
        raise ConfigurationError(why_no_record(error)) from None
    return worker


if __name__ == "__main__":
    sys.exit(main())
