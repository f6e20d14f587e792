"""The files of a portal: reports and certificates, and the folder they come to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from automation_service.browser import Browser
from automation_service.certificate_desk import CertificateDesk
from automation_service.downloads import Downloads
from automation_service.elements import Elements
from automation_service.opening import Opening
from automation_service.profile import Profile
from automation_service.report_desk import ReportDesk
from shared.errors import ProfileMismatch


class PortalFiles:
    """What one portal in one browser has to download."""

    def __init__(
        self,
        browser: Browser,
        elements: Elements,
        profile: Profile,
        opening: Opening,
        patience: float,
    ) -> None:
        """`patience`: seconds until a file begins to come, and that it may stand still."""
        self._browser = browser
        self._elements = elements
        self._profile = profile
        self._opening = opening
        self._patience = patience

    @contextmanager
    def downloads(self, folder: Path) -> Iterator[Downloads]:
        """Fetch files into this folder, which is removed at the end; see downloads.py."""
        with Downloads.into(self._browser, folder, self._patience) as downloads:
            yield downloads

    def reports(self) -> ReportDesk:
        """The portal's reports. Raises ProfileMismatch if the profile knows of none."""
        profile = self._profile
        if profile.reports is None:
            raise ProfileMismatch(f"The profile {profile.name} does not say where reports are.")
        return ReportDesk(self._elements, self._opening, profile.session, profile.reports)

    def certificates(self) -> CertificateDesk:
        """The certificates of batches. Raises ProfileMismatch if the profile knows of none."""
        certificates = self._profile.certificates
        if certificates is None:
            raise ProfileMismatch(
                f"The profile {self._profile.name} does not say where certificates are."
            )
        return CertificateDesk(self._elements, self._opening, self._profile, certificates)
