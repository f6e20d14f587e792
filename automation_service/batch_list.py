"""A list of batches in the portal, gone through page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from automation_service.browser import Browser
from automation_service.elements import Elements
from automation_service.opening import LOOKING_SECONDS, Opening
from automation_service.page_state import raise_for_place
from automation_service.profile import Listing, Lookup, Session
from automation_service.profile.placeholder import fill_path
from shared.errors import ProfileInDoubt, ProfileMismatch

MORE_ROWS_SECONDS = 2.0
"""How long a list that was scrolled to its end may take to bring more."""


@dataclass(frozen=True)
class Row:
    """A batch as its list shows it. `found` is what else the row told, by name."""

    key: str
    found: dict[str, str]


class BatchList:
    """One of the portal's lists, in a browser that is logged in."""

    def __init__(
        self,
        browser: Browser,
        elements: Elements,
        opening: Opening,
        session: Session,
        listing: Listing,
    ) -> None:
        """Load nothing yet."""
        self._browser = browser
        self._elements = elements
        self._opening = opening
        self._listing = listing
        self._session = session
        self._about = {"session": session.model_dump(), "listing": listing.model_dump()}

    def pages(self, key: str = "") -> Iterator[list[Row]]:
        """The rows, page by page; those of the search for `key` where the list is one.

        Raises SessionLost, PortalUnavailable, PortalTimeout, PageChanged or BrowserDied where
        nothing certain was seen.
        """
        values = {"key": key}
        number: int | None = self._listing.first_page
        shown = self._begin(values, number)
        seen: set[str] = set()
        fresh = False
        is_left = self._listing.back is not None
        went = ""
        while True:
            shown = self._elements.read("list", {**self._about, "values": values, **shown})
            if number is not None and seen and shown["http"] in (400, 404):
                return
            if shown["place"] != "list":
                raise_for_place(shown)
                raise ProfileInDoubt(self._told_fault(shown, went))
            self._browser.troubles.are_usual()
            if is_left:
                # It may open where somebody, such as we, left it.
                is_left = False
                if self._turn(values, "back"):
                    went = "back"
                    shown = {"page": shown}
                    continue
            rows = [Row(row["key"], row["found"]) for row in shown["rows"] if row["key"]]
            yield rows
            fresh = fresh or any(row.key not in seen for row in rows)
            seen.update(row.key for row in rows)
            if self._scrolls_on(values):
                shown = {"page": None}
                continue
            if not fresh:
                # The last page again, which some portals show for ever.
                return
            fresh = False
            if number is not None:
                number += 1
            elif not self._turn(values, "next"):
                return
            went = "next"
            shown = self._next(values, number, shown)

    def _told_fault(self, shown: dict[str, Any], went: str) -> str:
        """Why the list is none; `went` is where we clicked for other rows, if we did."""
        if shown["keyless"]:
            return (
                f"The rows of the portal's list tell no id at {self._listing.key}; "
                "what shows where there are none goes into 'empty'."
            )
        if went == "back":
            return (
                f"The portal's list did not go back after a click on {self._listing.back}; on the "
                "first page that has to be absent, hidden or disabled."
            )
        if went and self._listing.next:
            return (
                f"The portal's list did not go on after a click on {self._listing.next}; on the "
                "last page that has to be absent, hidden or disabled, or its 'unless' has to show."
            )
        return self._told_gap(shown["gap"])

    def _told_gap(self, gap: str) -> str:
        listing = self._listing
        if gap == "busy":
            why = f"what shows while it fills did not go away at {listing.busy}"
        else:
            places = {
                "logged_in": self._session.logged_in,
                "ready": listing.ready,
                "row": listing.row,
            }
            nor = f"; nor at {listing.empty}" if listing.empty and gap != "logged_in" else ""
            why = f"nothing shows at {places[gap]}{nor}"
        return f"The portal did not show its list of batches: {why}."

    def find(self, key: str) -> list[dict[str, str]]:
        """What the row of the batch tells, by name; none if no row is exactly this batch's.

        More than one if rows that differ call themselves so. Raises as `pages` does.
        """
        for rows in self.pages(key):
            found = [row.found for row in rows if row.key == key]
            if found:
                return [one for place, one in enumerate(found) if one not in found[:place]]
        return []

    def _begin(self, values: dict[str, str], number: int | None) -> dict[str, Any]:
        self._load(values, number)
        if not isinstance(self._listing, Lookup) or self._listing.box is None:
            return {"page": None}
        self._browser.await_stillness(by_sockets=True)
        self._browser.pacer.turn()
        page = self._elements.do("search", {**self._about, "text": values["key"]})
        if page["absent"]:
            raise_for_place(page)
            absent = getattr(self._listing, page["absent"])
            raise ProfileMismatch(f"There is nothing to search with at {absent}.")
        return {"page": page, "sought": values["key"]}

    def _load(self, values: dict[str, str], number: int | None) -> None:
        numbered = {} if number is None else {"page": str(number)}
        path = fill_path(self._listing.path, {**values, **numbered})
        fault = self._opening.go(path, self._listing.open, values)
        if fault:
            seen = self._elements.ask(
                "loggedIn", {"session": self._about["session"]}, LOOKING_SECONDS
            )
            raise_for_place(seen)
            raise ProfileInDoubt(f"The portal did not lead to its list. {fault}")

    def _scrolls_on(self, values: dict[str, str]) -> bool:
        if not self._listing.scrolls:
            return False
        about = {"listing": self._about["listing"], "values": values}
        return bool(self._elements.ask("scroll", about, MORE_ROWS_SECONDS)["more"])

    def _turn(self, values: dict[str, str], way: str) -> bool:
        about = {"at": self._about["listing"][way], "values": values}
        if not about["at"]:
            return False
        self._browser.await_stillness(by_sockets=True)
        self._browser.pacer.turn()
        return bool(self._elements.do("turn", about)["turned"])

    def _next(
        self, values: dict[str, str], number: int | None, shown: dict[str, Any]
    ) -> dict[str, Any]:
        if number is not None:
            self._load(values, number)
        return {"page": None if number is not None else shown}
