"""A page on which something failed, looked at before it is left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automation_service.browser import Browser
from automation_service.elements import Elements
from automation_service.inspection.marks import Named, asked, mark_of
from automation_service.inspection.stage import Mark
from shared.errors import AgentError, PageChanged

SCRIPT = Path(__file__).resolve().parent / "inspection.js"
LEFT = "The page had to be left before a picture of it could be taken."


@dataclass(frozen=True)
class Sight:
    """What a page showed. `elements` tells in words of everything that could have been meant."""

    shot: bytes | None
    """A JPEG; None if there is none."""
    gap: str = ""
    """Why there is none."""
    elements: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()

    def picture(self) -> bytes:
        """The picture. Raises PageChanged if there is none."""
        if self.shot is None:
            raise PageChanged(self.gap)
        return self.shot


class Inspection:
    """Looks at whatever page a browser shows, for as long as that page may stay."""

    def __init__(self, browser: Browser) -> None:
        """Look at nothing yet."""
        self._browser = browser
        self._elements = Elements(browser, 0, [SCRIPT])

    def look(self, marks: Named, values: dict[str, str]) -> Sight:
        """Take a picture, and see what is where the profile expects `marks`. Never raises.

        `values` stand for the placeholders in them. What there is no time for is left out.
        """
        if self._browser.has_left:
            return Sight(None, LEFT)
        shot: bytes | None = None
        gap = ""
        elements: list[str] = []
        seen: list[Mark] = []
        with self._browser.at_a_glance():
            try:
                shot = self._browser.picture()
                elements = spelled(self._elements.do("candidates", {}))
                about = {"marks": asked(marks), "values": values}
                seen = marks_in(self._elements.do("examine", about), marks)
            except AgentError as error:
                gap = error.message
        return Sight(shot, gap, tuple(elements), tuple(seen))


def spelled(candidates: list[dict[str, str]]) -> list[str]:
    """What the script found, in words: where it is, and what it says."""
    return [f"{one['at']}  {one['says']!r}" if one["says"] else one["at"] for one in candidates]


def marks_in(answers: dict[str, Any], marks: Named) -> list[Mark]:
    """What the script saw of `marks`."""
    return [mark_of(name, marks[name][0], seen) for name, seen in answers.items()]
