"""The one step with the effect, ready to be made once."""

from __future__ import annotations

import time

from automation_service.browser import Browser
from automation_service.elements import Elements
from automation_service.route import Leg
from automation_service.walk import Walk


class Aim:
    """The one gesture with the effect, and the answers to what it brings."""

    def __init__(self, browser: Browser, elements: Elements, walk: Walk, effect: Leg) -> None:
        """`walk` has prepared the page that carries the effect."""
        self._browser = browser
        self._elements = elements
        self._walk = walk
        self._effect = effect

    @property
    def is_late(self) -> bool:
        """True if the page would not take it any more."""
        return time.monotonic() > self._walk.late

    def fire(self) -> None:
        """Make it. Raises ApplicationError if it may or may not have been made."""
        step = self._effect.steps[0]
        values = self._walk.about["values"]
        self._browser.dialogs.expect(self._effect.rules(values, self._walk.late))
        with self._browser.gesture():
            if step.click:
                self._browser.click(self._walk.at["x"], self._walk.at["y"])
            elif step.press:
                self._browser.press(step.key)
            else:
                self._elements.do("fire", {**self._walk.about, "effect": self._walk.spell(step)})
