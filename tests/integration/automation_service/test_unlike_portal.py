"""The protocol on a portal as unlike ESC as can be: ids of its own, frames, odd words, no history.

Only those that wait are listed, the batch's number stands in a heading, its status in a field that
is in a frame, and what the portal calls "Pending" (its payment) is our approved.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.evidence import EvidenceFolder
from automation_service.portal import NOT_LISTED, Portal
from shared.task_state import ItemStatus
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import PROFILE, Pages
from tests.integration.automation_service.worker_double import InMemoryClaim, Intents

KNOWN = "<b id=user>officer</b>"
FRAMED = {"frame": {"css": "iframe.inner", "frame": "iframe.outer"}}
BATCH = {
    "path": "/orders/{id}/view",
    "printed_key": {"css": "h1", "match": "Order (.+) of"},
    "ready": {"css": "hr", **FRAMED},
    "status": {"label": "State", "attribute": "value", **FRAMED},
    "words": {"to approve": "pending", "PENDING": "approved"},
    "columns": {"Buyer": {"column": "Buyer", "in": {"css": "tr", "has": {"text": "{key}"}}}},
}
LOOKUP = {
    "path": "/orders",
    "row": {"role": "row", "unless": "#loading"},
    "key": {"xpath": "//td[1]"},
    "id": {"css": "button", "property": "value"},
    "ready": {"role": "table"},
    "lists": "pending",
}


class Orders:
    """The portal's orders, each approved by one POST."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self.show("to approve", listed=True)
        pages.after_post["/effect"] = lambda: self.show("Pending", listed=False)

    def show(self, state: str, *, listed: bool) -> None:
        """Show order A-1, which the portal calls 77, in this state."""
        row = "<tr><td>A-1<td><button value=77>Open</button>" if listed else ""
        self._pages.html["/orders"] = f"{KNOWN}<table>{row}</table>"
        inner = f"<label>State: <input value='{state}'></label><hr>"
        outer = f'<iframe class=inner srcdoc="{inner}"></iframe>'.replace('"', "&quot;")
        self._pages.html["/orders/77/view"] = (
            f'{KNOWN}<h1>Order A-1 of 2026</h1><iframe class=outer srcdoc="{outer}"></iframe>'
            "<table><tr><th>No.<th>Buyer<tr><td>A-1<td>Rao</table>"
            "<button id=approve onclick=\"fetch('/effect', {method: 'POST'})\">Approve</button>"
        )


@pytest.fixture
def orders(pages: Pages) -> Orders:
    return Orders(pages)


@pytest.fixture
def fresh_portal(portal_with: OpenPortal, orders: Orders) -> Any:
    """Portals that remember nothing of each other."""

    def make() -> Portal:
        return portal_with(batch=BATCH, lookup=LOOKUP, timings={"click_budget": 2})

    return make


def acting(portal: Portal, folder: Path) -> BatchApprovalService:
    return BatchApprovalService(portal, EvidenceFolder(folder, "task"))


def test_it_is_approved_once_and_known_as_approved_where_it_is_listed_no_more(
    fresh_portal: Any, pages: Pages, tmp_path: Path
) -> None:
    service = acting(fresh_portal(), tmp_path)

    first = service.act(InMemoryClaim("A-1"), "Verified")
    again = service.act(InMemoryClaim("A-1"), "Verified")

    assert (first.status, first.clicks) == (ItemStatus.DONE, 1)
    assert first.details["Buyer"] == "Rao"
    assert again.status is ItemStatus.ALREADY_DONE
    assert pages.posts == ["/effect"]


def test_whoever_does_not_find_it_on_the_list_never_clicks(
    fresh_portal: Any, orders: Orders, pages: Pages, tmp_path: Path
) -> None:
    orders.show("Pending", listed=False)

    outcome = acting(fresh_portal(), tmp_path).act(InMemoryClaim("A-1"), "")

    assert outcome.status is ItemStatus.REFUSED
    assert NOT_LISTED in outcome.detail
    assert pages.posts == []


def test_an_open_intent_is_never_resolved_by_absence_from_a_list(
    fresh_portal: Any, orders: Orders, pages: Pages, tmp_path: Path
) -> None:
    intents = Intents()
    crashed = InMemoryClaim("A-1", intents)

    def crash() -> None:
        raise KeyboardInterrupt

    crashed.on_intent = crash
    with pytest.raises(KeyboardInterrupt):
        acting(fresh_portal(), tmp_path).act(crashed, "")
    orders.show("Pending", listed=False)

    outcome = acting(fresh_portal(), tmp_path).act(InMemoryClaim("A-1", intents, 2), "")

    assert outcome.status is ItemStatus.UNVERIFIED
    assert pages.posts == []


def test_a_signal_that_no_page_understands_hides_no_outcome(
    portal_with: OpenPortal, orders: Orders, pages: Pages, tmp_path: Path
) -> None:
    shows = "document.body.insertAdjacentHTML('beforeend', '<p class=later>Thanks</p>')"
    view = pages.html["/orders/77/view"]
    pages.html["/orders/77/view"] = view.replace('onclick="', f'onclick="{shows};')
    signal = {"success": {"css": "b:contains(x)", "in": ".later"}}
    approve = {**PROFILE["actions"]["approve"], "outcomes": signal}
    portal = portal_with(batch=BATCH, lookup=LOOKUP, actions={"approve": approve})

    outcome = acting(portal, tmp_path).act(InMemoryClaim("A-1"), "")

    assert (outcome.status, outcome.clicks) == (ItemStatus.DONE, 1)
    assert pages.posts == ["/effect"]
