"""Whatever is asked of a portal waits for its turn, and what was clicked is left in time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.evidence import EvidenceFolder
from automation_service.portal import Portal
from automation_service.profile import Profile
from shared.task_state import ItemStatus
from tests.integration.automation_service.pages import APPROVE, PROFILE, Pages
from tests.integration.automation_service.worker_double import InMemoryClaim

OpenPortal = Callable[..., Portal]


class Turns:
    """Gives turns, and keeps when they were asked for; those in `denied` never come in time."""

    def __init__(self, *denied: int) -> None:
        self.asked: list[float] = []
        self._denied = denied

    def turn(self, until: float = math.inf) -> bool:
        self.asked.append(until)
        return len(self.asked) not in self._denied


def approve(portal: Portal, pages: Pages, folder: Path) -> ItemStatus:
    """Approve batch 7 of the pages, which the portal shows at once."""
    pages.batch("7", f"<i id=status>Open</i>{APPROVE}")
    pages.after_post["/effect"] = lambda: pages.batch("7", "<i id=status>Done</i>")
    evidence = EvidenceFolder(folder, "00000000-0000-4000-8000-000000000000")
    outcome = BatchApprovalService(portal, evidence).act(InMemoryClaim("7"), "")
    return outcome.status


def test_the_look_the_click_and_the_reading_back_each_wait_for_their_turn(
    portal: Portal, pages: Pages, tmp_path: Path
) -> None:
    turns = Turns()
    portal.pace(turns)

    assert approve(portal, pages, tmp_path) is ItemStatus.DONE

    look, click, reading_back, *once_more = turns.asked
    # The click's turn has to come before the page takes it no more; the look's may take long.
    assert look == math.inf
    assert click < time.monotonic() + PROFILE["timings"]["click_budget"]
    assert reading_back < math.inf
    # A machine under load may have to leave the page before it could be read back.
    assert once_more in ([], [math.inf])


def test_what_was_clicked_is_left_even_if_no_turn_comes(
    portal: Portal, pages: Pages, tmp_path: Path
) -> None:
    # Given a portal that may not be asked again before the clicked page has to be left
    turns = Turns(3)
    portal.pace(turns)

    # When a batch is approved, Then the page is left, and read back when there is a turn
    assert approve(portal, pages, tmp_path) is ItemStatus.DONE
    assert turns.asked[2] < math.inf
    assert turns.asked[3] == math.inf
    assert pages.wait_for_post("/effect") == 1


def test_logging_in_waits_for_a_turn_twice(portal: Portal, pages: Pages) -> None:
    pages.html["/login"] = """<form id=login><input id=name><input id=secret type=password>
        <input id=enter type=button value=Enter onclick="location = '/list'"></form>"""
    pages.html["/list"] = "<b id=user>officer</b>"
    turns = Turns()
    portal.pace(turns)

    portal.log_in()

    assert len(turns.asked) == 2


def test_a_pace_at_which_no_click_comes_in_time_is_refused() -> None:
    slow = {**PROFILE, "site": {"pace": {"requests_per_second": 0.2}}}

    with pytest.raises(ValidationError, match=r"takes 6\.0 s, more than its click_budget"):
        Profile.model_validate(slow)
