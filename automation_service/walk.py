"""From a batch's page to the one with the effect: steps taken, page after page."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from automation_service.browser import LEAVING_SECONDS, Browser, PageMoved
from automation_service.elements import Elements
from automation_service.files_of_steps import Files
from automation_service.keys import key_event
from automation_service.page_state import raise_for_status
from automation_service.profile import Step
from automation_service.profile.placeholder import fill_path
from automation_service.route import Leg, Route
from automation_service.traffic import RESTLESS_SECONDS
from shared.errors import DownloadFailed, PageChanged, PortalTimeout, ProfileMismatch, SessionLost

Watch = Callable[["Walk", Leg], AbstractContextManager[None]]
"""Looks at what a leg's steps use as they are taken."""

NOT_READY = "The click was not ready in time, so it was not made."
_LISTENING = 0.02
LOOKING_SECONDS = 1.0
WIRING_SHARE = 0.2
"""How much of the time that is left is waited for sockets that are never still, on each page."""
LOOKING_SHARE = 0.2
"""How much of the time on the way to the effect is kept for a picture of what went wrong."""


class Walk:
    """Where we are between a batch's page and the effect, and until when we may be there."""

    def __init__(
        self,
        browser: Browser,
        elements: Elements,
        base_url: str,
        about: dict[str, Any],
        document: float,
        permit_ends: float,
        deadline: float,
        files: Files,
    ) -> None:
        """`about` is what every question is asked with.

        `deadline` is on `time.monotonic()`; `permit_ends` is the same moment, or an earlier one, on
        the clock of `document`, which is the batch's own page.
        """
        self._browser = browser
        self._elements = elements
        self._base_url = base_url
        self._home = document
        self._permit_ends = permit_ends
        self._deadline = deadline
        looking = min(LOOKING_SECONDS, LOOKING_SHARE * (deadline - time.monotonic()))
        self._patient_until = deadline - LEAVING_SECONDS - looking
        self._files = files
        self.about = about
        self.document = document
        """The page we are on."""
        self.touched = False
        """True once a step was taken, or may have been, short of the effect."""
        self.step = 1
        """The number of the step that is being taken."""
        self.has_permit = False
        """True once the page may have a permit for the effect."""
        self.at: dict[str, float] = {}
        """Where in the window the effect is, once it is prepared."""
        self.late = 0.0
        """When the page takes it no more, or a little earlier, on `time.monotonic()`."""

    @property
    def _left(self) -> float:
        return max(0.0, self._patient_until - time.monotonic())

    def offers(self, step: Step) -> bool:
        """True if what the step uses is there and usable; it is not taken."""
        about = {**self.about, "step": self.spell(step)}
        return bool(self._elements.do("offers", about, self._left)["found"])

    def put_off(self, seconds: float) -> None:
        """Have the page left so much later: for a trial, in which nothing has an effect."""
        self._deadline += seconds
        self._patient_until += seconds
        self._permit_ends += seconds * 1000
        self._browser.end_by(self._deadline)

    def begin(self, work: Callable[[], None]) -> None:
        """Have something done on the batch's page before the first step; it submits nothing."""
        self._browser.dialogs.forget()
        self._do("take", {"steps": []})
        self.touched = True
        work()
        self._raise_for_questions()

    def take(self, leg: Leg) -> None:
        """Take these steps, none of which has the effect. Raises as `BatchPage.aim` does."""
        self.step = leg.first
        if leg.crosses:
            self._await_turn()
        self._browser.dialogs.expect(leg.rules(self.about["values"], self._deadline))
        windows = self._browser.windows_opened
        try:
            if leg.steps[-1].save:
                self._save(*leg.steps)
            else:
                took = self._do("take", {"steps": [self.spell(step) for step in leg.steps]})
                if leg.steps[-1].hover:
                    self._browser.point_at(**took["point"])
        except PageMoved:
            if not leg.crosses:
                raise
        self._hear_questions(leg)
        if leg.crosses:
            self._arrive(leg.steps[-1].leads_to or "page", windows)

    def _save(self, *steps: Step) -> None:
        """Take steps of which the last brings a file, and keep that."""
        step = steps[-1]
        spelled = [self.spell(one) for one in steps]
        with self._browser.downloads(self._left) as downloads:
            file = downloads.fetch(lambda: self._do("take", {"steps": spelled}), step.format)
            if not step.smallest <= file.size <= step.largest:
                raise DownloadFailed(
                    f"The file {file.name} has {file.size} bytes; the profile expects "
                    f"{step.smallest} to {step.largest}."
                )
            self._files.keep(file, step.format)

    def prepare(self, route: Route, about: dict[str, Any]) -> None:
        """Take the last steps, and let nothing but the effect through from then on."""
        self.step = route.effect.first - len(route.approach)
        self._await_turn()
        effect = route.effect.steps[0]
        named = route.names_batch
        asked = time.monotonic()
        self._browser.dialogs.forget()
        self.has_permit = True
        try:
            answer = self._do(
                "prepare",
                {
                    **about,
                    "steps": [self.spell(step) for step in route.approach],
                    "effect": self.spell(effect),
                    "gesture": effect.kind if effect.kind in ("click", "press") else "script",
                    "asks": bool(route.effect.answers),
                    "names_batch": named.model_dump() if named else named,
                    "named_at": str(named),
                    "home": self.document == self._home,
                    "permit_ends": self._permit_ends,
                },
            )
        except (ProfileMismatch, SessionLost):
            # Something is not there: the page gives its permit last.
            self.has_permit = False
            raise
        self._raise_for_questions()
        self.at = answer["at"]
        self.late = asked + (self._permit_ends - answer["now"]) / 1000

    def come_to_rest(self) -> None:
        """Wait until what has the effect does not move any more."""
        self.at = self._elements.do("still", {"at": self.at}, self._left)

    def spell(self, step: Step) -> dict[str, Any]:
        """A step as the page's script knows it."""
        go = None if step.go is None else self._base_url + fill_path(step.go, self.about["values"])
        return {
            **step.model_dump(exclude={"steps", "state", "names_batch", "format"}),
            **({} if step.upload is None else self._files.spelled(step)),
            "key_event": key_event(step.key),
            "is": step.state,
            "steps": [self.spell(inner) for inner in step.steps],
            "go": go,
            "said": str(step),
        }

    def await_wiring(self) -> None:
        """Wait until the page can tell its portal what is done to it, a while at most."""
        at_most = min(RESTLESS_SECONDS, WIRING_SHARE * self._left)
        self._browser.await_stillness(by_sockets=True, at_most=at_most)

    def _await_turn(self) -> None:
        """Wait until the portal may be asked for one more thing."""
        if not self._browser.pacer.turn(self._deadline - 2 * LEAVING_SECONDS):
            raise PortalTimeout(NOT_READY)

    def _do(self, question: str, about: dict[str, Any]) -> Any:
        before, self.touched = self.touched, True
        asked = {**self.about, **about, "document": self.document}
        answer = self._elements.do(question, asked, self._left)
        self.touched = before or answer["taken"] > 0
        self.step += answer.get("place", 0)
        _raise_for_fault(answer)
        return answer

    def _hear_questions(self, leg: Leg) -> None:
        dialogs = self._browser.dialogs
        while dialogs.awaited and self._left > 0:
            self._elements.ask("pause", {}, _LISTENING)
        self._raise_for_questions()
        if dialogs.awaited:
            told = leg.answers[-dialogs.awaited].says
            raise ProfileMismatch(f"The portal did not ask what the profile expects: {told}")

    def _raise_for_questions(self) -> None:
        for dialog in self._browser.dialogs.seen:
            if not dialog.expected:
                words = self._browser.mask.scrubbed(dialog.words)
                raise PageChanged(f"The portal asks what the profile does not expect: {words}")

    def _arrive(self, where: str, windows: int) -> None:
        about: dict[str, Any] = {"document": self.document, "session": self.about["session"]}
        if where == "window" and not self._browser.enter_window(windows, self._left):
            raise PortalTimeout("A step did not lead to a new window.")
        if where == "first_window":
            self._browser.back_to_first_window()
            about["document"] = None
        seen = self._elements.ask("arrive", about, self._left)
        now = time.monotonic()
        if not seen["arrived"]:
            raise PortalTimeout(
                "A step did not lead to another page. One after which only a frame shows another "
                "says no `leads_to`."
            )
        if seen["lost"]:
            raise SessionLost(_LOST)
        raise_for_status(seen["http"])
        self.document = seen["document"]
        self.await_wiring()
        # Read before `now`: by this page's clock the deadline is then or later.
        self._permit_ends = seen["now"] + (self._deadline - now) * 1000


_LOST = "The portal asks us to log in again."
_FAULTS = {
    "absent": "There was nothing to use at {at}; the profile expects it.{why}",
    "held": "There was nothing to use at {at}; the profile expects it. The page was about to "
    "submit a form, which was held back: the step that does so says `leads_to`, or `submits` where "
    "the same page stays, as by a script or with a frame.",
    "present": "{at} did not go away.",
    "unmarked": "The field at {at} does not take our marker.",
    "unfillable": "There is no field at {at}, but something else.",
    "optionless": "There is no option {option} at {at}; the profile expects it.",
    "unticked": "{at} did not become as the profile says.",
    "unnamed": "The step with the effect is on another page than the batch's own. Say in its "
    "names_batch where that page names the batch, or `false` if it nowhere does.",
}


_CHANGES = {
    "moved": "The page changed before the click.",
    "emptied": "The page changed before the click: our marker is no more in the field at {at}. "
    "Where a step takes the remark from there, as Enter adds it to a list, fill in "
    '`text: "{{remark}}"`.',
    "misnamed": "The page changed before the click, or else it never named this batch at {at}.",
    "unread": "The page changed before the click: it does not show the batch as it was read. If a "
    "step leads away from there, or changes the field from which the status is read, say in "
    "names_batch where this batch is named.",
}


def _raise_for_fault(answer: dict[str, Any]) -> None:
    fault = answer.get("fault")
    if fault is None:
        return
    if fault == "lost":
        raise SessionLost(_LOST)
    if fault in _CHANGES:
        raise PageChanged(_CHANGES[fault].format(at=answer.get("at")))
    raise ProfileMismatch(_FAULTS[fault].format(**answer))
