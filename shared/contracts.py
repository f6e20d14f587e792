"""What two services agree on without importing each other.

Names of queues, messages, channels and event types; the values that travel between the worker
and the automation library; and what a claim offers to whoever works on an item.
"""

from __future__ import annotations

import math
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from shared.errors import LoginRefused
from shared.task_state import ItemStatus
from shared.utils import rfc3339

DOORBELL = "agent.doorbell"
"""Name of the one Celery task: "there is work on task T"."""

TASK_QUEUE = "agent.tasks"
"""The Celery queue that doorbells travel on unless their task type names another."""

DEFAULT_QUEUE = "default"
"""What the queue of task types that name none is called."""

QUEUE_NAME = r"[a-z0-9][a-z0-9_-]{0,39}"

NEWS_CHANNEL = "agent.news"
"""The Redis channel of wake-ups; a message is the id of a task that has news."""


def doorbell_queue(queue: str) -> str:
    """The Celery queue of task types that name this queue."""
    return TASK_QUEUE if queue == DEFAULT_QUEUE else f"{TASK_QUEUE}.{queue}"


class EventType(str, Enum):
    """The kinds of lines in a task's history, as clients know them."""

    STATUS = "status"
    PROGRESS = "progress"
    LOG = "log"
    ITEM = "item"
    SCREENSHOT = "screenshot"
    COMPLETED = "completed"
    FAILED = "failed"


class EvidenceKind(str, Enum):
    """What a piece of evidence shows."""

    BEFORE = "before"
    AFTER = "after"
    ERROR = "error"
    FILE = "file"


class Condition(str, Enum):
    """What a batch's status means for the action in question, be it approving or rejecting."""

    MAY_BE_DONE = "may_be_done"
    DONE = "done"
    MAY_NOT_BE_DONE = "may_not_be_done"
    MISSING = "missing"


class Attribution(str, Enum):
    """Whose work an approval is, as far as the portal tells."""

    OURS = "ours"
    SOMEBODY_ELSE = "somebody_else"
    UNKNOWN = "unknown"


class Verdict(str, Enum):
    """How an intent ended; once given it is never changed."""

    TAKEN = "taken"
    NOT_TAKEN = "not_taken"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Evidence:
    """One file that proves something.

    `path` is relative to the results folder, with forward slashes; `size` is in bytes.
    """

    kind: EvidenceKind
    path: str
    sha256: str
    size: int
    content_type: str
    taken_at: datetime


@dataclass(frozen=True)
class MissingPicture:
    """Why there is no picture where one belongs; what it would have shown is known all the same."""

    kind: EvidenceKind
    reason: str
    noted_at: datetime


@dataclass(frozen=True)
class HistoryLine:
    """One line of a batch's history in the portal's own words."""

    who: str
    when: str
    what: str
    remark: str


@dataclass(frozen=True)
class Reading:
    """One look at a batch: what the portal showed, and when the look began and ended.

    `history` is None where the portal has none that can be read. `words` is the status in the
    portal's own words.
    """

    began_at: datetime
    ended_at: datetime
    logged_in: bool
    printed_key: str | None
    words: str
    condition: Condition
    columns: dict[str, str] = field(default_factory=dict)
    history: tuple[HistoryLine, ...] | None = None


@dataclass(frozen=True)
class IntentTerms:
    """What must be known before a click may be announced.

    `click_budget` and `settle` are seconds (C and S of docs/architecture.md); `permit_ends` is on
    the page's own `performance.now()` clock, in milliseconds.
    """

    click_budget: float
    settle: float
    session: str
    browser: str
    permit_ends: float


@dataclass(frozen=True)
class Intent:
    """The durable note "about to click", under the fence that was valid when it was stated.

    `marker` is unique and goes into the portal's remark where the portal has one. `browser` names
    the browser's processes; `seen_at` is when this process first saw it, on `time.monotonic()`.
    """

    id: int
    marker: str
    fence: int
    attempt: int
    click_budget: float
    settle: float
    stated_at: datetime
    browser: str
    seen_at: float = field(default_factory=time.monotonic, compare=False)


@dataclass(frozen=True)
class ItemOutcome:
    """How an item ended, and what that rests on."""

    status: ItemStatus
    detail: str
    reading: Reading | None = None
    attribution: Attribution | None = None
    verdict: Verdict | None = None
    """Given to every intent of the batch that has none yet, but for those `taken`."""
    taken: tuple[str, ...] = ()
    """The markers of the intents that the portal shows to have taken effect."""
    clicks: int = 0
    details: dict[str, Any] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True)
class LateFinding:
    """What a later look at an ended item showed, in one sentence."""

    told: str
    reading: Reading


@dataclass(frozen=True)
class Review:
    """What a person was shown before deciding: the portal's words and columns, and when."""

    words: str
    columns: dict[str, str]
    read_at: str

    @classmethod
    def of(cls, reading: Reading) -> Review:
        """What a reading shows."""
        return cls(reading.words, dict(reading.columns), rfc3339(reading.began_at))

    def still_holds(self, reading: Reading) -> bool:
        """True if the portal shows now what it showed then."""
        return (self.words, self.columns) == (reading.words, reading.columns)


class Claim(Protocol):
    """The right to work on one item, as the executor hands it to a task type.

    Whatever is noted is kept in memory and written with the next durable step (the intent or the
    outcome), so that no note opens a transaction of its own.
    """

    @property
    def task_id(self) -> str:
        """The task the item belongs to."""
        ...

    @property
    def key(self) -> str:
        """The item's key: the batch's id as the caller named it, stripped."""
        ...

    @property
    def attempt(self) -> int:
        """1 for the first try of this item, and so on."""
        ...

    @property
    def open_intents(self) -> tuple[Intent, ...]:
        """Intents on this batch, by whomever, that have no verdict yet; oldest first."""
        ...

    @property
    def may_act(self) -> bool:
        """False: only find out what became of open intents, then raise NothingClicked if nothing.

        So it is for an item of a cancelled or failed task, or one whose attempts are spent.
        """
        ...

    @property
    def deadline(self) -> float:
        """The moment of `time.monotonic()` at which the time for the item is over."""
        ...

    @property
    def review(self) -> Review | None:
        """What a person was shown before choosing this item; None if nobody was asked."""
        ...

    def check(self) -> None:
        """Raise ClaimLost if the claim is not ours as far as we know, TimeIsUp if time is over."""
        ...

    def still_wanted(self) -> None:
        """Raise what `check` raises, and NothingClicked if the task is not to go on.

        For whoever waits with nothing clicked; not raised while there are open intents.
        """
        ...

    def wait_until(self, moment: float) -> None:
        """Wait for a moment of `time.monotonic()` while the claim is renewed.

        Raises ClaimLost as soon as the claim is lost, TimeIsUp once the time for the item is over.
        """
        ...

    def state_intent(self, terms: IntentTerms) -> Intent:
        """Write the intent durably under our fence; only then may anything be clicked.

        Raises ClaimLost if the fence has moved on, and NothingClicked if the task is not to go on.
        """
        ...

    def close_intents(self, verdict: Verdict) -> None:
        """Give every open intent of this batch this verdict, durably.

        Raises ClaimLost if the fence has moved on.
        """
        ...

    def note_reading(self, reading: Reading) -> None:
        """Keep what the portal showed."""
        ...

    def note_evidence(self, evidence: Evidence) -> None:
        """Keep a file that is already durable on disk."""
        ...

    def note_missing(self, picture: MissingPicture) -> None:
        """Keep why a picture could not be taken."""
        ...

    def log(self, message: str, level: str = "info") -> None:
        """Add a line to the task's own log."""
        ...

    def log_now(self, message: str) -> None:
        """Add a line to the task's own log, for whoever follows it to see at once.

        Raises ClaimLost and TimeIsUp as `check` does.
        """
        ...

    def progress_now(self, share: float, message: str) -> None:
        """Say how much of this item is done, from 0 to 1, for whoever follows the task to see.

        Raises ClaimLost and TimeIsUp as `check` does.
        """
        ...


class LoginGate(Protocol):
    """Lets one worker at a time log in to one account, and nobody after a refusal."""

    def turn(self) -> AbstractContextManager[None]:
        """Wait for our turn and hold it while we log in.

        Raises LoginRefused at once if the portal refused these credentials before, and
        PortalTimeout if the turn does not come in time.
        """
        ...

    def refused(self, error: LoginRefused) -> None:
        """Record that the portal refused these credentials, for every worker."""
        ...


class Pacer(Protocol):
    """Spaces what all workers together ask a portal for, as its profile says."""

    def turn(self, until: float = math.inf) -> bool:
        """Wait until one more page may be asked for; False if that is not before `until`.

        `until` is on `time.monotonic()`. Raises PortalClosed if others are asking all the time and
        nothing was asked for yet, and whatever says that nobody wants it any more.
        """
        ...
