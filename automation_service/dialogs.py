"""A page's alert, confirm and prompt: answered by a rule that knows their words, or dismissed."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog

log = structlog.get_logger()

_LEAVING = "beforeunload"


@dataclass(frozen=True)
class DialogRule:
    """A dialog that is awaited, and its answer.

    `kind` is alert, confirm or prompt. `says` has to fit all its words, with runs of white space
    squeezed. `text` is what a prompt is answered with. After `until` (`time.monotonic()`) it is
    not accepted any more.
    """

    kind: str
    says: re.Pattern[str]
    accept: bool = True
    text: str = ""
    until: float = float("inf")

    def fits(self, kind: str, words: str) -> bool:
        """True if this is the dialog that is awaited."""
        return kind == self.kind and self.says.fullmatch(words) is not None


@dataclass(frozen=True)
class Dialog:
    """A dialog that a page opened, and what became of it."""

    kind: str
    words: str
    expected: bool
    accepted: bool


class Dialogs:
    """What the pages of one browser ask or tell by dialogs, and who answers."""

    def __init__(self) -> None:
        """Nothing is awaited: what comes is dismissed."""
        self._rules: deque[DialogRule] = deque()
        self.seen: list[Dialog] = []
        """Every dialog since `expect` or `forget`, but for "do you want to leave this page?"."""

    def expect(self, rules: Iterable[DialogRule]) -> None:
        """Await these dialogs, in this order, and no others; what was awaited before is not."""
        self._rules = deque(rules)
        self.seen = []

    def forget(self) -> None:
        """Await none."""
        self.expect(())

    @property
    def awaited(self) -> int:
        """How many of those awaited have not come."""
        return len(self._rules)

    def answer(self, kind: str, message: str) -> dict[str, Any]:
        """How to answer a dialog that has just opened.

        After one that was not awaited no other is accepted: nobody knows where the page is by then.
        """
        if kind == _LEAVING:
            # Leaving is always our own wish; everything else is not ours to agree to unasked.
            return {"accept": True}
        words = " ".join(message.split())
        rule = self._rules.popleft() if self._rules else None
        expected = rule is not None and rule.fits(kind, words)
        if rule is None or not expected:
            self._rules.clear()
            self.seen.append(Dialog(kind, words, expected=False, accepted=False))
            log.warning("dialog_dismissed", kind=kind, text=words)
            return {"accept": False}
        accepted = rule.accept and time.monotonic() <= rule.until
        self.seen.append(Dialog(kind, words, expected, accepted))
        return {"accept": accepted, "promptText": rule.text}
