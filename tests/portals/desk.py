"""An officer at a browser in front of somebody else's application."""

from __future__ import annotations

from pathlib import Path

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.browser import Browser, BrowserOptions
from automation_service.evidence import EvidenceFolder
from automation_service.portal import Portal
from shared.contracts import ItemOutcome
from tests.integration.automation_service.worker_double import InMemoryClaim, InMemoryGate
from tests.portals.application import Application


class Desk:
    """A browser of its own, logged in; another in its place once that one was ended."""

    def __init__(self, application: Application, options: BrowserOptions, results: Path) -> None:
        """Start it and log in."""
        self.application = application
        self._options = options
        self._results = results
        self.browser, self.portal = self._open()

    def close(self) -> None:
        """End its browser."""
        self.browser.quit()

    def act(self, claim: InMemoryClaim) -> ItemOutcome:
        """Do with the claimed item what is to be done here."""
        if not self.browser.alive():
            self.close()
            self.browser, self.portal = self._open()
        evidence = EvidenceFolder(self._results, claim.task_id)
        service = BatchApprovalService(self.portal, evidence, self.application.action)
        return service.act(claim, "As agreed.")

    def lose_session(self) -> None:
        """Forget all that says who we are, as when a session has ended."""
        about = {"origin": self.portal.origin, "storageTypes": "cookies,local_storage"}
        self.browser.driver.execute_cdp_cmd("Storage.clearDataForOrigin", about)

    def _open(self) -> tuple[Browser, Portal]:
        application, browser = self.application, Browser(self._options, lambda process: None)
        who = application.credentials
        browser.mask.cover(who.password)
        portal = Portal(browser, application.profile(), application.url, who, InMemoryGate())
        portal.log_in()
        return browser, portal
