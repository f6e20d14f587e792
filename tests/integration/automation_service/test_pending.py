"""The list of batches that wait."""

from __future__ import annotations

import pytest

from tests.integration.automation_service.conftest import Desk, OpenDesk


def oldest_first(desk: Desk) -> list[str]:
    waiting = [b for b in desk.ask("GET", "/truth/batches") if b["status"] == "Pending"]
    return [b["id"] for b in sorted(waiting, key=lambda b: (b["submitted_on"], b["number"]))]


@pytest.mark.parametrize("limit", [1, 25, 26, 60, 10_000])
def test_pending_batches_come_oldest_first_over_all_pages(desk: Desk, limit: int) -> None:
    assert desk.portal().pending(limit) == oldest_first(desk)[:limit]


def test_a_lost_session_is_opened_again_for_the_list(desk: Desk) -> None:
    desk.portal()
    desk.ask("POST", "/truth/sessions/expire")

    assert desk.portal().pending(3) == oldest_first(desk)[:3]


def test_nothing_pending_is_an_empty_list(open_desk: OpenDesk) -> None:
    desk = open_desk(batches=1)
    desk.ask("POST", "/truth/batches/BATCH001/approve", {"by": "s.kulkarni"})

    assert desk.portal().pending(5) == []
