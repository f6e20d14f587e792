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
    """A browser of its own, logged in."""

    def __init__(self, application: Application, options: BrowserOptions, results: Path) -> None:
        """Start it and log in."""
        self.application = application
        self.browser = Browser(options, lambda process: None)
        who = application.credentials
        self.browser.mask.cover(who.password)
        self.portal = Portal(
            self.browser, application.profile(), application.url, who, InMemoryGate()
        )
        self.portal.log_in()
        self._results = results

    def act(self, claim: InMemoryClaim) -> ItemOutcome:
        """Do with the claimed item what is to be done here."""
        evidence = EvidenceFolder(self._results, claim.task_id)
        service = BatchApprovalService(self.portal, evidence, self.application.action)
        return service.act(claim, "As agreed.")

    def lose_session(self) -> None:
        """Forget all that says who we are, as when a session has ended."""
        about = {"origin": self.portal.origin, "storageTypes": "cookies,local_storage"}
        self.browser.driver.execute_cdp_cmd("Storage.clearDataForOrigin", about)
