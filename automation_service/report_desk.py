"""Asks the portal for a report, waits until it is made, and fetches its file."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import structlog

from automation_service.downloads import Download, Downloads
from automation_service.elements import Elements
from automation_service.file_kinds import FileKind
from automation_service.opening import Opening
from automation_service.page_state import raise_for_place
from automation_service.profile import Reports, Session
from shared.errors import (
    BusinessError,
    PortalTimeout,
    PortalUnavailable,
    ProfileInDoubt,
    ProfileMismatch,
)

log = structlog.get_logger()

T = TypeVar("T")

_LOOK_SECONDS = 2.0
"""How long the page is left to itself before it is asked whether anybody still wants the report."""


@dataclass(frozen=True)
class ReportWish:
    """What is asked for; both days are included."""

    kind: str
    from_date: date
    to_date: date
    file_kind: FileKind


@dataclass(frozen=True)
class FetchedReport:
    """A report's file, and how many records the portal says it has; None if it does not say."""

    file: Download
    rows: int | None


class ReportDesk:
    """The portal's reports, for whoever is logged in."""

    def __init__(
        self,
        elements: Elements,
        opening: Opening,
        session: Session,
        reports: Reports,
    ) -> None:
        """`reports` is the profile's part."""
        self._elements = elements
        self._opening = opening
        self._reports = reports
        self._session = session.model_dump()
        self._about = {"session": self._session, "reports": reports.model_dump()}

    def columns(self, kind: str) -> tuple[str, ...]:
        """The headings that a report of this kind begins with. Raises ProfileMismatch."""
        return self._known(self._reports.kinds, kind).columns

    def fetch(
        self, wish: ReportWish, downloads: Downloads, check: Callable[[], None]
    ) -> FetchedReport:
        """Ask for the report and fetch it; asking again makes another, which harms nobody.

        `check` is called while we wait, and raises if nobody wants it any more. Raises
        BusinessError if the portal says no, ProfileMismatch if the form has no such choice,
        SessionLost, PortalUnavailable, PortalTimeout, and DownloadFailed.
        """
        about = {**self._about, "values": {"report": self._ask(wish)}}
        rows = self._wait(about, check)
        where = {name: about["reports"][name] for name in ("row", "file")}
        file = downloads.fetch(
            lambda: self._elements.do("followFile", {**about, **where}),
            wish.file_kind,
            look=self._look,
            check=check,
        )
        log.info("report_fetched", kind=wish.kind, rows=rows, size=file.size)
        return FetchedReport(file, rows)

    def _ask(self, wish: ReportWish) -> str:
        reports = self._reports
        wanted = {
            "kind": self._known(reports.kinds, wish.kind).choose,
            "from_date": wish.from_date.strftime(reports.date_format),
            "to_date": wish.to_date.strftime(reports.date_format),
            "format": self._known(reports.formats, wish.file_kind.value),
        }
        self._opening.go(reports.path, (), {})
        seen = self._elements.do("askForReport", {**self._about, "wanted": wanted})
        if seen["place"] != "form":
            raise_for_place(seen)
            if seen["absent"]:
                absent = getattr(reports, seen["absent"])
                raise ProfileInDoubt(f"The portal's form for reports has nothing at {absent}.")
            raise PortalTimeout("The portal's form for reports did not show that we are logged in.")
        if seen["refusing"]:
            value = wanted[seen["refusing"]]
            raise ProfileMismatch(
                f"The portal's form for reports does not take {value!r} as {seen['refusing']}."
            )
        heard = self._elements.ask("hearOfReport", self._about)
        if heard["place"] == "refused":
            raise self._refusal(heard["words"])
        if heard["place"] != "asked" or not heard["report"]:
            raise_for_place(heard)
            raise ProfileInDoubt(
                f"The portal did not say that it makes the report: nothing new at {reports.asked}."
            )
        return str(heard["report"])

    def _known(self, choices: Mapping[str, T], name: str) -> T:
        if name not in choices:
            known = ", ".join(choices)
            raise ProfileMismatch(f"The profile knows of no report as {name!r}, only as {known}.")
        return choices[name]

    def _wait(self, about: dict[str, Any], check: Callable[[], None]) -> int | None:
        deadline = time.monotonic() + self._reports.patience
        while True:
            check()
            found = self._elements.ask("awaitReport", about, _LOOK_SECONDS)
            if found["place"] == "ready":
                told = str(found["rows"] or "").replace(",", "")
                return int(told) if told.isdecimal() else None
            raise_for_place(found)
            if time.monotonic() >= deadline:
                patience = self._reports.patience
                raise PortalTimeout(f"The portal did not make the report within {patience:.0f} s.")

    def _refusal(self, words: str) -> Exception:
        if any(text in words for text in self._reports.passing):
            return PortalUnavailable(f"The portal did not make the report: {words}")
        return BusinessError(f"The portal says: {words}")

    def _look(self) -> None:
        """Raise if the page shows that no file will come."""
        seen = self._elements.ask("standing", {"session": self._session})
        if seen["place"] == "no_answer":
            raise PortalUnavailable("The portal failed while it sent the report.")
        raise_for_place(seen)
