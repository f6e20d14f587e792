"""Finding, reading and using what is on the page: one round trip a question.

The questions are functions of the scripts in page/ and are answered inside the page, so that
waiting for something costs no polling from outside. The scripts share one scope, made anew for
every question.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from automation_service.browser import Browser, KeptAnswer, PageMoved
from shared.errors import PageChanged, PortalTimeout, ProfileMismatch

T = TypeVar("T")

_NOT_UNDERSTOOD = "Not understood in the profile"


def _scope(scripts: Sequence[Path]) -> str:
    """All of them as one text. Comments and indents need not travel with every question."""
    texts = (script.read_text(encoding="utf-8") for script in scripts)
    lines = (line.strip() for text in texts for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


_SCOPE = _scope(sorted((Path(__file__).resolve().parent / "page").glob("*.js")))


class Elements:
    """The page in a browser's window, through what can be found on it."""

    def __init__(self, browser: Browser, patience: float, more: Sequence[Path] = ()) -> None:
        """`patience`: seconds to wait for something to show. `more` are scripts with questions."""
        self._browser = browser
        self.patience = patience
        """Seconds to wait where nobody says how long."""
        self._scope = f"{_SCOPE}\n{_scope(more)}"

    def ask(self, question: str, about: dict[str, Any], patience: float | None = None) -> Any:
        """Put a question to the page, whichever page comes to stand there.

        Asks again while the page is being replaced by another; so only for questions that change
        nothing. Raises PortalTimeout if pages keep changing.
        """
        deadline = time.monotonic() + (self.patience if patience is None else patience)
        while True:
            try:
                return self.do(question, about, max(0.0, deadline - time.monotonic()))
            except PageMoved:
                if time.monotonic() > deadline:
                    raise PortalTimeout(
                        "The portal went from page to page and never settled."
                    ) from None

    def read(self, question: str, about: dict[str, Any], patience: float | None = None) -> Any:
        """Like `ask`, for what counts as the portal's word. KeptAnswer if that may be old.

        That we are logged out is told as it is: nothing else of such a page is believed.
        """
        answer = self.ask(question, about, patience)
        if answer["place"] == "lost":
            return answer
        self._browser.demand_fresh(about.get("values", {}))
        return answer

    def await_stillness(self) -> None:
        """Wait a little until the page is wired for what is typed and clicked."""
        self._browser.await_stillness()

    def do(self, question: str, about: dict[str, Any], patience: float | None = None) -> Any:
        """Like `ask`, but once: for what changes something.

        Raises PageMoved if the page was replaced meanwhile, PageChanged if it cannot be read, and
        ProfileMismatch for what no page could understand.
        """
        patience = self.patience if patience is None else patience
        values = json.dumps(about.get("values", {}))
        asked = json.dumps({**about, "closed": self._browser.window_closed})
        script = (
            f'(() => {{\n"use strict";\nconst values = {values};\n{self._scope}\n'
            f"return {question}({asked}, {round(patience * 1000)});\n}})()"
        )
        try:
            return self._browser.evaluate(script, patience)
        except PageChanged as error:
            if _NOT_UNDERSTOOD in error.message:
                raise ProfileMismatch(error.message.partition("Error: ")[2]) from None
            raise


def looked_anew(look: Callable[[], T]) -> T:
    """What `look` finds, which loads its page itself; once more if it may be what was kept."""
    try:
        return look()
    except KeptAnswer:
        return look()
