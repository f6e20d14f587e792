"""Due tasks -> doorbells; and the watch over claims, workers and doorbells.

One thread in every orchestrator, no leader: whatever it does is a compare-and-set in the record,
so that any number of dispatchers do no more than one. How long something has been silent is
measured on this process's own monotonic clock, from when this process first saw it so.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import timedelta
from typing import Generic, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from orchestrator_service.celery_client import TaskQueue
from orchestrator_service.queue_lines import QueueLine, lines_of
from shared.record import (
    Record,
    claims,
    delays,
    late_looks,
    slots,
    steering,
    task_types,
    tasks,
    workers,
)
from shared.record.delays import Delay
from shared.record.slots import DueTask
from shared.record.workers import HEARTBEAT_SECONDS, Worker
from shared.utils import new_id, utc_now

log = structlog.get_logger()

K = TypeVar("K", bound=Hashable)

LOOK_SECONDS = 0.5
BREATH_SECONDS = 0.05
"""Between looks at the least: many requests that wake the dispatcher share one look."""
LONGEST_WAY_SECONDS = 1.0
"""How long a look gives way to tasks that come in a rush: who asks waits, a doorbell need not."""
DOORBELLS_A_SLOT = 20
"""How long the line at the broker is at the most. It is filled up when half of it is gone: a look
at every due task for one more doorbell costs as much as for many."""
WATCH_SECONDS = 1.0
DUE_LIMIT = 200
LATE_LOOKS_AT_ONCE = 2
AT_WORK = timedelta(seconds=2)
IN_LINE = timedelta(seconds=10)
SILENT_WORKER_SECONDS = 4 * HEARTBEAT_SECONDS
UNANSWERED_WHILE_IDLE_SECONDS = 3.0
UNANSWERED_SECONDS = 60.0


class Watch(Generic[K]):
    """Tells how long things have looked the same, in seconds on this process's monotonic clock."""

    def __init__(self, longest_gap: float = math.inf) -> None:
        """Nothing has been seen yet.

        After more than `longest_gap` seconds without a look everything is seen anew: we were
        stopped, or the record was away, and then nobody else could show a sign of life either.
        """
        self._longest_gap = longest_gap
        self._looked_at = -math.inf
        self._since: dict[K, tuple[object, float]] = {}

    def silent_for(self, seen: Mapping[K, object]) -> dict[K, float]:
        """Seconds since each key was first seen with today's sign; keys not seen are forgotten."""
        now = time.monotonic()
        if now - self._looked_at > self._longest_gap:
            self._since = {}
        self._looked_at = now
        self._since = {
            key: known if (known := self._since.get(key)) and known[0] == sign else (sign, now)
            for key, sign in seen.items()
        }
        return {key: now - since for key, (_, since) in self._since.items()}


class Dispatcher:
    """Rings doorbells for due tasks, and takes from the dead what they held."""

    def __init__(
        self,
        record: Record,
        queue: TaskQueue,
        lease_seconds: float,
        decision_ttl: timedelta = timedelta(days=7),
        task_time_limit: float = math.inf,
        late_look: timedelta = timedelta(minutes=15),
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        """A claim that shows no sign of life for `lease_seconds` is released.

        A task that waits for a decision longer than `decision_ttl` is cancelled; one that was seen
        running for `task_time_limit` seconds fails. What ended in doubt is looked at again after
        `late_look`. While `is_busy`, what came in waits a moment for its doorbell.
        """
        self._is_busy = is_busy
        self._late_look = late_look
        self._task_time_limit = task_time_limit
        self._decision_ttl = decision_ttl
        self._record = record
        self._queue = queue
        self._lease = lease_seconds
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
        self._claims: Watch[claims.ClaimSign] = Watch(lease_seconds / 2)
        self._workers: Watch[str] = Watch(SILENT_WORKER_SECONDS / 2)
        self._delays: Watch[Delay] = Watch()
        self._running: Watch[str] = Watch()
        self._lines: dict[str, QueueLine] = {}
        self._serving: list[Worker] = []
        self._next_watch = 0.0

    def start(self) -> None:
        """Begin to look after due tasks."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the look in hand and stop."""
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout=10)

    def wake(self) -> None:
        """Look now: there is a new task, or an old one has room for another slot."""
        self._wake.set()

    def serving(self) -> list[Worker]:
        """The workers alive, as seen at the last look."""
        return self._serving

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._look()
            except SQLAlchemyError as error:
                log.warning("record not reachable, looking again", reason=str(error).split("\n")[0])
                time.sleep(LOOK_SECONDS)
            except Exception:
                log.exception("a look at due tasks failed, looking again")
                time.sleep(LOOK_SECONDS)
            time.sleep(BREATH_SECONDS)
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()
            self._give_way()

    def _give_way(self) -> None:
        ends = time.monotonic() + LONGEST_WAY_SECONDS
        while self._is_busy() and time.monotonic() < ends and not self._stopping:
            time.sleep(BREATH_SECONDS)

    def _look(self) -> None:
        if time.monotonic() >= self._next_watch:
            self._next_watch = time.monotonic() + WATCH_SECONDS
            self._watch_workers()
            self._watch_claims()
            self._watch_doorbells()
            self._watch_decisions()
            self._watch_limits()
            self._ring_for_late_looks()
        self._watch_delays()
        with self._record.read() as connection:
            queued = slots.queued_types(connection)
        for line in self._lines.values():
            self._fill(line, len(line.own(queued)))

    def _fill(self, line: QueueLine, queued: int) -> None:
        """Ring for what is due in one queue, if few doorbells stand in its line at the broker.

        Each queue has a line of its own, so that a long one holds up no other.
        """
        longest = DOORBELLS_A_SLOT * line.slots
        room = longest - queued
        if not 2 * room >= longest > 0:
            return
        with self._record.read() as connection:
            due = slots.due(connection, min(room, DUE_LIMIT), line.task_types)
        if due:
            self._ring(line, due, room)

    def _ring(self, line: QueueLine, due: Sequence[DueTask], room: int) -> None:
        """Ring what is missing, the longest waiting first, in one transaction for all.

        The line at the broker is kept short: what does not fit stays due.
        """
        bells: list[tuple[str, str]] = []
        with self._record.write() as connection:
            for task in due:
                missing = self._missing(task)
                if missing > 0 and len(bells) == room:
                    continue
                next_look = _until_the_next_look(task)
                if slots.take_turn_to_ring(connection, task, next_look) and missing > 0:
                    bells += self._note_bells(connection, task, min(missing, room - len(bells)))
        self._send(line, bells)

    def _send(self, line: QueueLine, bells: Sequence[tuple[str, str]]) -> None:
        failed = [b for b, task_id in bells if not self._queue.ring(b, task_id, line.name)]
        if failed:
            with self._record.write() as connection:
                slots.end_queued(connection, failed)

    def _missing(self, task: DueTask) -> int:
        able = [w for w in self._serving if w.can_run(task.task_type, task.version)]
        able = able or [w for w in self._serving if task.task_type in w.task_types]
        return task.missing(sum(worker.slots for worker in able))

    def _note_bells(
        self, connection: Connection, task: DueTask, missing: int
    ) -> list[tuple[str, str]]:
        doorbells = [new_id() for _ in range(missing)]
        if not slots.was_rung(connection, task.id):
            doorbells[0] = task.id
        slots.ring(connection, task.id, doorbells)
        return [(doorbell, task.id) for doorbell in doorbells]

    def _watch_workers(self) -> None:
        with self._record.read() as connection:
            known = {worker.id: worker for worker in workers.serving(connection)}
            queues = task_types.queues(connection)
        silence = self._workers.silent_for({w.id: w.heartbeat for w in known.values()})
        for worker_id, seconds in silence.items():
            if seconds >= SILENT_WORKER_SECONDS:
                log.warning("worker fell silent", worker_id=worker_id, seconds=round(seconds))
                known.pop(worker_id)
                self._bury(worker_id)
        self._serving = list(known.values())
        self._lines = lines_of(queues, self._serving, self._lines)

    def _bury(self, worker_id: str) -> None:
        with self._record.write() as connection:
            workers.bury(connection, worker_id)

    def _watch_delays(self) -> None:
        with self._record.read() as connection:
            running = delays.running(connection)
        waited = self._delays.silent_for(dict.fromkeys(running))
        over = [delay for delay, seconds in waited.items() if seconds >= delay.seconds]
        if over:
            with self._record.write() as connection:
                delays.end(connection, over)

    def _watch_claims(self) -> None:
        with self._record.read() as connection:
            held = claims.held(connection)
        silence = self._claims.silent_for(dict.fromkeys(held))
        for sign, seconds in silence.items():
            if seconds >= self._lease:
                with self._record.write() as connection:
                    task_id = slots.end_silent(connection, sign)
                log.warning("claim released", key=sign.key, fence=sign.fence, task_id=task_id)

    def _watch_decisions(self) -> None:
        since = utc_now() - self._decision_ttl
        with self._record.read() as connection:
            undecided = tasks.undecided_since(connection, since)
        for task_id in undecided:
            with self._record.write() as connection:
                steering.cancel_undecided(connection, task_id, since)
            log.warning("nobody decided in time", task_id=task_id)

    def _watch_limits(self) -> None:
        with self._record.read() as connection:
            running = tasks.running(connection)
        for task_id, seconds in self._running.silent_for(dict.fromkeys(running)).items():
            if seconds >= self._task_time_limit:
                with self._record.write() as connection:
                    if steering.stop_overdue(connection, task_id, self._task_time_limit):
                        log.warning("task took too long", task_id=task_id)

    def _ring_for_late_looks(self) -> None:
        with self._record.read() as connection:
            ended = late_looks.due(connection, utc_now() - self._late_look, LATE_LOOKS_AT_ONCE)
        served = {name for worker in self._serving for name in worker.task_types}
        for line in self._lines.values():
            own = line.own({task_id: name for task_id, name in ended if name in served})
            bells = [(new_id(), task_id) for task_id in own]
            if bells:
                with self._record.write() as connection:
                    for bell, task_id in bells:
                        slots.ring(connection, task_id, [bell])
                self._send(line, bells)

    def _watch_doorbells(self) -> None:
        with self._record.read() as connection:
            waiting = {slot.id: slot for slot in slots.queued(connection)}
            types = slots.queued_types(connection)
            at_work = Counter(slot.worker_id for slot in slots.live(connection))
        lost: list[str] = []
        for line in self._lines.values():
            idle = line.has_idle(at_work)
            patience = UNANSWERED_WHILE_IDLE_SECONDS if idle else UNANSWERED_SECONDS
            lost += line.watch.lost(line.own(types), time.monotonic(), patience)
        if not lost:
            return
        log.warning("doorbells not answered, ringing again", count=len(lost))
        with self._record.write() as connection:
            slots.end_queued(connection, lost)
            for slot_id in lost:
                tasks.ring_now(connection, waiting[slot_id].task_id)


def _until_the_next_look(task: DueTask) -> timedelta:
    if task.delay is not None:
        return timedelta(seconds=task.delay)
    return IN_LINE if task.queued and not task.live else AT_WORK
