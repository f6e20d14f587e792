"""A batch's own page, loaded and read: what it says, and how something is done with it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

from automation_service.aim import Aim
from automation_service.browser import LEAVING_SECONDS, Browser
from automation_service.elements import Elements
from automation_service.files_of_steps import Files, Keep, let_go
from automation_service.page_state import raise_if_troubled
from automation_service.profile import Action, Batch, Profile
from automation_service.route import Leg, Route, route_of
from automation_service.walk import NOT_READY, Walk, Watch
from automation_service.ways import Ways
from shared.contracts import Reading
from shared.errors import PortalTimeout, ProfileMismatch


def _unwatched(_walk: Walk, _leg: Leg) -> AbstractContextManager[None]:
    return nullcontext()


LONGEST_WORDS = 200
"""How many letters of what a portal said are told."""


@dataclass(frozen=True)
class Word:
    """What the portal said after a click.

    `signal` is success, already, refused, error, lost (the session), no_answer, silence, asked (a
    question that was declined), or not_clicked: the page did not let the click through.
    """

    signal: str
    text: str = ""
    page: str = ""
    """What the page is called that came in place of the one that was clicked on."""

    @property
    def told(self) -> str:
        """A sentence about it, for a person to look further; empty if it says nothing."""
        if self.signal == "lost":
            return "It asked us to log in again."
        if self.signal == "asked":
            return f"It asked what the profile does not expect, and got a no: {self.text}"
        if self.signal == "success":
            return "What tells of success had shown."
        if self.text:
            return f"It said: {shorten(self.text, LONGEST_WORDS, placeholder=' …')}"
        return f"It answered with the page {self.page!r}." if self.page else ""


class BatchPage:
    """The page as it was when it was read; whatever came in its place is not acted on."""

    def __init__(
        self,
        browser: Browser,
        elements: Elements,
        profile: Profile,
        action: Action,
        reading: Reading,
        seen: Any,
    ) -> None:
        """`seen` is what the question "look" answered, and `reading` what was made of it."""
        self._browser = browser
        self._elements = elements
        self._profile = profile
        self._action = action
        self._values: dict[str, str] = seen["values"]
        self.batch: Batch = seen["batch"]
        """What says how this page is read."""
        self._document: float = seen["document"]
        self.reading = reading
        self.now: float = seen["now"]
        """The page's own clock when it was read, in milliseconds."""
        self.read_by = time.monotonic()
        """Our clock just after that."""
        self._base_url: str = seen["base_url"]
        self._ways: Ways = seen["ways"]
        self._route = route_of(action.steps)
        self._walk: Walk | None = None
        self.keep: Keep = let_go
        """What becomes of the files that steps bring."""

    @property
    def touched(self) -> bool:
        """True once a step of the action was taken, or may have been, short of the effect."""
        return self._walk is not None and self._walk.touched

    @property
    def has_permit(self) -> bool:
        """True once the page may have a permit for the effect."""
        return self._walk is not None and self._walk.has_permit

    @property
    def step(self) -> int:
        """The number of the step that was taken last, or could not be taken; from 1."""
        return self._walk.step if self._walk is not None else 1

    @property
    def values(self) -> dict[str, str]:
        """What stands for placeholders on this page, by name."""
        return self._values

    @property
    def leads_away(self) -> bool:
        """True if a step of the action is taken where the batch does not show as it was read."""
        return self._route.crosses or bool(self._route.names_batch)

    @property
    def offers_action(self) -> bool:
        """True if what the first step uses is there and usable; it is not taken."""
        first = self._action.steps[0]
        return self._new_walk("", "", time.monotonic() + self._patience).offers(first)

    @property
    def first_step(self) -> str:
        """Where the first step is, in words."""
        return str(self._action.steps[0])

    @property
    def _patience(self) -> float:
        return self._profile.timings.click_budget

    def permit_ends(self, budget: float) -> float:
        """The page's own clock (ms) `budget` seconds after it was read."""
        return self.now + budget * 1000

    @contextmanager
    def aim(
        self, remark: str, marker: str, budget: float, watch: Watch | None = None
    ) -> Iterator[Aim]:
        """Take every step but the one with the effect, which is made inside.

        The page takes one gesture, on what has the effect, within `budget` seconds of when the
        batch was read; it has to be left by then, or there is no browser any more. No other request
        of the page leaves meanwhile. Raises PageChanged if the page, the batch on it or its status
        are others by now, ProfileMismatch if a step finds nothing to use, PortalTimeout,
        SessionLost, BrowserDied. With `watch` each step is taken by itself, inside it.
        """
        deadline = self.read_by + budget
        if deadline <= time.monotonic():
            raise PortalTimeout(NOT_READY)
        self._browser.end_by(deadline)
        route = route_of(self._action.steps, one_by_one=True) if watch else self._route
        walk = self._walk = self._new_walk(remark, marker, deadline)
        self._prepare(walk, route, watch or _unwatched)
        with self._browser.requests_held():
            walk.come_to_rest()
            yield Aim(self._browser, self._elements, walk, route.effect)

    def _prepare(self, walk: Walk, route: Route, watch: Watch) -> None:
        denied = self._browser.submits_denied() if route.crosses else nullcontext()
        with denied:
            walk.await_wiring()
            if self._ways.prepares:
                walk.begin(lambda: self._ways.prepare(self._action.name, self._values))
            about = {**self._marks(), "messages": list(self._signals().values())}
            about["marks"] = self._marked_fields()
            try:
                for leg in route.legs:
                    with watch(walk, leg):
                        walk.take(leg)
                with watch(walk, route.effect):
                    walk.prepare(route, about)
            except ProfileMismatch as error:
                told = self._no_match(walk.step, error.message)
                raise_if_troubled(self._browser, told)
                raise ProfileMismatch(told) from error

    def _marked_fields(self) -> list[dict[str, Any]]:
        """Which fields have to hold our marker when the effect is made."""
        fields = [step.fill for step in self._route.approach if step.text is None]
        return [{"at": at.model_dump(), "said": str(at)} for at in fields if at is not None]

    def _no_match(self, step: int, why: str) -> str:
        steps = len(self._action.steps)
        return f"The profile {self._profile.name} does not match, step {step} of {steps}: {why}"

    def _new_walk(self, remark: str, marker: str, deadline: float) -> Walk:
        ends = self.now + (deadline - self.read_by) * 1000
        about = {"remark": remark, "marker": marker, "session": self._profile.session.model_dump()}
        about["values"] = {**self._values, "remark": remark}
        return Walk(
            self._browser,
            self._elements,
            self._base_url,
            about,
            self._document,
            ends,
            deadline,
            Files(self._profile, self.keep),
        )

    def hear(self, budget: float) -> Word:
        """The portal's first word about this batch after a click: a hint, never proof.

        Waits for it while the page may stay: `budget` seconds after it was read it must be left.
        A page that came in its place and says nothing in the time it has to show something is not
        waited for any longer.
        """
        about = {
            "values": self._values,
            "document": self._walk.document if self._walk else self._document,
            "session": self._profile.session.model_dump(),
            "signals": self._signals(),
            "patience": round(self._elements.patience * 1000),
            **self._marks(),
        }
        left = self.read_by + budget - 2 * LEAVING_SECONDS - time.monotonic()
        answer = self._elements.ask("hear", about, max(0.0, left))
        declined = [it for it in self._browser.dialogs.seen if not it.expected]
        if declined and answer["signal"] == "silence":
            return Word("asked", self._browser.mask.scrubbed(declined[0].words))
        return Word(answer["signal"], answer.get("words", ""), answer["title"])

    def _signals(self) -> dict[str, Any]:
        outcomes = self._action.outcomes.model_dump(exclude={"passing"})
        return {name: signal for name, signal in outcomes.items() if signal is not None}

    def _marks(self) -> dict[str, Any]:
        return {
            "key": self.reading.printed_key,
            "words": self.reading.words,
            "batch": self.batch.model_dump(include={"printed_key", "status"}),
        }
