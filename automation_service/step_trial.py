"""The steps of an action in a trial: each is looked at, and all but the last are taken."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from automation_service.batch_page import BatchPage
from automation_service.browser import Browser
from automation_service.inspection.marks import leg_marks
from automation_service.inspection.stage import Stage
from automation_service.profile.sentences import step_sentence
from automation_service.route import Leg
from automation_service.trial_notes import TrialNotes
from automation_service.walk import Walk
from shared.errors import AgentError

REMARK = "Trial of a profile; this is never sent."
MARKER = "[TRIAL]"
EXPLAINING_SECONDS = 15.0
_MADE_READY = "Everything was ready for this step, which has the effect; it was not taken."
_SEEN_AFTERWARDS = ("wait_for", "repeat_until", "go")


class StepTrial:
    """Walks from one batch's page up to the step with the effect."""

    def __init__(self, browser: Browser, notes: TrialNotes, page: BatchPage, steps: int) -> None:
        """`steps` is how many the action has."""
        self._browser = browser
        self._notes = notes
        self._page = page
        self._steps = steps

    def run(self, budget: float) -> None:
        """Take every step but the last, in `budget` seconds without the time that looking takes.

        Whatever fails is the fault of its stage.
        """
        try:
            with self._page.aim(REMARK, MARKER, budget, self._watch):
                pass
        except AgentError as error:
            if not self._notes.stages[-1].fault:
                self._notes.fail(self._notes.stages[-1], error)
        finally:
            self._browser.leave_page()

    @contextmanager
    def _watch(self, walk: Walk, leg: Leg) -> Iterator[None]:
        step = leg.steps[0]
        stage = self._notes.begin(
            f"Step {leg.first} of {self._steps}: {step_sentence(step).rstrip('.')}"
        )
        began = time.monotonic()
        try:
            if step.kind not in _SEEN_AFTERWARDS:
                # What it uses may be gone once it is taken.
                walk.offers(step)
                began += self._look(stage, walk, leg)
            yield
            stage.seconds = time.monotonic() - began
            if step.kind in _SEEN_AFTERWARDS:
                self._look(stage, walk, leg)
        except AgentError as error:
            stage.seconds = time.monotonic() - began
            # No click was let through, so the page may stay until it has been looked at.
            self._browser.end_by(time.monotonic() + EXPLAINING_SECONDS)
            self._notes.fail(stage, error, step.at, self._page.values)
            raise
        stage.told = _MADE_READY if step.effect else "Taken."

    def _look(self, stage: Stage, walk: Walk, leg: Leg) -> float:
        """How many seconds it took to look; the page may stay so much longer."""
        began = time.monotonic()
        self._browser.end_by(began + EXPLAINING_SECONDS)
        marks = leg_marks(leg.steps, leg.first)
        self._notes.look(stage, marks, values=self._page.values, expected=False)
        took = time.monotonic() - began
        walk.put_off(took)
        return took
