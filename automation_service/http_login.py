"""Logging in where the portal has no form, and asks the browser by HTTP who we are."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from automation_service.browser import Browser
from automation_service.elements import Elements
from automation_service.page_state import raise_for_place
from automation_service.profile import Profile
from shared.errors import LoginRefused, ProfileInDoubt, SessionLost


class HttpLogin:
    """Basic or Digest (RFC 7617, 7616): the browser is told once, and answers each time then."""

    def __init__(self, browser: Browser, elements: Elements, profile: Profile) -> None:
        """Ask nothing yet."""
        self._browser = browser
        self._elements = elements
        self._session = profile.session.model_dump()
        self._inside = profile.session.logged_in

    def enter(self, url: str, username: str, password: str) -> None:
        """Answer what `url` asks, once.

        Raises LoginRefused if the portal asks again, ProfileInDoubt if it lets us in and shows no
        mark of it, and PortalUnavailable, PortalTimeout and BrowserDied.
        """
        try:
            self._browser.navigate(url)
        except SessionLost:
            self._answer(url, username, password)
            self._browser.navigate(url)
        seen = self._elements.ask("loggedIn", {"session": self._session})
        raise_for_place(seen)
        if seen["place"] != "inside":
            raise ProfileInDoubt(f"The portal let us in, but nothing shows at {self._inside}.")

    def _answer(self, url: str, username: str, password: str) -> None:
        who, host = quote(username, safe=""), urlsplit(url).netloc
        told = f"//{who}:{quote(password, safe='')}@{host}"
        try:
            # A page knows the address it was asked for by, and could tell it to anybody.
            with self._browser.without_scripts():
                self._browser.navigate(url.replace(f"//{host}", told, 1))
        except SessionLost:
            raise LoginRefused("The portal refused the user name or the password.") from None
