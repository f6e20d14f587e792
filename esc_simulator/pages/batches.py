"""The dashboard and the list of batches."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from esc_simulator.batch import BatchStatus
from esc_simulator.batch_register import DEFAULT_ORDER, ORDERS
from esc_simulator.pages.latency import wait_latency
from esc_simulator.pages.rendering import render
from esc_simulator.pages.signed_in import SignedIn
from esc_simulator.portal import ThePortal

router = APIRouter(dependencies=[Depends(wait_latency)])


class ListChoice:
    """What a visitor asked the list for; what makes no sense counts as not asked."""

    def __init__(
        self,
        q: Annotated[str, Query()] = "",
        sort: Annotated[str, Query()] = "",
        status: Annotated[str, Query()] = "",
        page: Annotated[str, Query()] = "",
    ) -> None:
        """Read the query string."""
        self.q = q.strip()
        self.sort = sort if sort in ORDERS else DEFAULT_ORDER
        self.status = self._status(status)
        self.page = int(page) if page.isascii() and page.isdigit() and len(page) < 10 else 1

    def _status(self, asked: str) -> BatchStatus | None:
        if asked in {status.value for status in BatchStatus}:
            return BatchStatus(asked)
        # Whoever searches for an id wants the batch, not only a pending one.
        return None if asked == "All" or self.q else BatchStatus.PENDING

    @property
    def status_word(self) -> str:
        """The status as the list's filter shows it."""
        return self.status.value if self.status else "All"

    def query(self, **changes: object) -> str:
        """Return the query string of this list with some choices changed."""
        choice: dict[str, object] = {
            "q": self.q,
            "sort": self.sort,
            "status": self.status_word,
            "page": self.page,
        }
        return urlencode(choice | changes)


Choice = Annotated[ListChoice, Depends()]


@router.get("/")
def enter() -> Response:
    """Send visitors to the dashboard."""
    return RedirectResponse("/esc/dashboard", status_code=303)


@router.get("/esc/dashboard")
def show_dashboard(request: Request, portal: ThePortal, session: SignedIn) -> Response:
    """Show how many batches there are of each status."""
    return render(request, "dashboard.html", counts=portal.register.counts())


@router.get("/esc/pending-batches")
def show_list(request: Request, session: SignedIn, choice: Choice) -> Response:
    """Show the list's frame; a script fetches the table."""
    return render(request, "pending_batches.html", choice=choice, statuses=list(BatchStatus))


@router.get("/esc/pending-batches/table")
def show_table(request: Request, portal: ThePortal, session: SignedIn, choice: Choice) -> Response:
    """Show the table alone, for the script."""
    listing = portal.register.list_page(choice.status, choice.q, choice.sort, choice.page)
    return render(request, "batches_table.html", choice=choice, listing=listing)
