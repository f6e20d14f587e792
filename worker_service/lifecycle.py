"""A worker's presence in the record: announced, beating, and cleaning up after the dead.

Runs in the worker's parent process, which forks pool children at any time. A thread that is
inside the record while another one forks would leave the child with a lock nobody frees, so both
take `fork_lock`.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import structlog
from sqlalchemy.exc import SQLAlchemyError

from automation_service.browser import BrowserProcess, reap
from shared.code_version import code_version
from shared.record import Record, slots, tasks, workers
from shared.record.workers import HEARTBEAT_SECONDS
from worker_service.announcing import Announcer
from worker_service.download_sweep import sweep_downloads
from worker_service.overdue_children import OverdueChildren
from worker_service.time_board import TimeBoard

log = structlog.get_logger()

CHILD_LOOK_SECONDS = 0.25
CHILD_END_SECONDS = 2.0
SWEEP_SECONDS = 10.0
OFFER_LOOK_SECONDS = 0.5

fork_lock = threading.RLock()


def take_fork_lock() -> None:
    """Let no fork happen while a thread of this process uses the record."""
    os.register_at_fork(
        before=fork_lock.acquire,
        after_in_parent=fork_lock.release,
        after_in_child=fork_lock.release,
    )


class Presence:
    """Announces the worker, keeps its heart beating, and buries its dead children."""

    def __init__(
        self,
        record: Record,
        worker_id: str,
        announcer: Announcer,
        downloads: Path,
        board: TimeBoard,
        slot_count: int,
    ) -> None:
        """Nothing is written before `begin`.

        `announcer` tells what the worker offers; `downloads` is where slots have folders for files;
        on `board` pool children say how long they may be busy.
        """
        self._downloads = downloads
        self._overdue = OverdueChildren(board)
        self._record = record
        self._worker_id = worker_id
        self._host = socket.gethostname()
        self._slots = slot_count
        self._announcer = announcer
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)
        self._children: set[int] = set()
        """Children that were seen alive."""

    def begin(self) -> None:
        """Clean up after workers that died on this host, announce this one, start to beat."""
        with fork_lock:
            self._sweep()
            with self._record.write() as connection:
                workers.announce(
                    connection,
                    self._worker_id,
                    self._host,
                    os.getpid(),
                    self._slots,
                    self._announcer.names,
                    code_version(),
                )
                self._announcer.begin(connection)
        self._thread.start()

    def end(self) -> None:
        """Say goodbye: what children still held is free, and their browsers are gone."""
        self._stop.set()
        self._thread.join(timeout=10)
        with fork_lock, self._record.write() as connection:
            workers.bury(connection, self._worker_id)
        self._reap_browsers()

    def crash(self) -> None:
        """End the children and their browsers at once; what they held is free."""
        self._stop.set()
        children = psutil.Process().children()
        self.end_children()
        psutil.wait_procs(children, timeout=CHILD_END_SECONDS)
        self._reap_browsers()
        with self._record.write() as connection:
            workers.bury(connection, self._worker_id)

    def end_children(self) -> None:
        """End pool children that did not finish in time; what they held is free at once."""
        for child in psutil.Process().children():
            log.warning("pool child took too long to leave", pid=child.pid)
            child.kill()

    def _run(self) -> None:
        next_beat = next_sweep = next_offer = time.monotonic()
        while not self._stop.wait(CHILD_LOOK_SECONDS):
            try:
                with fork_lock:
                    self._look_after_children()
                    if time.monotonic() >= next_beat:
                        next_beat = time.monotonic() + HEARTBEAT_SECONDS
                        with self._record.write() as connection:
                            workers.beat(connection, self._worker_id)
                if time.monotonic() >= next_offer:
                    next_offer = time.monotonic() + OFFER_LOOK_SECONDS
                    with fork_lock:
                        self._announcer.look()
                if time.monotonic() >= next_sweep:
                    next_sweep = time.monotonic() + SWEEP_SECONDS
                    self._sweep()
                    self._children |= {child.pid for child in psutil.Process().children()}
            except SQLAlchemyError as error:
                log.warning("record not reachable", reason=str(error).split("\n")[0])

    def _look_after_children(self) -> None:
        """End those whose time is over, and free what dead ones held.

        Those too that died before they were ever seen alive.
        """
        self._overdue.end()
        with self._record.read() as connection:
            at_work = slots.live(connection, self._worker_id)
        # Looked at afterwards: a child that began a slot meanwhile is among the living.
        known = self._children | {slot.pid for slot in at_work if slot.pid}
        alive = {pid for pid in known if _is_living_child(pid)}
        gone, self._children = self._children - alive, alive
        dead = [slot for slot in at_work if slot.pid not in alive]
        if dead:
            with self._record.write() as connection:
                tasks.lock_all(connection, [slot.task_id for slot in dead])
                for slot in dead:
                    log.warning("pool child died at work", task_id=slot.task_id, pid=slot.pid)
                    self._overdue.note(connection, slot)
                    slots.end(connection, slot.id)
                    tasks.ring_now(connection, slot.task_id)
        self._overdue.forget_all_but(alive)
        if dead or gone:
            self._reap_browsers()

    def _sweep(self) -> None:
        with fork_lock, self._record.write() as connection:
            for worker in workers.serving(connection):
                if worker.host == self._host and not _is_alive(worker.pid, None):
                    log.warning("worker found dead", worker_id=worker.id)
                    workers.bury(connection, worker.id)
        self._reap_browsers()
        with fork_lock:
            sweep_downloads(self._record, self._downloads)
            self._announcer.sweep()

    def _reap_browsers(self) -> None:
        with fork_lock, self._record.read() as connection:
            known = workers.browsers_on(connection, self._host)
        for row in known:
            if _is_alive(row.pid, row.started):
                continue
            ended = reap(BrowserProcess(row.process_group, row.started, row.user_data_dir))
            with fork_lock, self._record.write() as connection:
                workers.remove_browser(connection, row.user_data_dir)
            if ended:
                log.warning("browser of a dead worker ended", processes=ended)


def _is_living_child(pid: int) -> bool:
    """True for a child of this process; asks about this one alone, all processes cost too much."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return process.ppid() == os.getpid() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _is_alive(pid: int, before: float | None) -> bool:
    """True if process `pid` runs, and was there before the moment (seconds since the epoch)."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return before is None or process.create_time() <= before
    except psutil.NoSuchProcess:
        return False
