"""What a trial of a profile notes of each stage: marks, a picture, and why it went no further."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from automation_service.browser import Browser
from automation_service.elements import Elements
from automation_service.inspection.inspection import SCRIPT, marks_in, spelled
from automation_service.inspection.likeness import alike, wanted_in
from automation_service.inspection.marks import Named, asked
from automation_service.inspection.narrowing import narrowings, told
from automation_service.inspection.stage import Stage
from automation_service.profile import Locator, Value
from shared.errors import AgentError

MAY_LACK = {"empty", "busy", "next", "back"}
"""Parts of a list that need not show."""


class TrialNotes:
    """The stages of one trial, and what is seen of them in one browser."""

    def __init__(self, browser: Browser, patience: float) -> None:
        """Nothing is noted yet. `patience`: seconds to wait for something to show."""
        self._browser = browser
        self.elements = Elements(browser, patience, [SCRIPT])
        self.stages: list[Stage] = []
        """What was seen so far, in order."""

    @contextmanager
    def stage(
        self, title: str, marks: Named | None = None, values: dict[str, str] | None = None
    ) -> Iterator[Stage]:
        """A stage that lasts as long as this; an error in it is its fault, and goes no further.

        What is where `marks` are is noted if it fails.
        """
        stage = self.begin(title)
        began = time.monotonic()
        try:
            yield stage
        except AgentError as error:
            stage.seconds = time.monotonic() - began
            self.fail(stage, error)
            with suppress(AgentError):
                self.look(stage, marks or {}, values=values, expected=False)
        else:
            stage.seconds = stage.seconds or time.monotonic() - began

    def begin(self, title: str) -> Stage:
        """A stage more."""
        stage = Stage(title)
        self.stages.append(stage)
        return stage

    def fail(
        self,
        stage: Stage,
        error: AgentError,
        wanted: Locator | None = None,
        values: dict[str, str] | None = None,
    ) -> None:
        """Note why it went no further, and what can still be shown of the page.

        `wanted` is what was to be used there; of it the part is told that finds nothing.
        """
        stage.fault = error.message
        with suppress(AgentError):
            stage.picture = self._browser.picture()
            if wanted is not None:
                self._narrow(stage, wanted, values or {})
            for words in wanted_in(stage.fault):
                stage.alike += self._alike(words)

    def look(
        self,
        stage: Stage,
        marks: Named,
        *,
        values: dict[str, str] | None = None,
        expected: bool = True,
    ) -> None:
        """Note what is where `marks` are, and take a picture with them outlined.

        What is not there is a warning if it is `expected`.
        """
        answers = self.ask("examine", marks, values)
        stage.marks = marks_in(answers, marks)
        if expected:
            self._tell_gaps(stage, marks)
        self.ask("outline", marks, values)
        try:
            stage.picture = self._browser.picture()
        finally:
            self.ask("clearOutline", {})

    def ask(self, question: str, marks: Named, values: dict[str, str] | None = None) -> Any:
        """What the page answers about these marks."""
        return self.elements.ask(question, {"marks": asked(marks), "values": values or {}})

    def _tell_gaps(self, stage: Stage, marks: Named) -> None:
        counts = {mark.name: mark.count for mark in stage.marks}
        for mark in stage.marks:
            part, _, last = mark.name.rpartition(".")
            at, row = marks[mark.name]
            without_row = row is not None and not counts.get(f"{part}.row")
            may_lack = last in MAY_LACK or (isinstance(at, Value) and at.otherwise is not None)
            if not (mark.count or without_row or may_lack):
                stage.warnings.append(f"{mark.name}: nothing is found at {mark.locator}")
                stage.alike += self._alike(at)

    def _narrow(self, stage: Stage, wanted: Locator, values: dict[str, str]) -> None:
        steps = narrowings(wanted)
        marks: Named = {str(number): (at, None) for number, at in enumerate(steps)}
        found = self.ask("examine", marks, values)
        counts = [(at, found[str(number)]["count"]) for number, at in enumerate(steps)]
        sentence = told(counts, values)
        if sentence:
            stage.warnings.append(sentence)

    def _alike(self, wanted: Locator | str) -> list[str]:
        return alike(str(wanted), spelled(self.elements.ask("candidates", {})))
