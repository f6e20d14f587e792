"""What portal, wire and line can be asked to do wrong, each for one batch of a round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.faults.driver_line import LineRule
from tests.faults.wire_proxy import Answer, Rule

STEPS = ("look", "approve", "stored", "read_back")
STRUCK = 1
"""The batch that is struck: with one before it and others after it in the same task."""
ABOUT_THE_CLICK = (
    *("response_lost", "success_without_effect", "lands_late", "shown_late", "moves_on"),
    "silent_lost_race",
)
LATE_MS = 2500
"""Less than the profile's settle time."""
PAGE_CLOCK_SECONDS = 7200
"""By how much the clock of a page is wrong."""


@dataclass(frozen=True)
class PortalFault:
    """A fault of the practice portal for one batch of the round (None: for all of the portal).

    `may_blind`: `unverified` is an honest word for what it does. `visible_after`: seconds until
    the portal shows an approval.
    """

    kind: str
    batch: int | None = STRUCK
    more: dict[str, Any] = field(default_factory=dict, hash=False)
    may_blind: bool = False
    visible_after: float = 0.0

    @property
    def about_the_click(self) -> bool:
        """True if it is about what becomes of the request to approve."""
        return self.kind in ABOUT_THE_CLICK or self.more.get("step") in ("stored", "read_back")

    @property
    def at_login(self) -> bool:
        """True if it needs somebody who logs in."""
        return self.more.get("step") == "login"

    @property
    def name(self) -> str:
        """The fault with what makes it special."""
        special = [str(value) for name, value in self.more.items() if name != "times"]
        return " ".join([self.kind, *special])

    def asked_for(self, keys: list[str]) -> dict[str, Any]:
        """What the portal is told, for a round with these batches."""
        about = {} if self.batch is None else {"batch_id": keys[self.batch]}
        return {"kind": self.kind, **about, **self.more}


def _once(kind: str, *, may_blind: bool = False, **more: Any) -> PortalFault:
    return PortalFault(kind, STRUCK, {**more, "times": 1}, may_blind)


def _all_faults() -> Iterator[PortalFault]:
    yield PortalFault("latency", None, {"ms": 300})
    yield _once("response_lost")
    yield _once("success_without_effect")
    for step in STEPS:
        yield _once("server_error", step=step, http=503)
        yield _once("hang", step=step, may_blind=True)
        for form in ("login", "forbidden", "public"):
            yield _once("session_dropped", step=step, form=form)
        yield _once("somebody_approves", step=step)
        yield _once("somebody_rejects", step=step, may_blind=True)
    yield _once("server_error", step="approve", http=500)
    yield PortalFault("server_error", None, {"step": "login", "http": 503, "times": 2})
    yield _once("lands_late", ms=LATE_MS)
    yield PortalFault("shown_late", more={"ms": LATE_MS, "times": 1}, visible_after=LATE_MS / 1000)
    for ms in (0, 1000):
        yield _once("moves_on", ms=ms, status="Forwarded", may_blind=True)
    yield _once("silent_lost_race")
    for on in ("load", "approve", "confirm"):
        yield _once("alert", on=on)
    for on in ("load", "confirm"):
        yield _once("lingering_message", on=on)
    for by in ("fresh", "other_batch", "reject"):
        yield _once("button_replaced", by=by)
        yield _once("button_replaced", by=by, ms=50)
    for sent_by in ("fetch", "form"):
        yield _once("late_effect", ms=LATE_MS, sent_by=sent_by)
    for kind in ("keydown_submits", "form_dialog", "in_iframe"):
        yield _once(kind)
    yield PortalFault("polling")
    for seconds in (-PAGE_CLOCK_SECONDS, PAGE_CLOCK_SECONDS):
        yield _once("page_clock", seconds=seconds)


PORTAL_FAULTS = tuple(_all_faults())


@dataclass(frozen=True)
class WireFault:
    """What the wire does to the request to approve one batch of the round, once."""

    answer: Answer = Answer.PORTALS
    delay: float = 0.0
    passes_on: bool = True
    batch: int = STRUCK

    @property
    def name(self) -> str:
        """What the browser gets, and when the portal does."""
        late = f", passed on after {self.delay:g} s" if self.delay else ""
        return f"wire: {self.answer.value}{late}" + ("" if self.passes_on else ", not passed on")

    def rule(self, keys: list[str]) -> Rule:
        """What the wire is told, for a round with these batches."""
        return Rule(self.answer, self.delay, self.passes_on, keys[self.batch], times=1)


WIRE_FAULTS = (
    WireFault(delay=LATE_MS / 1000),
    *(WireFault(answer) for answer in Answer if answer is not Answer.PORTALS),
    *(WireFault(answer, passes_on=False) for answer in Answer if answer is not Answer.PORTALS),
    *(WireFault(answer, LATE_MS / 1000) for answer in (Answer.CLOSED, Answer.NONE, Answer.GATEWAY)),
)
HALF_MS = 1200
"""Twice that is less than the profile's settle time."""
LATEST = (
    PortalFault("shown_late", more={"ms": HALF_MS, "times": 1}, visible_after=HALF_MS / 1000),
    WireFault(Answer.GATEWAY, HALF_MS / 1000),
)
"""Answered first, late at the portal, and late to be seen there: almost the settle time in all."""


@dataclass(frozen=True)
class LineFault:
    """What the line does to the command to click, on one batch of the round, once."""

    name: str
    delay: float = 0.0
    again: bool = False
    answers: bool = True
    cuts: bool = False
    batch: int = STRUCK

    def rule(self, keys: list[str]) -> LineRule:
        """What the line is told, for a round with these batches."""
        return LineRule(keys[self.batch], self.delay, self.again, self.answers, self.cuts)


CLOCK_BEHIND = PortalFault("page_clock", more={"seconds": -PAGE_CLOCK_SECONDS})
TOO_LATE = LineFault("click later than it may be", delay=7.0)
"""By more than the profile's click budget, in seconds."""
LINE_FAULTS = (
    LineFault("click repeated", again=True),
    LineFault("click late", delay=2.0),
    TOO_LATE,
    LineFault("click late and repeated", delay=2.0, again=True),
    LineFault("click unanswered", answers=False),
    LineFault("cut after the click", cuts=True),
)
