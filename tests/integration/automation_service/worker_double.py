"""The worker's side of the contract, in memory: a claim and a login gate."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from secrets import token_hex

from shared.contracts import (
    Evidence,
    EvidenceKind,
    Intent,
    IntentTerms,
    MissingPicture,
    Reading,
    Review,
    Verdict,
)
from shared.errors import ClaimLost, LoginRefused
from shared.utils import utc_now


class Intents:
    """The intents on one batch, which outlive every claim on it."""

    def __init__(self) -> None:
        """There are none yet."""
        self.stated: list[Intent] = []
        self.verdicts: dict[int, Verdict] = {}

    @property
    def open(self) -> tuple[Intent, ...]:
        """Those without a verdict, oldest first."""
        return tuple(intent for intent in self.stated if intent.id not in self.verdicts)

    def close(self, verdict: Verdict) -> None:
        """Give every open one this verdict."""
        for intent in self.open:
            self.verdicts[intent.id] = verdict


class InMemoryClaim:
    """Implements `shared.contracts.Claim`, and keeps what was noted in `journal`, in order."""

    def __init__(self, key: str, intents: Intents | None = None, attempt: int = 1) -> None:
        """`intents` are those of earlier claims on the same batch."""
        self.task_id = "00000000-0000-4000-8000-000000000000"
        self.key = key
        self.attempt = attempt
        self.may_act = True
        self.review: Review | None = None
        self.lost = False
        self.intents = intents or Intents()
        self.intents.stated = [
            replace(intent, seen_at=time.monotonic()) for intent in self.intents.stated
        ]
        self.journal: list[str] = []
        self.readings: list[Reading] = []
        self.evidence: list[Evidence] = []
        self.missing: list[MissingPicture] = []
        self.waited: list[float] = []
        self.waited_since_taken: list[float] = []
        self._taken_at = time.monotonic()
        self.on_intent: Callable[[], None] = lambda: None
        self.on_reading: Callable[[Reading], None] = lambda reading: None

    @property
    def open_intents(self) -> tuple[Intent, ...]:
        """Intents on this batch that have no verdict yet."""
        return self.intents.open

    def check(self) -> None:
        """Raise ClaimLost once `lost` was set."""
        if self.lost:
            raise ClaimLost

    def still_wanted(self) -> None:
        """Nobody calls it off."""
        self.check()

    @property
    def deadline(self) -> float:
        """Its time is never over."""
        return math.inf

    def wait_until(self, moment: float) -> None:
        """Let the time really pass."""
        self.check()
        seconds = max(0.0, moment - time.monotonic())
        self.waited.append(seconds)
        self.waited_since_taken.append(moment - self._taken_at)
        time.sleep(seconds)

    def state_intent(self, terms: IntentTerms) -> Intent:
        """Keep the intent."""
        self.check()
        intent = Intent(
            id=len(self.intents.stated) + 1,
            marker=f"AAB-{token_hex(4)}",
            fence=self.attempt,
            attempt=self.attempt,
            click_budget=terms.click_budget,
            settle=terms.settle,
            stated_at=utc_now(),
            browser=terms.browser,
        )
        self.intents.stated.append(intent)
        self.journal.append("intent")
        self.on_intent()
        return intent

    def close_intents(self, verdict: Verdict) -> None:
        """Give every open intent this verdict."""
        self.check()
        self.intents.close(verdict)

    def note_reading(self, reading: Reading) -> None:
        """Keep what the portal showed."""
        self.readings.append(reading)
        self.journal.append(f"read {reading.words}".strip())
        self.on_reading(reading)

    def note_evidence(self, evidence: Evidence) -> None:
        """Keep a file."""
        self.evidence.append(evidence)
        self.journal.append(f"picture {evidence.kind.value}")

    def note_missing(self, picture: MissingPicture) -> None:
        """Keep why a picture is missing."""
        self.missing.append(picture)

    def log(self, message: str, level: str = "info") -> None:
        """Nobody reads this task's log."""

    def log_now(self, message: str) -> None:
        """Nobody follows this task."""

    def progress_now(self, share: float, message: str) -> None:
        """Nobody follows this task."""

    def kinds(self) -> list[EvidenceKind]:
        """The kinds of evidence, in order."""
        return [evidence.kind for evidence in self.evidence]


class InMemoryGate:
    """Implements `shared.contracts.LoginGate` for workers of one process."""

    def __init__(self) -> None:
        """Nobody was refused yet."""
        self.turns = 0
        self.refusal: LoginRefused | None = None

    @contextmanager
    def _hold(self) -> Iterator[None]:
        self.turns += 1
        yield

    def turn(self) -> AbstractContextManager[None]:
        """Our turn, unless somebody was refused."""
        if self.refusal is not None:
            raise self.refusal
        return self._hold()

    def refused(self, error: LoginRefused) -> None:
        """Keep the refusal."""
        self.refusal = error
