"""The pages of a portal, for whoever only reads them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from automation_service.browser import Browser
from automation_service.elements import Elements, looked_anew
from automation_service.opening import Opening
from automation_service.page_state import raise_for_place
from automation_service.profile import Locator, Session
from shared.errors import PortalTimeout


class Pages:
    """One page at a time, in a browser that is logged in."""

    def __init__(
        self,
        browser: Browser,
        elements: Elements,
        opening: Opening,
        base_url: str,
        session: Session,
    ) -> None:
        """`base_url` is where addresses begin that do not say so themselves."""
        self._browser = browser
        self._elements = elements
        self._opening = opening
        self._base_url = base_url
        self._session = session.model_dump()

    def visit(self, address: str) -> None:
        """Load a page, and wait until it shows that we are logged in.

        `address` is a path of the portal, or a whole address on a host that its profile allows.
        Raises SessionLost, PortalUnavailable, PortalTimeout and BrowserDied.
        """
        # The portal may lie below a path of its host.
        below = f"{self._base_url}{address}" if address.startswith("/") else address
        url = urljoin(f"{self._base_url}/", below)
        seen = looked_anew(lambda: self._load(url))
        if seen["place"] != "inside":
            raise_for_place(seen)
            raise PortalTimeout(f"{address} did not show that we are logged in.")

    def _load(self, url: str) -> Any:
        self._opening.visit(url)
        return self._elements.read("loggedIn", {"session": self._session})

    def texts(self, at: Locator) -> list[str]:
        """What stands at each place that is found, once there is one; none if none comes in time.

        Raises ProfileMismatch if the locator says what no page understands.
        """
        found: list[str] = self._elements.ask("textsAt", {"at": at.model_dump()})
        return found

    def answer(self, expression: str) -> Any:
        """The value of a JavaScript expression, or of what it promises.

        Raises PageChanged if it fails, PageMoved if the page goes away meanwhile.
        """
        return self._browser.evaluate(expression, self._browser.options.timeout)
