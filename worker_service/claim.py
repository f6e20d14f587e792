"""The claim as the executor hands it to a task type, backed by the record."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from shared.contracts import (
    EventType,
    Evidence,
    EvidenceKind,
    Intent,
    IntentTerms,
    ItemOutcome,
    MissingPicture,
    Reading,
    Review,
    Verdict,
)
from shared.errors import ClaimLost, NothingClicked, TimeIsUp
from shared.record import Record, artifacts, claims, events, intents, outcomes, tasks
from shared.record.claims import HeldClaim
from shared.record.events import NewEvent
from shared.record.persistence import persist
from shared.record.progress import log_event, progress_event
from shared.record.steering import TIME_LIMIT, TOOK_TOO_LONG

logger = structlog.get_logger()

RENEWALS_PER_LEASE = 3
LOOK_SECONDS = 1.0
"""How often the time is looked at, and the task's word on it."""


class RecordClaim:
    """Implements `shared.contracts.Claim`; renewed by a thread while it is used as a context."""

    def __init__(
        self,
        record: Record,
        held: HeldClaim,
        intents: tuple[Intent, ...],
        lease_seconds: float,
        tell: Callable[[str], None],
        *,
        may_act: bool = True,
        cut: Callable[[], None] = lambda: None,
    ) -> None:
        """`intents` are those without verdict on the batch.

        `tell` is called with the task's id after each commit that others may want to see; `cut`
        ends at once whatever is being waited for, and is called, by another thread, when the time
        for the item or its task is over.
        """
        self.held = held
        self._record = record
        self._lease = lease_seconds
        self._tell = tell
        self._readings: list[Reading] = []
        self._evidence: list[Evidence] = []
        self._missing: list[MissingPicture] = []
        self._log: list[NewEvent] = []
        self._may_act = may_act
        self._cut = cut
        self._limit = math.inf
        self._over: str | None = None
        self._has_grace = False
        self._called_off = ""
        self._lost = False
        self._stop = threading.Event()
        self._done = threading.Event()
        self._renewed_at = time.monotonic()
        self._renewer = threading.Thread(target=self._keep, name="renewer", daemon=True)
        self._open_intents = intents

    def __enter__(self) -> RecordClaim:
        """Begin to renew."""
        self._renewer.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop renewing; the claim itself is given up by whoever records what became of it."""
        self._done.set()
        self._renewer.join()

    @property
    def task_id(self) -> str:
        """The task the item belongs to."""
        return self.held.item.task_id

    @property
    def key(self) -> str:
        """The item's key."""
        return self.held.item.key

    @property
    def attempt(self) -> int:
        """1 for the first try of this item, and so on."""
        return self.held.item.attempts

    @property
    def open_intents(self) -> tuple[Intent, ...]:
        """Intents on this batch that have no verdict yet; oldest first."""
        return self._open_intents

    @property
    def may_act(self) -> bool:
        """False: only find out what became of open intents."""
        return self._may_act

    @property
    def over(self) -> str | None:
        """Why the time is over; None while it is not."""
        if self._over is None and time.monotonic() >= self._limit:
            self._over = TOOK_TOO_LONG
        return self._over

    @property
    def deadline(self) -> float:
        """The moment of `time.monotonic()` at which the time for the item is over."""
        return self._limit

    def limit(self, moment: float) -> None:
        """Let the item take until this moment of `time.monotonic()`."""
        self._limit = moment

    @property
    def review(self) -> Review | None:
        """What a person was shown before choosing this item."""
        shown = self.held.item.review
        return Review(**shown) if shown else None

    def resolve_only(self, moment: float) -> None:
        """Allow no click any more, but time to read what became of one, until this moment."""
        self._may_act = False
        self._limit = moment
        self._over = None
        self._has_grace = True
        if not self._lost:
            self._stop.clear()

    def check(self) -> None:
        """Raise ClaimLost if the claim is not ours any more, or nobody could renew it for a lease.

        Raises TimeIsUp if the time for the item or its task is over.
        """
        if self._lost or time.monotonic() - self._renewed_at >= self._lease:
            raise ClaimLost(f"The claim on {self.key} is no longer ours.")
        if self.over:
            raise TimeIsUp(self.over)

    def still_wanted(self) -> None:
        """Raise what `check` raises, and NothingClicked if the task is not to go on.

        An open intent has to be read all the same.
        """
        self.check()
        if self._called_off and not self._open_intents:
            raise NothingClicked(f"{self.key} was not clicked. {self._called_off}")

    def wait_until(self, moment: float) -> None:
        """Wait for a moment of `time.monotonic()` while the claim is renewed.

        Raises ClaimLost as soon as it is lost, TimeIsUp as soon as the time is over.
        """
        end = min(moment, self._limit)
        while (left := end - time.monotonic()) > 0 and not self._stop.wait(left):
            pass
        self.check()
        if time.monotonic() < moment:
            # Cut short by a word that came late: more time was given meanwhile.
            raise TimeIsUp(TOOK_TOO_LONG)

    def state_intent(self, terms: IntentTerms) -> Intent:
        """Write the intent, and all that was noted before it, durably.

        Raises ClaimLost, and NothingClicked if nothing may be clicked any more.
        """
        if not self._may_act:
            raise NothingClicked(f"{self.key} may not be clicked any more.")
        marker = intents.new_marker()

        def write(connection: Connection) -> Intent:
            known = intents.stated(connection, self.held, marker)
            if known is not None:
                return known
            intent = intents.state(connection, self.held, terms, marker)
            events.append(connection, self.task_id, self.flush(connection))
            return intent

        self.check()
        intent = persist(self._record, write)
        self._forget_notes()
        self._open_intents = (*self._open_intents, intent)
        self._tell(self.task_id)
        return intent

    def close_intents(self, verdict: Verdict) -> None:
        """Give every open intent of this batch this verdict, durably. Raises ClaimLost."""
        persist(self._record, lambda connection: intents.close(connection, self.held, verdict))
        self._open_intents = ()

    def note_reading(self, reading: Reading) -> None:
        """Keep what the portal showed, to be written with the next durable step."""
        self._readings.append(reading)

    def note_evidence(self, evidence: Evidence) -> None:
        """Keep a file that is already durable on disk, to be written with the next durable step."""
        self._evidence.append(evidence)

    def note_missing(self, picture: MissingPicture) -> None:
        """Keep why a picture could not be taken, to be written with the next durable step."""
        self.log(f"{self.key}: no picture {picture.kind.value}: {picture.reason}", "warning")
        self._missing.append(picture)

    def log(self, message: str, level: str = "info") -> None:
        """Add a line to the task's own log."""
        logger.log(_LEVELS.get(level, 20), message, key=self.key)
        self._log.append(log_event(message, level))

    def log_now(self, message: str) -> None:
        """Add a line to the task's own log, for whoever follows it to see at once.

        Raises ClaimLost and TimeIsUp as `check` does. If the record goes away just then, the line
        may be there twice.
        """
        self.check()
        logger.info(message, key=self.key)
        line = log_event(message)
        persist(self._record, lambda connection: events.append(connection, self.task_id, [line]))
        self._tell(self.task_id)

    def progress_now(self, share: float, message: str) -> None:
        """Say how much of this item is done, from 0 to 1, for whoever follows the task to see.

        Raises ClaimLost and TimeIsUp as `check` does.
        """
        self.check()

        def write(connection: Connection) -> None:
            claims.require(connection, self.held)
            task = tasks.lock(connection, self.task_id)
            assert task is not None, "a claimed item has a task"
            task = tasks.note_progress(connection, task, share)
            events.append(connection, task.id, [progress_event(task, message)])

        persist(self._record, write)
        self._tell(self.task_id)

    def flush(self, connection: Connection, outcome: ItemOutcome | None = None) -> list[NewEvent]:
        """Write what was noted inside this transaction; the events that tell of it."""
        rests_on = None if outcome is None else outcome.reading
        noted = [reading for reading in self._readings if reading is not rests_on]
        outcomes.insert_reads(connection, self.held, noted)
        artifacts.insert(connection, self.task_id, self.held.item.id, self._evidence)
        artifacts.insert_missing(connection, self.held.item.id, self._missing)
        pictures = [piece for piece in self._evidence if piece.kind is not EvidenceKind.FILE]
        return [*self._log, *(_screenshot(self.key, piece) for piece in pictures)]

    def _forget_notes(self) -> None:
        self._readings, self._evidence, self._missing, self._log = [], [], [], []

    def _keep(self) -> None:
        renew_at = time.monotonic() + self._lease / RENEWALS_PER_LEASE
        look = min(LOOK_SECONDS, self._lease / RENEWALS_PER_LEASE)
        while not self._done.wait(look):
            try:
                self._look_at_time()
                if time.monotonic() >= renew_at and not self._renew():
                    return
            except SQLAlchemyError as error:
                logger.warning("claim not renewed", reason=str(error).split("\n")[0])
                continue
            if time.monotonic() >= renew_at:
                renew_at = time.monotonic() + self._lease / RENEWALS_PER_LEASE

    def _renew(self) -> bool:
        with self._record.write() as connection:
            ours = claims.renew(connection, self.held)
        if ours:
            self._renewed_at = time.monotonic()
            return True
        self._lost = True
        self._stop.set()
        return False

    def _look_at_time(self) -> None:
        """Cut the work short if its time is over: the item's by our clock, the task's by its word.

        Reading what became of a click is not cut short by the task: that has a time of its own.
        """
        if self._stop.is_set():
            return
        if not self._has_grace:
            with self._record.read() as connection:
                task = tasks.get(connection, self.task_id)
            if task is not None and task.error is not None:
                self._called_off = task.error
                if task.error_code == TIME_LIMIT:
                    self._over = task.error
        if self.over:
            self._stop.set()
            self._cut()


_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def _screenshot(key: str, piece: Evidence) -> NewEvent:
    data: dict[str, Any] = {"path": piece.path, "kind": piece.kind.value, "batch_id": key}
    return NewEvent(EventType.SCREENSHOT, data)
