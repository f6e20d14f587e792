"""Fetches the certificates of a batch, one PDF a trainee, and sees to it that each is theirs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from automation_service.downloads import Download, Downloads
from automation_service.elements import Elements
from automation_service.file_kinds import FileKind
from automation_service.opening import Opening
from automation_service.page_state import raise_for_place
from automation_service.pdf_text import says
from automation_service.profile import Certificates, Profile
from shared.errors import (
    DownloadFailed,
    PortalTimeout,
    PortalUnavailable,
    ProfileInDoubt,
    ProfileMismatch,
)

log = structlog.get_logger()

_LOOK_SECONDS = 2.0
"""How long the page is left to itself before it is asked whether anybody still wants them."""


@dataclass(frozen=True)
class TraineeFile:
    """A trainee's certificate, checked."""

    trainee: str
    name: str
    file: Download


class CertificateDesk:
    """The certificates of batches, for whoever is logged in."""

    def __init__(
        self,
        elements: Elements,
        opening: Opening,
        profile: Profile,
        certificates: Certificates,
    ) -> None:
        """`certificates` is the profile's part."""
        self._elements = elements
        self._opening = opening
        self._profile = profile
        self._certificates = certificates
        self._about = {
            "session": profile.session.model_dump(),
            "batch": profile.batch.model_dump(include={"printed_key"}),
            "certificates": certificates.model_dump(),
        }

    def action_for(self, template: str) -> str:
        """The action that issues certificates so. Raises ProfileMismatch if there is none."""
        actions = self._certificates.actions
        if template not in actions:
            known = ", ".join(actions)
            raise ProfileMismatch(f"The profile knows no template {template!r}, only {known}.")
        return actions[template]

    def fetch(
        self, values: dict[str, str], downloads: Downloads, check: Callable[[], None]
    ) -> list[TraineeFile]:
        """Every certificate of the batch whose page has these `values`, in the list's order.

        Waits until all are made. `check` is called meanwhile, and raises if nobody wants them any
        more. Raises SessionLost, PortalUnavailable, PortalTimeout, and DownloadFailed, also where
        a certificate is not that of its trainee.
        """
        about = {**self._about, "values": values}
        batch = self._profile.batch
        fault = self._opening.go(self._profile.batch_path(values), batch.open, values)
        if fault:
            raise PortalTimeout(f"The portal did not lead to the batch. {fault}")
        trainees = self._wait(about, check)
        found = [self._fetch_one(about, trainee, downloads, check) for trainee in trainees]
        log.info("certificates_fetched", key=values["key"], count=len(found))
        return found

    def _wait(self, about: dict[str, Any], check: Callable[[], None]) -> list[dict[str, str]]:
        made, moved_at = -1, time.monotonic()
        patience = self._certificates.patience
        while True:
            check()
            seen = self._elements.ask("certificates", about, _LOOK_SECONDS)
            if seen["place"] == "ready":
                trainees: list[dict[str, str]] = seen["trainees"]
                return trainees
            raise_for_place(seen)
            if seen["made"] > made:
                made, moved_at = seen["made"], time.monotonic()
            if time.monotonic() - moved_at >= patience:
                if not seen["trainees"]:
                    raise ProfileInDoubt(
                        f"The batch's page shows no trainee at {self._certificates.row}."
                    )
                count = f"{max(made, 0)} of {len(seen['trainees'])}"
                raise PortalTimeout(
                    f"The portal made {count} certificates, and none for {patience:.0f} s."
                )

    def _fetch_one(
        self,
        about: dict[str, Any],
        trainee: dict[str, str],
        downloads: Downloads,
        check: Callable[[], None],
    ) -> TraineeFile:
        question = {**about, "trainee": trainee["id"]}
        file = downloads.fetch(
            lambda: self._elements.do("followCertificate", question),
            FileKind.PDF,
            look=self._look,
            check=check,
        )
        for words in (trainee["id"], trainee["name"]):
            if not says(file.path, words):
                raise DownloadFailed(
                    f"The certificate of {trainee['id']} does not name {words!r}: "
                    "it may be somebody else's."
                )
        return TraineeFile(trainee["id"], trainee["name"], file)

    def _look(self) -> None:
        """Raise if the page shows that no file will come."""
        seen = self._elements.ask("standing", {"session": self._about["session"]})
        if seen["place"] == "no_answer":
            raise PortalUnavailable("The portal failed while it sent a certificate.")
        raise_for_place(seen)
