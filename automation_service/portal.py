"""A portal as an object: log in, list what is pending, read a batch, approve it.

It never shows its driver, and it decides nothing about safety: that is
batch_approval_service.py's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import structlog

from automation_service.browser import Browser
from automation_service.elements import Elements
from automation_service.profile import Locator, Profile
from shared.contracts import Condition, HistoryLine, LoginGate, Reading
from shared.errors import (
    AccountLocked,
    LoginRefused,
    PageChanged,
    PortalTimeout,
    PortalUnavailable,
    ProfileMismatch,
    SessionLost,
)
from shared.utils import utc_now

log = structlog.get_logger()


@dataclass(frozen=True)
class Credentials:
    """Whom the portal knows us as."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class View:
    """A reading together with the page it was read from, so that only that page is acted on.

    `page` tells documents apart; `now` is the page's own clock, in milliseconds.
    """

    reading: Reading
    page: float
    now: float


@dataclass(frozen=True)
class Word:
    """What the portal said after a click: success, refused, lost, no_answer or silence."""

    signal: str
    text: str = ""


class Portal:
    """One portal in one browser, under one account."""

    def __init__(
        self,
        browser: Browser,
        profile: Profile,
        base_url: str,
        credentials: Credentials,
        gate: LoginGate,
    ) -> None:
        """`base_url` is where the profile's paths begin."""
        self._browser = browser
        self._credentials = credentials
        self._base_url = base_url.rstrip("/")
        self.profile = profile
        self.gate = gate
        parts = urlsplit(self._base_url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        patience = profile.timings.step or browser.options.timeout
        self._elements = Elements(browser, patience)
        self._session = profile.session.model_dump()
        self._batch = profile.batch.model_dump(include=_LOOKED_AT, mode="json")

    @property
    def name(self) -> str:
        """The profile's name."""
        return self.profile.name

    @property
    def username(self) -> str:
        """Whom the portal knows us as."""
        return self._credentials.username

    @property
    def session_name(self) -> str:
        """The driver's name for the browser session, for the record."""
        return str(self._browser.driver.session_id)

    @property
    def browser_name(self) -> str:
        """The browser's processes, for the record: group and start."""
        process = self._browser.process
        return f"{process.group}@{process.started:.2f}"

    def serves(self, profile: Profile, base_url: str, credentials: Credentials) -> bool:
        """True if this is that portal under those credentials."""
        same_site = self._base_url == base_url.rstrip("/")
        return same_site and (self.profile, self._credentials) == (profile, credentials)

    def picture(self) -> bytes:
        """What the window shows now, as JPEG."""
        return self._browser.picture()

    def served_item(self) -> None:
        """Count an item towards the browser's replacement."""
        self._browser.items_served += 1

    # -- logging in ---------------------------------------------------------------------------

    def log_in(self) -> None:
        """Log in, when it is our turn.

        Raises LoginRefused or AccountLocked, and tells the gate, if the portal says no.
        """
        with self.gate.turn():
            try:
                self._log_in()
            except LoginRefused as refusal:
                self.gate.refused(refusal)
                raise
        log.info("logged_in", portal=self.name, username=self.username)

    def _log_in(self) -> None:
        login = self.profile.login
        about = {"login": login.model_dump()}
        self._elements.open(self._base_url + login.path)
        secret = {"username": self.username, "password": self._credentials.password}
        form = self._elements.do("enter", {**about, **secret})
        if form["found"] == "inside":
            return
        if form["found"] is None:
            self._raise_for_status(form["http"])
            raise PortalTimeout("The portal did not show its login form.")
        answer = self._elements.ask("answered", about)
        if answer is None:
            raise PortalTimeout("The portal did not answer the login.")
        if answer["answer"] == "refused":
            words = answer["words"]
            locked = login.locked is not None and login.locked.lower() in words.lower()
            raise (AccountLocked if locked else LoginRefused)(f"The portal says: {words}")
        if answer["answer"] != "inside":
            raise PortalUnavailable("The portal failed while we logged in.")

    def logged_in_again(self, look: Callable[[], Any]) -> Any:
        """What `look` finds; if the session is lost, log in again once and look again."""
        try:
            return look()
        except SessionLost:
            log.info("session_lost", portal=self.name)
            self.log_in()
            return look()

    # -- looking ------------------------------------------------------------------------------

    def pending(self, limit: int) -> list[str]:
        """The ids of up to `limit` batches that wait, oldest first."""
        found: list[str] = self.logged_in_again(lambda: self._pending(limit))
        return found

    def _pending(self, limit: int) -> list[str]:
        pending = self.profile.pending.model_dump()
        about = {"session": self._session, "pending": pending}
        self._elements.open(self._base_url + self.profile.pending.path)
        keys: dict[str, None] = {}
        shown = None
        while True:
            shown = self._elements.ask("list", {**about, "page": shown})
            if shown["place"] != "list":
                self._raise_for_place(shown)
                raise PortalTimeout("The portal did not show its list of pending batches.")
            keys.update(dict.fromkeys(shown["keys"]))
            if len(keys) >= limit:
                break
            if not self._elements.do("turn", {"pending": pending})["turned"]:
                break
        return list(keys)[:limit]

    def read(self, key: str) -> Reading:
        """One look at the batch, in a fresh load; see `view`."""
        return self.view(key).reading

    def view(self, key: str) -> View:
        """One look at the batch, in a fresh load.

        A page that prints another id than exactly `key` counts as no such batch. Raises
        SessionLost, PortalUnavailable, PortalTimeout, PageChanged or BrowserDied where nothing
        certain was seen, and ProfileMismatch where the batch's page lacks what the profile names.
        """
        began = utc_now()
        if not key.strip(". "):
            # No URL can carry it: "." and ".." mean folders, however they are written.
            return View(_missing(began, None), 0.0, 0.0)
        url = self._base_url + self.profile.batch_path(key)
        about = {"session": self._session, "batch": self._batch}
        self._elements.open(url)
        seen = self._elements.ask("look", about)
        if seen["cached"]:
            self._elements.reload()
            seen = self._elements.ask("look", about)
        if seen["place"] == "missing":
            if not seen["logged_in"]:
                self._prove_session()
            return View(_missing(began, None), seen["document"], seen["now"])
        if seen["place"] != "batch":
            self._raise_for_place(seen)
            self._raise_for_gap(seen, key)
        if seen["printed_key"] != key:
            return View(_missing(began, seen["printed_key"]), seen["document"], seen["now"])
        return View(self._reading(began, seen), seen["document"], seen["now"])

    def _reading(self, began: datetime, seen: dict[str, Any]) -> Reading:
        words = seen["words"]
        history = seen["history"]
        return Reading(
            began_at=began,
            ended_at=utc_now(),
            logged_in=seen["logged_in"],
            printed_key=seen["printed_key"],
            words=words,
            condition=self.profile.batch.words.get(words, Condition.NOT_APPROVABLE),
            columns=seen["columns"],
            history=None if history is None else tuple(HistoryLine(**line) for line in history),
        )

    def _prove_session(self) -> None:
        """A portal may say "not found" to whoever is not logged in: see whether we are."""
        self._elements.open(self._base_url + self.profile.pending.path)
        seen = self._elements.ask("loggedIn", {"session": self._session})
        if seen["place"] != "inside":
            self._raise_for_place(seen)
            raise PortalTimeout("The portal did not show whether we are logged in.")

    def _raise_for_place(self, seen: dict[str, Any]) -> None:
        if seen["place"] == "lost":
            raise SessionLost("The portal asks us to log in again.")
        self._raise_for_status(seen["http"])

    def _raise_for_status(self, http: int) -> None:
        if http in (401, 403):
            raise SessionLost(f"The portal answered {http}.")
        if http >= 400:
            raise PortalUnavailable(f"The portal answered {http}.")

    def _raise_for_gap(self, seen: dict[str, Any], key: str) -> None:
        batch = self.profile.batch
        if not seen["logged_in"]:
            raise PortalTimeout("The portal showed no mark of being logged in.")
        if seen["printed_key"] != key:
            raise PortalTimeout("The portal did not show the batch's page.")
        absent: Locator = batch.status
        if seen["words"] and batch.history is not None:
            absent = batch.history.ready
        raise ProfileMismatch(
            f"The page of batch {key} has nothing at {absent}; the profile {self.name} expects it."
        )

    # -- approving ----------------------------------------------------------------------------

    def prepare(self, view: View, remark: str, marker: str, patience: float) -> Aim:
        """Take every step but the one with the effect, on the page that `view` was read from.

        Raises PageChanged if the page, the batch on it or its status are others by now, and
        ProfileMismatch if a step finds nothing to use.
        """
        approve = self.profile.approve
        *steps, effect = approve.steps
        assert effect.click is not None
        about = {
            "page": view.page,
            "steps": [step.model_dump(include={"click", "fill"}) for step in steps],
            "effect": effect.click.model_dump(),
            "remark": remark,
            "marker": marker,
            "key": view.reading.printed_key,
            "words": view.reading.words,
            "batch": self._batch,
            "messages": [approve.success.model_dump(), approve.refused.model_dump()],
        }
        asked = time.monotonic()
        answer = self._elements.do("prepare", about, patience)
        self._raise_for_fault(answer)
        # Else the browser may send the request of this click twice.
        self._browser.drop_connections()
        return Aim(self._elements, answer["element"], answer["now"], asked)

    def hear(self, key: str, patience: float | None = None) -> Word:
        """The portal's first word about the batch after a click: a hint, never proof."""
        approve = self.profile.approve
        about = {
            "key": key,
            "batch": self._batch,
            "session": self._session,
            "success": approve.success.model_dump(),
            "refused": approve.refused.model_dump(),
        }
        answer = self._elements.ask("hear", about, patience)
        return Word(answer["signal"], answer.get("words", ""))

    def _raise_for_fault(self, answer: dict[str, Any]) -> None:
        fault = answer.get("fault")
        if fault == "moved":
            raise PageChanged("The page changed before the click.")
        if fault is None:
            return
        step = self.profile.approve.steps[answer["place"]]
        if fault == "absent":
            raise ProfileMismatch(
                f"There was nothing to use at {step.at}; the profile {self.name} expects it."
            )
        raise ProfileMismatch(f"The field at {step.at} does not take our marker.")


class Aim:
    """The one click with the effect, ready to be made once."""

    def __init__(self, elements: Elements, element: Any, now: float, asked: float) -> None:
        """`now`: the page's clock when all was ready (ms); `asked`: ours just before (s)."""
        self._elements = elements
        self._element = element
        self._now = now
        self._asked = asked

    def is_late(self, permit_ends: float) -> bool:
        """True if the page's own clock may have passed `permit_ends` (ms) by now."""
        return self._now + (time.monotonic() - self._asked) * 1000 > permit_ends

    def click(self) -> None:
        """Click. Raises ApplicationError if the click may or may not have been made."""
        self._elements.click(self._element)


_LOOKED_AT = {"printed_key", "missing", "status", "columns", "history"}


def _missing(began: datetime, printed_key: str | None) -> Reading:
    return Reading(
        began_at=began,
        ended_at=utc_now(),
        logged_in=True,
        printed_key=printed_key,
        words="",
        condition=Condition.MISSING,
    )
