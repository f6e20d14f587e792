"""A portal's login form: filled in, sent once, and what came of it."""

from __future__ import annotations

from typing import Any

from automation_service.elements import Elements
from automation_service.profile import Locator, Profile
from shared.errors import AccountLocked, LoginRefused, PortalUnavailable, ProfileInDoubt


class LoginForm:
    """The form in a window that shows it, or is about to."""

    def __init__(self, elements: Elements, profile: Profile) -> None:
        """Ask nothing yet."""
        self._elements = elements
        self._locked = (profile.login.locked or "").lower()
        self._login = profile.login
        login = profile.login.model_dump(exclude={"path", "locked"})
        self._inside = profile.login.success or profile.session.logged_in
        self._about = {"login": {**login, "success": self._inside.model_dump()}}

    def enter(self, username: str, password: str) -> dict[str, Any]:
        """Send the form, once; `found` tells if there was one, "inside" that none was needed.

        It is "refused" if the portal refuses the name alone. Raises ProfileInDoubt if a button of
        the form is not there or stays disabled.
        """
        seen = self._await_form("entrance")
        if seen["found"] != "form":
            return seen
        if self._login.next is not None:
            named = self._elements.do("enterName", {**self._about, "username": username})
            _raise_if_unusable(named, self._login.next)
            if named["found"] == "form":
                named = self._await_form("afterName")
            if named["found"] != "form":
                return dict(named)
        secret = {"username": username, "password": password}
        found: dict[str, Any] = self._elements.do("enter", {**self._about, **secret})
        _raise_if_unusable(found, self._login.submit)
        return found

    def _await_form(self, question: str) -> dict[str, Any]:
        seen: dict[str, Any] = self._elements.ask(question, self._about)
        if seen["found"] == "form":
            self._elements.await_stillness()
        return seen

    def raise_for_answer(self, form: dict[str, Any], scrubbed: Any) -> None:
        """Wait for what the portal says to the `form` that was sent; nothing if it let us in.

        `scrubbed` takes secrets out of the portal's words. Raises AccountLocked, LoginRefused,
        ProfileInDoubt or PortalUnavailable.
        """
        answer = self._elements.ask("answered", {**self._about, "page": form["document"]})
        if answer is None:
            raise ProfileInDoubt(
                f"The portal did not answer the login: nothing shows at {self._inside}; that would "
                "show once we are logged in."
            )
        if answer["answer"] in ("refused", "locked"):
            words = scrubbed(answer["words"])
            locked = answer["answer"] == "locked" or (
                bool(self._locked) and self._locked in words.lower()
            )
            raise (AccountLocked if locked else LoginRefused)(f"The portal says: {words}")
        if answer["answer"] != "inside":
            with_status = f" with {answer['http']}" if "http" in answer else ""
            raise PortalUnavailable(f"The portal failed{with_status} while we logged in.")


def _raise_if_unusable(form: dict[str, Any], button: Locator | None) -> None:
    if form["found"] == "unusable":
        raise ProfileInDoubt(f"The login form's button at {button} stays disabled.")
