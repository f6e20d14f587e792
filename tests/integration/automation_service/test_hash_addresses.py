"""A portal that is one document: its pages have addresses that differ only after the `#`."""

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

BATCH = {**PROFILE["batch"], "path": "/app#/batches/{key}", "ready": "main b"}
CLICK = {"click": "#approve", "effect": True}
APP = """<b id=user>officer</b><main></main><script>
    const words = WORDS;
    const show = () => {
        const [, , key, form] = location.hash.split("/");
        document.querySelector("main").innerHTML = `<b id=key>${key}</b>` +
            (form ? "" : `<i id=status>${words[key]}</i>`) +
            "<button id=approve onclick=\\"fetch('/effect', {method: 'POST'})\\">Approve</button>";
    };
    addEventListener("hashchange", show);
    show();
</script>"""


def served(pages: Pages, words: str) -> None:
    pages.html["/app"] = APP.replace("WORDS", words)


def portal_by(portal_with: OpenPortal, pages: Pages, *steps: dict[str, Any]) -> Portal:
    approve = {**PROFILE["actions"]["approve"], "steps": list(steps)}
    served(pages, "{A: 'Open', B: 'Done'}")
    pages.after_post["/effect"] = lambda: served(pages, "{A: 'Done', B: 'Done'}")
    return portal_with(batch=BATCH, actions={"approve": approve})


def test_each_look_is_a_load_of_its_own(portal_with: OpenPortal, pages: Pages) -> None:
    portal = portal_by(portal_with, pages, CLICK)
    assert portal.read("A").condition is Condition.MAY_BE_DONE
    assert portal.read("B").condition is Condition.DONE

    served(pages, "{A: 'Done', B: 'Open'}")

    assert portal.read("B").condition is Condition.MAY_BE_DONE
    assert portal.read("A").condition is Condition.DONE


@pytest.mark.parametrize(
    "steps",
    [
        [CLICK],
        [{"go": "/app#/batches/{key}/form"}, {**CLICK, "names_batch": "#key"}],
    ],
    ids=["on its page", "on another page"],
)
def test_a_batch_is_approved_and_read_back(
    portal_with: OpenPortal, pages: Pages, tmp_path: Path, steps: list[dict[str, Any]]
) -> None:
    portal = portal_by(portal_with, pages, *steps)
    service = BatchApprovalService(portal, EvidenceFolder(tmp_path, "task"))

    outcome = service.act(InMemoryClaim("A"), "")

    assert (outcome.status, outcome.clicks) == (ItemStatus.DONE, 1)
    assert pages.posts == ["/effect"]
