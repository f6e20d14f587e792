"""Sessions that are lost in the middle, and what portals say to whoever is logged out."""

from __future__ import annotations

from pathlib import Path

import pytest

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.evidence import EvidenceFolder
from shared.task_state import ItemStatus
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import Pages
from tests.integration.automation_service.worker_double import InMemoryClaim

IN = """fetch('/in', {method: 'POST'}).then(() => {
    document.body.innerHTML = '<b id=user>officer</b>' }); return false"""
FORM = f"""<form id=login onsubmit="{IN}"><input id=name><input id=secret type=password>
    <button id=enter>Log in</button></form>"""
REFUSING = """<button id=approve onclick="fetch('/effect', {method: 'POST'}).then(() =>
    document.body.insertAdjacentHTML('beforeend', '<p class=bad>A: it failed</p>'))">Go</button>"""


@pytest.mark.parametrize("shows", [FORM, "<p>Not found</p>"], ids=["the form", "nothing"])
def test_a_refusal_of_whoever_is_logged_out_is_no_refusal_of_the_batch(
    portal_with: OpenPortal, pages: Pages, tmp_path: Path, shows: str
) -> None:
    # Given a session that is lost before the click, of which the portal says only that it failed
    page = "<i id=status>Open</i>" + REFUSING
    pages.batch("A", page)
    pages.html |= {"/login": FORM, "/list": "<b id=user>officer</b>"}

    def lose() -> None:
        pages.html |= {"/batches/A": shows, "/list": FORM}

    def give_back() -> None:
        pages.batch("A", page)
        pages.html["/list"] = "<b id=user>officer</b>"

    pages.after_post |= {"/effect": lose, "/in": give_back}
    service = BatchApprovalService(portal_with(), EvidenceFolder(tmp_path, "task"))

    outcome = service.act(InMemoryClaim("A"), "")

    # Then it was not refused: a person looks, since a click may still arrive
    assert (outcome.status, outcome.clicks) == (ItemStatus.UNVERIFIED, 1)
    assert "asked us to log in again" in outcome.detail
