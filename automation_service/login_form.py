"""A portal's login form: filled in, sent once, and what came of it."""

from __future__ import annotations

from typing import Any

from automation_service.elements import Elements
from automation_service.profile import Profile
from shared.errors import AccountLocked, LoginRefused, PortalUnavailable, ProfileInDoubt


class LoginForm:
    """The form in a window that shows it, or is about to."""

    def __init__(self, elements: Elements, profile: Profile) -> None:
        """Ask nothing yet."""
        self._elements = elements
        self._locked = (profile.login.locked or "").lower()
        self._has_two_parts = profile.login.next is not None
        login = profile.login.model_dump(exclude={"path", "locked"})
        success = login["success"] or profile.session.logged_in.model_dump()
        self._about = {"login": {**login, "success": success}}

    def enter(self, username: str, password: str) -> dict[str, Any]:
        """Send the form, once; `found` tells if there was one, "inside" that none was needed.

        It is "refused" if the portal refuses the name alone.
        """
        if self._has_two_parts:
            named = self._elements.do("enterName", {**self._about, "username": username})
            if named["found"] == "form":
                named = self._elements.ask("afterName", self._about)
            if named["found"] != "form":
                return dict(named)
        secret = {"username": username, "password": password}
        found: dict[str, Any] = self._elements.do("enter", {**self._about, **secret})
        return found

    def raise_for_answer(self, form: dict[str, Any], scrubbed: Any) -> None:
        """Wait for what the portal says to the `form` that was sent; nothing if it let us in.

        `scrubbed` takes secrets out of the portal's words. Raises AccountLocked, LoginRefused,
        ProfileInDoubt or PortalUnavailable.
        """
        answer = self._elements.ask("answered", {**self._about, "page": form["document"]})
        if answer is None:
            raise ProfileInDoubt("The portal did not answer the login.")
        if answer["answer"] in ("refused", "locked"):
            words = scrubbed(answer["words"])
            locked = answer["answer"] == "locked" or (
                bool(self._locked) and self._locked in words.lower()
            )
            raise (AccountLocked if locked else LoginRefused)(f"The portal says: {words}")
        if answer["answer"] != "inside":
            raise PortalUnavailable("The portal failed while we logged in.")
