"""From an address of a portal to what is looked at: some is reached only by steps from there."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from automation_service.browser import Browser
from automation_service.elements import Elements
from automation_service.files_of_steps import Files, let_go
from automation_service.profile import Locator, Profile, Step
from automation_service.route import legs_of
from automation_service.walk import Walk
from shared.errors import ProfileMismatch

LOOKING_SECONDS = 1.0
"""How long a page is looked at on which a step found nothing: it may say why."""


class Opening:
    """Loads pages of one portal, and takes the steps that lead on from there."""

    def __init__(
        self,
        browser: Browser,
        elements: Elements,
        profile: Profile,
        base_url: str,
        enter: Callable[[], None],
    ) -> None:
        """`enter` logs in on the page that is there."""
        self._browser = browser
        self._elements = elements
        self._profile = profile
        self._base_url = base_url
        self.enter = enter

    def go(
        self,
        path: str,
        steps: Sequence[Step],
        values: dict[str, str],
        missing: Locator | None = None,
    ) -> str:
        """Load the page at `path` anew, and take the steps; `values` stand for their placeholders.

        Returns why it did not come to the last step, or nothing. What a step uses is not waited for
        while `missing` shows. Raises as `visit` and `Walk.take` do.
        """
        self.visit(self._base_url + path)
        if not steps:
            return ""
        walk = self._walk(values, missing)
        try:
            for leg in legs_of(steps):
                walk.take(leg)
        except ProfileMismatch as error:
            return f"Step {walk.step} of {len(steps)} on the way there: {error.message}"
        return ""

    def visit(self, url: str) -> None:
        """Load this page anew, and log in on it where every page asks for that.

        Raises as `Browser.navigate` and `enter` do.
        """
        self._browser.navigate(url)
        if self._profile.session.each_page and self._seen()["place"] == "lost":
            self.enter()

    def _seen(self) -> dict[str, Any]:
        about = {"session": self._profile.session.model_dump()}
        seen: dict[str, Any] = self._elements.ask("loggedIn", about)
        return seen

    def _walk(self, values: dict[str, str], missing: Locator | None) -> Walk:
        seen = self._seen()
        self._browser.await_stillness(by_sockets=True)
        about: dict[str, Any] = {
            "session": self._profile.session.model_dump(),
            "values": values,
            "leads": True,
            "missing": missing and missing.model_dump(),
        }
        patience = self._elements.patience
        return Walk(
            self._browser,
            self._elements,
            self._base_url,
            about,
            seen["document"],
            seen["now"] + patience * 1000,
            time.monotonic() + patience,
            Files(self._profile, let_go),
        )
