"""The browser of a simple task type that asked for one: it reads a portal, and takes pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from pydantic import BaseModel

from automation_service.evidence import EvidenceFolder
from automation_service.portal import Portal
from automation_service.profile import Locator
from shared.contracts import Claim, EvidenceKind
from shared.errors import (
    AgentError,
    ClaimLost,
    NothingClicked,
    PortalClosed,
    TaskFailed,
    TimeIsUp,
)
from worker_service.context import TaskContext
from worker_service.params import PortalParams
from worker_service.portal_site import portal_for


class TaskBrowser:
    """The slot's warm browser at the portal of the params, logged in, and on its hosts alone.

    It starts with the first page. It is for reading: mouse and keys are refused in its pages, since
    what changes something in a portal needs the approval protocol.
    """

    def __init__(
        self, claim: Claim, open_portal: Callable[[], Portal], evidence: EvidenceFolder
    ) -> None:
        """Nothing is started yet; `open_portal` logs in."""
        self._claim = claim
        self._open_portal = open_portal
        self._evidence = evidence
        self._portal: Portal | None = None

    def open(self, address: str) -> None:
        """Load a page of the portal: a path such as "/esc/batches", or an address on its hosts.

        A lost session is logged in again, once. Raises PortalUnavailable or PortalTimeout if the
        page does not come or does not show that we are logged in, what logging in raises, and
        what `Work.check` raises.
        """
        self._claim.still_wanted()
        portal = self._portal = self._portal or self._open_portal()
        portal.logged_in_again(lambda: portal.pages.visit(address))

    def texts(self, at: str | Locator) -> list[str]:
        """What stands at each place found, once there is one: a CSS selector, or a Locator.

        An empty list if nothing is found within SELENIUM_TIMEOUT. Raises what `Work.check` raises.
        """
        return self._shown().pages.texts(_locator(at))

    def text(self, at: str | Locator) -> str:
        """What stands at the first place found. Raises TaskFailed if there is none."""
        found = self.texts(at)
        if not found:
            raise TaskFailed(f"The page has nothing at {at}.")
        return found[0]

    def answer(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page, or of what it promises.

        Raises PageChanged if it fails, and what `Work.check` raises.
        """
        return self._shown().pages.answer(expression)

    def picture(self) -> None:
        """Keep a picture of the page as evidence of the item, secrets covered."""
        portal = self._shown()
        self._take(portal, EvidenceKind.AFTER)

    def picture_of_failure(self) -> None:
        """Keep a picture of what the page shows now that something went wrong, if it can be."""
        if self._portal is not None:
            with suppress(AgentError):
                self._take(self._portal, EvidenceKind.ERROR)

    def leave(self) -> None:
        """The item is over: count it towards the browser's replacement."""
        if self._portal is not None:
            self._portal.served_item()

    def _shown(self) -> Portal:
        self._claim.still_wanted()
        if self._portal is None:
            raise TaskFailed("No page is open: call context.browser.open first.")
        return self._portal

    def _take(self, portal: Portal, kind: EvidenceKind) -> None:
        taken = self._evidence.take(portal, kind, self._claim.key, self._claim.attempt)
        self._claim.note_evidence(taken)


@contextmanager
def browser_for(claim: Claim, params: BaseModel, context: TaskContext) -> Iterator[TaskBrowser]:
    """A browser for one run, at the portal of its params; if the run fails, what it showed."""
    assert isinstance(params, PortalParams), "checked when the task type was made"
    open_portal = partial(portal_for, claim, params, context)
    browser = TaskBrowser(claim, open_portal, context.evidence())
    try:
        yield browser
    except (ClaimLost, NothingClicked, PortalClosed, TimeIsUp):
        raise
    except Exception:
        browser.picture_of_failure()
        raise
    finally:
        browser.leave()


def _locator(at: str | Locator) -> Locator:
    return at if isinstance(at, Locator) else Locator(css=at)
