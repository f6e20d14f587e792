"""Files that steps send, and files that they bring."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.browser import Browser
from automation_service.evidence import EvidenceFolder
from automation_service.portal import Credentials, Portal
from automation_service.profile import Profile, ProfileShelf, load_profile
from shared.errors import ConfigurationError, DownloadFailed
from shared.task_state import ItemStatus
from tests.integration.automation_service.pages import APPROVE, PROFILE, Pages
from tests.integration.automation_service.worker_double import InMemoryClaim, InMemoryGate

BYTES = bytes(range(256))
EFFECT = {"click": "#approve", "effect": True}
OPEN = "<i id=status>Open</i>"
LINK = "<a id=list download=list.csv href='data:text/csv,key,name%0A7,Seven%0A'>List</a>"


def described(*steps: dict[str, Any]) -> dict[str, Any]:
    approve = {**PROFILE["actions"]["approve"], "steps": [*steps, EFFECT]}
    return {**PROFILE, "actions": {"approve": approve}}


def portal_by(browser: Browser, pages: Pages, profile: Profile) -> Portal:
    return Portal(browser, profile, pages.url, Credentials("a", "b"), InMemoryGate())


def approve(portal: Portal, claim: InMemoryClaim, folder: Path) -> ItemStatus:
    evidence = EvidenceFolder(folder, claim.task_id)
    return BatchApprovalService(portal, evidence).act(claim, "").status


def test_a_file_beside_the_profile_is_uploaded_as_it_is(
    browser: Browser, pages: Pages, tmp_path: Path
) -> None:
    # Given a profile that uploads a file beside it, and a page that knows its bytes
    steps = described({"upload": "#f", "file": "stamp.png"}, {"wait_for": "#approve"})
    (tmp_path / "pages.yaml").write_text(json.dumps(steps))
    (tmp_path / "stamp.png").write_bytes(BYTES)
    knows = """const is = new Uint8Array(await f.files[0].arrayBuffer());
        approve.hidden = is.length !== 256 || is.some((it, i) => it !== i) ||
        f.files[0].type !== 'image/png'"""
    hidden = APPROVE.replace("<button", "<button hidden")
    script = f"<script>f.onchange = async () => {{ {knows} }}</script>"
    pages.batch("7", f"{OPEN}<input type=file id=f>{hidden}{script}")
    pages.after_post["/effect"] = lambda: pages.batch("7", "<i id=status>Done</i>")

    # When a batch is approved by it
    portal = portal_by(browser, pages, load_profile(tmp_path / "pages.yaml"))

    # Then the page got the file
    assert approve(portal, InMemoryClaim("7"), tmp_path / "results") is ItemStatus.DONE


def test_the_uploaded_file_is_part_of_the_profile(tmp_path: Path) -> None:
    (tmp_path / "pages.yaml").write_text(
        json.dumps(described({"upload": "#f", "file": "stamp.png"}))
    )
    with pytest.raises(ConfigurationError, match=r"stamp\.png: No such file"):
        load_profile(tmp_path / "pages.yaml")

    shelf = ProfileShelf(tmp_path)
    versions = []
    for content in (b"one", b"two"):
        (tmp_path / "stamp.png").write_bytes(content)
        versions.append(shelf.profile("pages").version)

    assert versions[0] != versions[1]


def saving(**about: Any) -> Profile:
    return Profile.model_validate(described({"save": "#list", **about}))


def test_a_file_that_a_step_brings_is_kept_with_the_evidence(
    browser: Browser, pages: Pages, tmp_path: Path
) -> None:
    # Given a page with a list that may be looked at before approving
    pages.batch("7", OPEN + LINK + APPROVE)
    pages.after_post["/effect"] = lambda: pages.batch("7", "<i id=status>Done</i>")
    claim = InMemoryClaim("7")

    # When the batch is approved by a profile that saves it
    portal = portal_by(browser, pages, saving(format="csv", smallest=10))
    status = approve(portal, claim, tmp_path)

    # Then it is among the evidence, and the batch was approved once
    assert status is ItemStatus.DONE
    (kept,) = [piece for piece in claim.evidence if piece.path.endswith(".csv")]
    assert (tmp_path / kept.path).read_text() == "key,name\n7,Seven\n"
    assert pages.wait_for_posts(1) == ["/effect"]


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ({"format": "pdf"}, "does not begin as a PDF"),
        ({"smallest": 1000}, "has 17 bytes"),
        ({"largest": 3}, "has 17 bytes"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_stops_before_the_effect(
    browser: Browser, pages: Pages, tmp_path: Path, about: dict[str, Any], told: str
) -> None:
    pages.batch("7", OPEN + LINK + APPROVE)

    with pytest.raises(DownloadFailed, match=told):
        approve(portal_by(browser, pages, saving(**about)), InMemoryClaim("7"), tmp_path)

    assert pages.posts == []
