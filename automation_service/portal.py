"""A portal as an object: log in, list what is pending, open a batch.

It never shows its driver, and it decides nothing about safety: that is
batch_approval_service.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import structlog

from automation_service.batch_page import BatchPage
from automation_service.browser import Browser
from automation_service.certificate_desk import TraineeFile
from automation_service.downloads import Downloads
from automation_service.elements import Elements, looked_anew
from automation_service.inspection import Inspection
from automation_service.opening import LOOKING_SECONDS
from automation_service.page_state import raise_for_place, raise_if_troubled
from automation_service.pages import Pages
from automation_service.portal_files import PortalFiles
from automation_service.profile import Action, Batch, Locator, Profile
from automation_service.profile.placeholder import fill_path
from automation_service.ways import ways_class
from shared.contracts import Condition, HistoryLine, LoginGate, Pacer, Reading
from shared.errors import (
    LoginRefused,
    PortalTimeout,
    ProfileMismatch,
    SessionLost,
)
from shared.utils import utc_now

log = structlog.get_logger()

NOT_LISTED = "not on the list of those that wait"


@dataclass(frozen=True)
class Credentials:
    """Whom the portal knows us as."""

    username: str
    password: str = field(repr=False)


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
        self.base_url = base_url.rstrip("/")
        self.profile = profile
        self.gate = gate
        self.has_logged_in = False
        self.logins = 0
        """How often somebody logged in here."""
        self._last_document = 0.0
        self._found: dict[str, dict[str, str]] = {}
        parts = urlsplit(self.base_url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        patience = profile.timings.step or browser.options.timeout
        self._elements = Elements(browser, patience)
        self._ways = ways_class(profile)(browser, profile, base_url, *astuple(credentials))
        self._opening = self._ways.opening
        self._opening.enter = lambda: self._in_turn(self._ways.enter)
        self.files = PortalFiles(browser, self._elements, profile, self._opening, patience)
        """What the portal has to download."""
        self.inspection = Inspection(browser)
        """Looks at pages on which something failed."""
        self.pages = Pages(browser, self._elements, self._opening, self.base_url, profile.session)
        self._session = profile.session.model_dump()

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
        return self._browser.process.name

    def serves(self, profile: Profile, base_url: str, credentials: Credentials) -> bool:
        """True if this is that portal under those credentials."""
        same_site = self.base_url == base_url.rstrip("/")
        return same_site and (self.profile, self._credentials) == (profile, credentials)

    def pace(self, pacer: Pacer) -> None:
        """Ask the portal for pages at this pace from now on."""
        self._browser.pacer = pacer

    def picture(self) -> bytes:
        """What the window shows now, as JPEG."""
        return self._browser.picture()

    def scrubbed(self, text: str) -> str:
        """`text` without the secrets that were typed in the window."""
        return self._browser.mask.scrubbed(text)

    def leave_page(self) -> None:
        """Be where no script of the portal runs, if the page was clicked on.

        Raises BrowserDied if the browser does not go.
        """
        self._browser.leave_page()

    def fetch_certificates(
        self, key: str, downloads: Downloads, check: Callable[[], None]
    ) -> list[TraineeFile]:
        """Every certificate of the batch, whose page was seen before; see CertificateDesk.fetch.

        If the session is lost, logs in again once and begins anew.
        """

        def fetch() -> list[TraineeFile]:
            (values,) = self._values_of(key)
            return self.files.certificates().fetch(values, downloads, check)

        found: list[TraineeFile] = self.logged_in_again(fetch)
        return found

    def served_item(self) -> None:
        """Count an item towards the browser's replacement."""
        self._browser.items_served += 1

    # -- logging in ---------------------------------------------------------------------------

    def log_in(self) -> None:
        """Log in, when it is our turn.

        Raises LoginRefused or AccountLocked, and tells the gate, if the portal says no.
        """
        self._in_turn(self._ways.log_in)
        self.has_logged_in = True
        self.logins += 1
        log.info("logged_in", portal=self.name, username=self.username)

    def _in_turn(self, enter: Callable[[], None]) -> None:
        with self.gate.turn():
            try:
                enter()
            except LoginRefused as refusal:
                self.gate.refused(refusal)
                raise

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
        found: list[str] = self.logged_in_again(
            lambda: looked_anew(lambda: self._ways.pending(limit))
        )
        return found

    def read(self, key: str, action: str = "approve") -> Reading:
        """One look at the batch, in a fresh load; see `open_batch`."""
        return self.open_batch(key, action).reading

    def open_batch(self, key: str, action: str = "approve") -> BatchPage:
        """The batch's page, freshly loaded and read with an eye to this action of the profile.

        A page that prints another id than exactly `key` counts as no such batch. Raises
        SessionLost, PortalUnavailable, PortalTimeout, PageChanged or BrowserDied where nothing
        certain was seen, and ProfileMismatch where the batch's page lacks what the profile names.
        """
        began = utc_now()
        wanted = self.profile.action(action)
        if not key.strip(". "):
            # No URL can carry it: "." and ".." mean folders, however they are written.
            return self._page(wanted, _missing(began, None), _NOWHERE)
        remembered = key in self._found
        page = looked_anew(lambda: self._open(key, wanted, began))
        if remembered and page.reading.condition is Condition.MISSING:
            # What was found of it earlier leads there no more.
            del self._found[key]
            page = looked_anew(lambda: self._open(key, wanted, began))
        return page

    def _open(self, key: str, wanted: Action, began: datetime) -> BatchPage:
        found = self._values_of(key)
        if len(found) == 1:
            page = self._open_at(self.profile.batch_for(wanted), found[0], wanted, began)
            is_there = page.reading.condition is not Condition.MISSING
        else:
            page = self._page(wanted, self._not_one(began, len(found)), _NOWHERE)
            is_there = bool(found)
        other = self.profile.batch_elsewhere(wanted)
        if is_there or other is None:
            return page
        moved = self._open_at(other, {"key": key}, wanted, began)
        return page if moved.reading.condition is Condition.MISSING else moved

    def _open_at(
        self, batch: Batch, values: dict[str, str], wanted: Action, began: datetime
    ) -> BatchPage:
        key = values["key"]
        seen = self._look(batch, values)
        if seen["place"] == "missing":
            if not seen["logged_in"]:
                self._prove_session()
            return self._page(wanted, _missing(began, None), seen)
        if seen["place"] != "batch":
            raise_for_place(seen)
            self._raise_for_gap(batch, seen, key)
        self._browser.troubles.are_usual()
        if seen["printed_key"] != key:
            return self._page(wanted, _missing(began, seen["printed_key"]), seen)
        return self._page(wanted, self._reading(began, seen, wanted), seen)

    def _values_of(self, key: str) -> list[dict[str, str]]:
        """What stands for the placeholders of the batch's part, for all that are called `key`."""
        if key in self._found:
            return [self._found[key]]
        rows = self._ways.find(key)
        found = [{**row, "key": key} for row in rows]
        if len(found) == 1 and rows[0]:
            self._found[key] = found[0]
        return found

    def _not_one(self, began: datetime, count: int) -> Reading:
        """A batch that the lookup did not find, or found more than once."""
        missing = _missing(began, None)
        only_pending = self.profile.lookup is not None and self.profile.lookup.lists == "pending"
        if count == 0 and not only_pending:
            return missing
        words = f"listed {count} times" if count else NOT_LISTED
        return replace(missing, words=words, condition=Condition.MAY_NOT_BE_DONE)

    def _look(self, batch: Batch, values: dict[str, str]) -> dict[str, Any]:
        path = fill_path(batch.path, values)
        fault = self._opening.go(path, batch.open, values, batch.missing)
        about = {
            "session": self._session,
            "batch": batch.model_dump(include=_LOOKED_AT, mode="json"),
            "stale": self._last_document,
            "values": values,
        }
        seen: dict[str, Any] = self._elements.read(
            "look", about, LOOKING_SECONDS if fault else None
        )
        if fault and seen["place"] not in ("lost", "missing"):
            raise PortalTimeout(f"The portal did not lead to the batch. {fault}")
        self._last_document = seen["document"]
        return {**seen, "values": {**seen["columns"], **values}, "batch": batch}

    def _page(self, action: Action, reading: Reading, seen: dict[str, Any]) -> BatchPage:
        own = {"batch": self.profile.batch_for(action)}
        known = {**own, **seen, "base_url": self.base_url, "ways": self._ways}
        return BatchPage(self._browser, self._elements, self.profile, action, reading, known)

    def _reading(self, began: datetime, seen: dict[str, Any], action: Action) -> Reading:
        words = seen["words"]
        history = seen["history"]
        return Reading(
            began_at=began,
            ended_at=utc_now(),
            logged_in=seen["logged_in"],
            printed_key=seen["printed_key"],
            words=words,
            condition=self.profile.condition_of(words, action),
            columns=seen["columns"],
            history=None if history is None else tuple(HistoryLine(**line) for line in history),
        )

    def _prove_session(self) -> None:
        """A portal may say "not found" to whoever is not logged in: see whether we are."""
        seen = self._seen_on_list()
        if seen["place"] != "inside":
            raise_for_place(seen)
            raise PortalTimeout("The portal did not show whether we are logged in.")

    def _seen_on_list(self) -> dict[str, Any]:
        self._opening.go(self.profile.pending.path, (), {})
        seen: dict[str, Any] = self._elements.read("loggedIn", {"session": self._session})
        return seen

    def _raise_for_gap(self, batch: Batch, seen: dict[str, Any], key: str) -> None:
        if not seen["logged_in"]:
            # Some send whoever is logged out to a page of which only the next load tells that.
            raise_for_place(self._seen_on_list())
            raise PortalTimeout("The portal showed no mark of being logged in.")
        if seen["printed_key"] != key:
            shown = seen["printed_key"]
            missing = f", nor anything at {batch.missing}" if batch.missing else ""
            told = f"it shows {shown!r}" if shown else f"nothing is at {batch.printed_key}{missing}"
            raise PortalTimeout(f"The portal did not show the batch's page: {told}.")
        absent: Locator = batch.status
        if batch.ready is not None and not seen["ready"]:
            absent = batch.ready
        elif seen["words"] and batch.history is not None:
            absent = batch.history.ready
        told = (
            f"The profile {self.name} does not match: "
            f"the page of batch {key} has nothing at {absent}; the profile expects it."
        )
        raise_if_troubled(self._browser, told)
        raise ProfileMismatch(told)


_NOWHERE: dict[str, Any] = {"document": 0.0, "now": 0.0, "values": {}}
_LOOKED_AT = {"printed_key", "ready", "missing", "status", "words", "columns", "history"}


def _missing(began: datetime, printed_key: str | None) -> Reading:
    return Reading(
        began_at=began,
        ended_at=utc_now(),
        logged_in=True,
        printed_key=printed_key,
        words="",
        condition=Condition.MISSING,
    )
