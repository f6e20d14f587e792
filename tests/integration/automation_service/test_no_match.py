"""A page that the profile does not match any more: what is kept of it, and how it is left."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.browser import BLANK, Browser
from automation_service.evidence import EvidenceFolder
from automation_service.portal import Credentials, Portal
from automation_service.profile import Profile
from shared.contracts import Attribution, EvidenceKind
from shared.errors import AgentError, PageChanged, PortalTimeout, ProfileMismatch
from shared.task_state import ItemStatus
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import APPROVE, PROFILE, Pages
from tests.integration.automation_service.worker_double import InMemoryClaim, InMemoryGate

OPEN = "<i id=status>Open</i>"
CONFIRMED: list[dict[str, Any]] = [
    {"click": "#ask"},
    {"click": "#confirm", "effect": True},
]
ASK = "<button id=ask onclick='dialog.hidden = false'>Approve</button>"
BUDGET = 5.0


def confirming(portal_with: OpenPortal) -> Portal:
    """A portal on which approving is confirmed in a dialog."""
    approve = {**PROFILE["actions"]["approve"], "steps": CONFIRMED}
    return portal_with(actions={"approve": approve}, timings={"click_budget": BUDGET})


def fails(portal: Portal, folder: Path) -> tuple[InMemoryClaim, AgentError]:
    """What is kept of batch A, and the error that the work on it ends with."""
    claim = InMemoryClaim("A")
    with pytest.raises(ProfileMismatch) as error:
        BatchApprovalService(portal, EvidenceFolder(folder, "task")).act(claim, "")
    return claim, error.value


def kept(claim: InMemoryClaim, folder: Path, kind: EvidenceKind) -> bytes:
    (piece,) = (piece for piece in claim.evidence if piece.kind is kind)
    return (folder / piece.path).read_bytes()


def colours(picture: bytes) -> set[tuple[int, ...]]:
    with Image.open(io.BytesIO(picture)) as image:
        return {colour for _, colour in image.resize((64, 64)).getcolors(64 * 64)}


@pytest.mark.parametrize(
    "asking",
    [
        "fetch('/dialog').then(it => it.text()).then(it => { throw it })",
        "new WebSocket(location.origin.replace('http', 'ws') + '/dialog')",
    ],
    ids=["an answer", "a socket"],
)
def test_what_a_page_lacks_because_the_portal_failed_it_is_no_fault_of_the_profile(
    portal_with: OpenPortal, pages: Pages, tmp_path: Path, asking: str
) -> None:
    # Given a page that asks its portal for the dialog, which fails
    pages.status["/dialog"] = 503
    pages.batch("A", OPEN + f"""<button id=ask onclick="{asking}">Approve</button>""")
    claim = InMemoryClaim("A")
    service = BatchApprovalService(confirming(portal_with), EvidenceFolder(tmp_path, "task"))

    # Then the batch may be tried again, and the task goes on
    with pytest.raises(PortalTimeout, match=r"#confirm.* asked the portal for failed: .*503"):
        service.act(claim, "")

    assert pages.posts == []


def test_a_status_that_the_portal_failed_to_send_is_no_fault_of_the_profile(
    portal_with: OpenPortal, pages: Pages
) -> None:
    pages.status["/status"] = 500
    pages.batch("A", APPROVE + "<script>fetch('/status')</script>")

    with pytest.raises(PortalTimeout, match="asked the portal for failed: it answered 500"):
        portal_with().read("A")


@pytest.mark.parametrize("seen_on", ["a batch", "the list"])
def test_what_a_portal_always_fails_excuses_no_page(
    portal_with: OpenPortal, pages: Pages, seen_on: str
) -> None:
    # Given a portal that fails to count its visits, on pages that are as they should be, too
    counts = "<script>fetch('/visits')</script>"
    pages.status["/visits"] = 500
    pages.batch("A", OPEN + counts)
    pages.html["/list"] = "<b id=user>officer</b><table><tr><td>A</table>" + counts
    portal = portal_with()
    if seen_on == "a batch":
        portal.read("A")
    else:
        portal.pending(1)

    # When it calls the status otherwise
    pages.batch("A", "<i id=state>Open</i>" + counts)

    with pytest.raises(ProfileMismatch, match="nothing at #status"):
        portal.read("A")


def test_a_page_without_its_status_is_kept_with_what_looks_alike(
    portal_with: OpenPortal, pages: Pages, tmp_path: Path
) -> None:
    # Given a portal that calls the status of a batch otherwise by now
    pages.batch("A", "<i id=batch-status>Open</i>" + APPROVE)

    # When the batch is to be approved
    claim, error = fails(portal_with(), tmp_path)

    # Then the error says that the profile does not match, and where
    assert error.message.startswith("The profile pages does not match: the page of batch A ")
    # And the report names what was looked for and what it may be now
    report = kept(claim, tmp_path, EvidenceKind.FILE).decode()
    assert "<h2>The page of batch A</h2>" in report
    assert "<code>#status looks like i#batch-status " in report
    assert "data:image/jpeg" in report
    assert claim.intents.stated == []
    assert pages.posts == []


def test_a_step_after_the_intent_is_kept_as_it_was_before_the_page_was_left(
    portal_with: OpenPortal, browser: Browser, pages: Pages, tmp_path: Path
) -> None:
    # Given a portal whose dialog has another button by now, on a page that shows our password
    browser.mask.cover("a secret <word>")
    dialog = """<div id=dialog hidden style='background: #c00; height: 600px'>
        <button id=confirmed aria-label='a secret &lt;word&gt;'>Yes</button></div>"""
    pages.batch("A", OPEN + ASK + dialog)

    # When the batch is to be approved
    claim, error = fails(confirming(portal_with), tmp_path)

    # Then the error names the step
    assert "does not match, step 2 of 2: There was nothing to use at #confirm;" in error.message
    # And picture and report show the dialog, which is only there between intent and leaving
    seen = colours(kept(claim, tmp_path, EvidenceKind.ERROR))
    assert any(red > 150 and green < 60 for red, green, _ in seen)
    report = kept(claim, tmp_path, EvidenceKind.FILE).decode()
    assert "<h2>Step 2 of 2 to approve: Click #confirm.</h2>" in report
    assert "#confirm looks like button#confirmed" in report
    assert "secret" not in report
    # And the page was left, and nothing was done
    assert browser.evaluate("location.href", 5) == BLANK
    assert pages.posts == []


def test_a_step_that_finds_nothing_as_somebody_else_was_first_is_no_fault_of_the_profile(
    portal_with: OpenPortal, pages: Pages, tmp_path: Path
) -> None:
    # Given a list of what waits, from which a batch is approved, and an officer who is faster
    effect = {"click": {"text": "Approve {key}"}, "effect": True, "names_batch": "b"}
    steps = [{"go": "/waiting"}, effect]
    approve = {**PROFILE["actions"]["approve"], "steps": steps}
    portal = portal_with(actions={"approve": approve}, timings={"click_budget": BUDGET})
    pages.batch("A", OPEN)
    pages.html["/waiting"] = "<b id=user>officer</b><p>Nothing waits.</p>"
    claim = InMemoryClaim("A")
    claim.on_intent = lambda: pages.batch("A", OPEN.replace("Open", "Done"))

    # When it is to be approved
    with pytest.raises(PageChanged, match="shows 'Done' by now"):
        BatchApprovalService(portal, EvidenceFolder(tmp_path, "task")).act(claim, "")

    # Then it is tried again, without a report on the profile, and by then it is approved
    assert EvidenceKind.FILE not in claim.kinds()
    claim.on_intent = lambda: None
    again = BatchApprovalService(portal, EvidenceFolder(tmp_path, "task")).act(claim, "")
    assert again.status is ItemStatus.DONE
    assert again.attribution is not Attribution.OURS
    assert pages.posts == []


def test_a_page_that_never_shows_itself_costs_the_picture_and_not_the_browser(
    spare_browser: Browser, pages: Pages, tmp_path: Path
) -> None:
    # Given a page that is never painted again once something on it is hidden for a picture
    slow = """<script>const slow = () => {
        document.body.insertAdjacentHTML('beforeend', '<input type=password>');
        const own = CSSStyleDeclaration.prototype.setProperty;
        CSSStyleDeclaration.prototype.setProperty = function (...about) {
          window.setTimeout = window.requestAnimationFrame = () => 0;
          own.apply(this, about);
        };
        }</script>"""
    pages.batch("A", OPEN + ASK.replace("dialog.hidden = false", "slow()") + slow)
    approve = {**PROFILE["actions"]["approve"], "steps": CONFIRMED}
    timings = {**PROFILE["timings"], "click_budget": BUDGET}
    told = {**PROFILE, "actions": {"approve": approve}, "timings": timings}
    profile = Profile.model_validate(told)
    portal = Portal(spare_browser, profile, pages.url, Credentials("a", "b"), InMemoryGate())

    # When a step is not found there
    claim, error = fails(portal, tmp_path)

    # Then there is no picture, the page was left in time, and the browser is none the worse
    assert "nothing to use at #confirm" in error.message
    assert claim.kinds() == [EvidenceKind.BEFORE, EvidenceKind.FILE]
    assert spare_browser.evaluate("location.href", 5) == BLANK
    assert spare_browser.alive()
