"""Chromium behind the wire: what it does by itself when a connection breaks under its request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from tests.faults.wire_proxy import Answer, Rule, WireProxy
from tests.integration.esc_simulator.officer import Officer, officer_at_work
from tests.integration.esc_simulator.practice_portal import PracticePortal


class WiredOfficer:
    """An officer whose browser reaches the portal only through the wire."""

    def __init__(self, officer: Officer, wire: WireProxy) -> None:
        self.officer = officer
        self.wire = wire

    def click_approve(self, batch_id: str) -> None:
        """Approve as a person would: one click on Confirm, on connections that are kept alive."""
        self.officer.open(f"/esc/batches/{batch_id}")
        self.officer.see(".approve-btn").click()
        self.officer.press("Confirm")

    def counts(self, batch_id: str) -> tuple[int, int, int]:
        """Requests the wire saw, requests the portal got, approvals."""
        batch = self.officer.portal.batch(batch_id)
        return self.wire.seen[batch_id], batch["posts"], len(batch["approvals"])


@pytest.fixture(scope="module")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WiredOfficer]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("portal")
        portal = stack.enter_context(closing(PracticePortal(folder, "--pending-only")))
        wire = stack.enter_context(WireProxy(portal.url))
        officer = stack.enter_context(officer_at_work(portal, folder / "browser", wire.url))
        yield WiredOfficer(officer, wire)


def test_a_whole_wire_is_not_noticed(wired: WiredOfficer) -> None:
    wired.wire.rules = []

    wired.click_approve("BATCH001")

    wired.officer.see(".alert-success")
    assert wired.counts("BATCH001") == (1, 1, 1)


@pytest.mark.parametrize(
    ("answer", "batch_id"),
    [
        (Answer.CLOSED, "BATCH002"),
        (Answer.RESET, "BATCH003"),
        (Answer.TIMED_OUT, "BATCH004"),
    ],
)
@pytest.mark.parametrize("polls", [False, True])
def test_one_click_is_two_approvals_when_a_used_connection_breaks(
    wired: WiredOfficer, answer: Answer, batch_id: str, polls: bool
) -> None:
    """The danger our own clicks have to avoid, and the proof that this wire can show it."""
    batch_id = batch_id.replace("BATCH00", "BATCH01") if polls else batch_id
    wired.officer.portal.set_faults(*([{"kind": "polling", "ms": 50}] if polls else []))
    wired.wire.rules = [Rule(answer, batch_id=batch_id, times=1)]

    wired.click_approve(batch_id)

    wired.officer.see(".alert-success")
    assert wired.counts(batch_id) == (2, 2, 2)


def test_an_answer_that_never_comes_is_not_asked_for_again(wired: WiredOfficer) -> None:
    wired.officer.portal.set_faults()
    wired.wire.rules = [Rule(Answer.NONE, batch_id="BATCH005")]

    wired.click_approve("BATCH005")

    wired.officer.wait_until(lambda: wired.counts("BATCH005") == (1, 1, 1))
    assert wired.officer.see("#confirm-progress").is_displayed()
