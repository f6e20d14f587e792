"""Finding, reading and using what is on the page: one round trip a question.

The questions are the functions of page.js and are answered inside the page, so that waiting for
something costs no polling from outside.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from selenium.common.exceptions import JavascriptException, TimeoutException, WebDriverException

from automation_service.browser import Browser
from shared.errors import PageChanged, PortalTimeout

_QUESTIONS = (Path(__file__).resolve().parent / "page.js").read_text(encoding="utf-8")
_ASK = f"""
const done = arguments[arguments.length - 1];
const [what, about, ms] = arguments;
const page = {_QUESTIONS.strip()};
page[what](about, ms).then(done, (error) => done({{ broken: String(error) }}));
"""

# What a driver says when the page it was asked about is just being replaced by the next one.
_MOVING = (
    "document unloaded",
    "does not belong to the document",
    "execution context",
    "inspected target navigated",
    "cannot find context",
    "aborted by navigation",
    "target frame detached",
    "frame was detached",
)


class Elements:
    """The page in a browser's window, through what can be found on it."""

    def __init__(self, browser: Browser, patience: float) -> None:
        """`patience`: seconds to wait for something to show."""
        self._browser = browser
        self.patience = patience
        browser.be_patient(patience)

    def open(self, url: str) -> None:
        """Load `url` anew, as far as its markup.

        Raises PortalUnavailable, PortalTimeout or BrowserDied.
        """
        with self._browser.answering("loading a page"):
            self._browser.driver.get(url)

    def reload(self) -> None:
        """Load the page again, past every cache."""
        with self._browser.answering("loading a page again"):
            self._browser.driver.refresh()

    def ask(self, question: str, about: dict[str, Any], patience: float | None = None) -> Any:
        """Put one of page.js's questions to the page, whichever page comes to stand there.

        Asks again while the page is being replaced by another; so only for questions that change
        nothing. Raises PortalTimeout if pages keep changing for longer than `patience` seconds.
        """
        patience = self.patience if patience is None else patience
        deadline = time.monotonic() + patience
        while True:
            left = max(0.0, deadline - time.monotonic())
            try:
                return self._once(question, about, left)
            except _MovingOn:
                if time.monotonic() > deadline:
                    raise PortalTimeout(
                        "The portal went from page to page and never settled."
                    ) from None

    def do(self, question: str, about: dict[str, Any], patience: float | None = None) -> Any:
        """Like `ask`, but once: for what changes something.

        Raises PageChanged if the page was replaced meanwhile.
        """
        try:
            return self._once(question, about, self.patience if patience is None else patience)
        except _MovingOn:
            raise PageChanged("The page was replaced while it was being used.") from None

    def click(self, x: float, y: float) -> None:
        """Click with the mouse, once, at a point of the window in CSS pixels."""
        # What the driver's own click does, without the 50 ms it takes to find out where.
        about = {"x": x, "y": y, "button": "left", "clickCount": 1}
        with self._browser.answering("a click"):
            for move in ("mouseMoved", "mousePressed", "mouseReleased"):
                self._browser.driver.execute_cdp_cmd(
                    "Input.dispatchMouseEvent", {"type": move, **about}
                )

    def _once(self, question: str, about: dict[str, Any], patience: float) -> Any:
        asked = time.monotonic()
        with self._browser.answering("looking at the page"):
            try:
                answer = self._browser.driver.execute_async_script(
                    _ASK, question, about, round(patience * 1000)
                )
            except WebDriverException as error:
                # A page that goes away takes the question with it, and the driver then speaks of a
                # script timeout at once. Every question ends by itself within `patience`.
                early = time.monotonic() - asked < patience
                if _is_moving(error) or (isinstance(error, TimeoutException) and early):
                    raise _MovingOn from None
                raise
        if isinstance(answer, dict) and "broken" in answer:
            raise PageChanged(f"The page could not be read: {answer['broken']}")
        return answer


class _MovingOn(Exception):
    """The page is being replaced by the next one: not yet."""


def _is_moving(error: WebDriverException) -> bool:
    text = (error.msg or "").lower()
    plain = type(error) is WebDriverException or isinstance(error, JavascriptException)
    return plain and any(words in text for words in _MOVING)
