"""Chromium behind the wire: what it does by itself when a connection breaks under its request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.wire_proxy import Answer, Rule, WireProxy
from tests.integration.esc_simulator.officer import Officer
from tests.integration.esc_simulator.practice_portal import PracticePortal


class WiredOfficer(Officer):
    """An officer whose browser reaches the portal only through the wire."""

    def __init__(self, officer: Officer, wire: WireProxy) -> None:
        """Sit at the browser of `officer`, in the same session: cookies know no ports."""
        super().__init__(officer.portal, officer.browser, wire.url)
        self.wire = wire

    def click_approve(self, batch_id: str) -> None:
        """Approve as a person would: one click on Confirm, on connections that are kept alive."""
        self.open(f"/esc/batches/{batch_id}")
        self.see(".approve-btn").click()
        self.press("Confirm")

    def counts(self, batch_id: str) -> tuple[int, int, int]:
        """Requests the wire saw, requests the portal got, approvals."""
        batch = self.portal.batch(batch_id)
        return self.wire.seen[batch_id], batch["posts"], len(batch["approvals"])


@pytest.fixture
def officer(at_the_browser: Officer) -> Iterator[WiredOfficer]:
    with WireProxy(at_the_browser.portal.url) as wire:
        yield WiredOfficer(at_the_browser, wire)


def test_a_whole_wire_is_not_noticed(officer: WiredOfficer, batch_id: str) -> None:
    officer.click_approve(batch_id)

    officer.see(".alert-success")
    assert officer.counts(batch_id) == (1, 1, 1)


@pytest.mark.parametrize("answer", [Answer.CLOSED, Answer.RESET, Answer.TIMED_OUT])
@pytest.mark.parametrize("polls", [False, True])
def test_one_click_is_two_approvals_when_a_used_connection_breaks(
    portal: PracticePortal, officer: WiredOfficer, batch_id: str, answer: Answer, polls: bool
) -> None:
    """The danger our own clicks have to avoid, and the proof that this wire can show it."""
    portal.set_faults(*([{"kind": "polling", "ms": 50}] if polls else []))
    officer.wire.rules = [Rule(answer, batch_id=batch_id, times=1)]

    officer.click_approve(batch_id)

    officer.see(".alert-success")
    assert officer.counts(batch_id) == (2, 2, 2)


def test_an_answer_that_never_comes_is_not_asked_for_again(
    officer: WiredOfficer, batch_id: str
) -> None:
    officer.wire.rules = [Rule(Answer.NONE, batch_id=batch_id)]

    officer.click_approve(batch_id)

    officer.wait_until(lambda: officer.counts(batch_id) == (1, 1, 1))
    assert officer.see("#confirm-progress").is_displayed()
