"""A batch's own page, loaded and read: what it says, and how something is done with it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from automation_service.browser import LEAVING_SECONDS, Browser
from automation_service.elements import Elements
from automation_service.profile import Action, Profile
from shared.contracts import Reading
from shared.errors import PageChanged, PortalTimeout, ProfileMismatch

NOT_READY = "The click was not ready in time, so it was not made."


@dataclass(frozen=True)
class Word:
    """What the portal said after a click.

    `signal` is success, already, refused, error, lost (the session), no_answer, silence, or
    not_clicked: the page did not let the click through.
    """

    signal: str
    text: str = ""


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
        self._document: float = seen["document"]
        self.reading = reading
        self.now: float = seen["now"]
        """The page's own clock when it was read, in milliseconds."""
        self.read_by = time.monotonic()
        """Our clock just after that."""
        self.touched = False
        """True once a step of the action was taken, or may have been, short of the effect."""

    @property
    def values(self) -> dict[str, str]:
        """What stands for placeholders on this page, by name."""
        return self._values

    @property
    def offers_action(self) -> bool:
        """True if what the first step uses is there and usable; it is not taken."""
        step = self._action.steps[0]
        about = {"values": self._values, "step": step.model_dump(include={"click", "fill"})}
        patience = self._profile.timings.click_budget
        return bool(self._elements.do("offers", about, patience)["found"])

    @property
    def first_step(self) -> str:
        """Where the first step is, in words."""
        return str(self._action.steps[0].at)

    def permit_ends(self, budget: float) -> float:
        """The page's own clock (ms) `budget` seconds after it was read."""
        return self.now + budget * 1000

    @contextmanager
    def aim(self, remark: str, marker: str, budget: float) -> Iterator[Aim]:
        """Take every step but the one with the effect, which is made inside.

        The page takes one click, on what has the effect, within `budget` seconds of when it was
        read; it has to be left by then, or there is no browser any more. No other request of the
        page leaves meanwhile. Raises PageChanged if the page, the batch on it or its status are
        others by now, ProfileMismatch if a step finds nothing to use, PortalTimeout, BrowserDied.
        """
        left = self.read_by + budget - time.monotonic()
        if left <= 0:
            raise PortalTimeout(NOT_READY)
        self._browser.end_by(self.read_by + budget)
        permit_ends = self.permit_ends(budget)
        asked = time.monotonic()
        answer = self._prepare(remark, marker, permit_ends, max(0.0, left - LEAVING_SECONDS))
        late = asked + (permit_ends - answer["now"]) / 1000
        with self._browser.requests_held():
            yield Aim(self._browser, answer["at"], late)

    def _prepare(self, remark: str, marker: str, permit_ends: float, patience: float) -> Any:
        *steps, effect = self._action.steps
        about = {
            "values": self._values,
            "document": self._document,
            "steps": [step.model_dump(include={"click", "fill"}) for step in steps],
            "effect": effect.at.model_dump(),
            "remark": remark,
            "marker": marker,
            "permit_ends": permit_ends,
            "key": self.reading.printed_key,
            "words": self.reading.words,
            "batch": self._marks(),
            "messages": list(self._signals().values()),
        }
        self.touched = bool(steps)
        answer = self._elements.do("prepare", about, patience)
        self.touched = answer["taken"] > 0
        self._raise_for_fault(answer)
        return answer

    def hear(self, budget: float) -> Word:
        """The portal's first word about this batch after a click: a hint, never proof.

        Waits for it while the page may stay: `budget` seconds after it was read it must be left.
        """
        about = {
            "values": self._values,
            "document": self._document,
            "key": self.reading.printed_key,
            "batch": self._marks(),
            "session": self._profile.session.model_dump(),
            "signals": self._signals(),
        }
        left = self.read_by + budget - 2 * LEAVING_SECONDS - time.monotonic()
        answer = self._elements.ask("hear", about, max(0.0, left))
        return Word(answer["signal"], answer.get("words", ""))

    def _signals(self) -> dict[str, Any]:
        outcomes = self._action.outcomes.model_dump(exclude={"passing"})
        return {name: signal for name, signal in outcomes.items() if signal is not None}

    def _marks(self) -> dict[str, Any]:
        return self._profile.batch_for(self._action).model_dump(include={"printed_key", "status"})

    def _raise_for_fault(self, answer: dict[str, Any]) -> None:
        fault = answer.get("fault")
        if fault == "moved":
            raise PageChanged("The page changed before the click.")
        if fault is None:
            return
        step = self._action.steps[answer["place"]]
        if fault == "absent":
            raise ProfileMismatch(
                f"There was nothing to use at {step.at}; the profile {self._profile.name} "
                "expects it."
            )
        raise ProfileMismatch(f"The field at {step.at} does not take our marker.")


class Aim:
    """The one click with the effect, ready to be made once."""

    def __init__(self, browser: Browser, at: dict[str, float], late: float) -> None:
        """`at` is where to click, `late` when the permit ends on our monotonic clock, or sooner."""
        self._browser = browser
        self._at = at
        self._late = late

    @property
    def is_late(self) -> bool:
        """True if the page would not take the click any more."""
        return time.monotonic() > self._late

    def click(self) -> None:
        """Click. Raises ApplicationError if the click may or may not have been made."""
        self._browser.click(self._at["x"], self._at["y"])
