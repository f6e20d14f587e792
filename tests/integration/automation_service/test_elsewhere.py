"""A queue that forgets what was decided: it shows in another list from then on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.evidence import EvidenceFolder
from automation_service.portal import Portal
from shared.contracts import Condition
from shared.task_state import ItemStatus
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import PROFILE, Pages
from tests.integration.automation_service.worker_double import InMemoryClaim

KNOWN = "<b id=user>officer</b>"
QUEUE: dict[str, Any] = {
    "path": "/queue",
    "printed_key": "#{key} b",
    "missing": {"css": "#queue", "unless": "#{key}"},
    "status": "#{key} i",
    "elsewhere": {
        "path": "/members?q={key}",
        "printed_key": "td",
        "missing": "#nobody",
        "status": "h1",
    },
    "words": {"Asks": "pending", "Members": "approved"},
}
STEPS = [{"click": "#{key} button", "effect": True}]
LOOKUP = {"path": "/queue", "row": "p", "key": "b", "id": "b", "ready": "#queue"}


def waiting(pages: Pages, *keys: str) -> None:
    button = "<button onclick=\"fetch('/effect', {method: 'POST'})\">Accept</button>"
    asks = "".join(f"<p id={key}><b>{key}</b><i>Asks</i>{button}</p>" for key in keys)
    pages.html["/queue"] = f"{KNOWN}<div id=queue>Who asks{asks}</div>"


def member(pages: Pages, key: str, *, there: bool) -> None:
    found = f"<table><td>{key}</table>" if there else "<p id=nobody>Nobody</p>"
    pages.html[f"/members?q={key}"] = f"{KNOWN}<h1>Members</h1>{found}"


@pytest.fixture
def portal(portal_with: OpenPortal, pages: Pages) -> Portal:
    """A queue in which A and B wait, while C is a member already."""
    waiting(pages, "A", "B")
    for key in "ABCD":
        member(pages, key, there=key == "C")
    return portal_with(batch=QUEUE, actions=actions())


def actions() -> dict[str, Any]:
    return {"approve": {**PROFILE["actions"]["approve"], "steps": STEPS}}


def approving(portal: Portal, folder: Path) -> BatchApprovalService:
    return BatchApprovalService(portal, EvidenceFolder(folder, "task"))


def test_what_has_left_the_queue_is_read_where_it_went(portal: Portal) -> None:
    read = [portal.read(key) for key in "ACD"]

    assert [it.words for it in read] == ["Asks", "Members", ""]
    assert [it.condition for it in read] == [
        Condition.MAY_BE_DONE,
        Condition.DONE,
        Condition.MISSING,
    ]


def test_a_click_that_takes_it_from_the_queue_is_read_back(
    portal: Portal, pages: Pages, tmp_path: Path
) -> None:
    def accept() -> None:
        waiting(pages, "B")
        member(pages, "A", there=True)

    pages.after_post["/effect"] = accept

    outcome = approving(portal, tmp_path).act(InMemoryClaim("A"), "")
    again = approving(portal, tmp_path).act(InMemoryClaim("A"), "")

    assert (outcome.status, again.status) == (ItemStatus.DONE, ItemStatus.ALREADY_DONE)
    assert pages.posts == ["/effect"]


def test_what_is_nowhere_after_a_click_is_not_called_done(
    portal: Portal, pages: Pages, tmp_path: Path
) -> None:
    pages.after_post["/effect"] = lambda: waiting(pages, "B")

    outcome = approving(portal, tmp_path).act(InMemoryClaim("A"), "")

    assert outcome.status is ItemStatus.UNVERIFIED


def test_what_no_search_finds_any_more_is_looked_for_elsewhere(
    portal_with: OpenPortal, portal: Portal
) -> None:
    found = portal_with(batch=QUEUE, lookup={**LOOKUP, "lists": "pending"}, actions=actions())

    assert found.read("C").condition is Condition.DONE
    assert found.read("D").words == "not on the list of those that wait"
