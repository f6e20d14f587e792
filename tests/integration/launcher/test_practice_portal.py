"""The practice portal as a process."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from launcher.errors import LauncherError
from launcher.practice_portal import PracticePortal


def test_a_killed_portal_started_again_keeps_address_and_batches(
    practice_portal: Callable[..., PracticePortal],
) -> None:
    """As a portal's outage looks to its users."""
    # Given a portal in which a batch was approved
    portal = practice_portal(batches=3)
    url = portal.url
    approve = f"{portal.truth_url}/truth/batches/BATCH001/approve"
    httpx.post(approve, json={"by": "somebody"}).raise_for_status()

    # When it is killed, and started again
    portal.kill()
    with pytest.raises(LauncherError, match="the practice portal does not tell its count"):
        portal.truth()
    portal.start()

    # Then it is where it was and what it was
    assert portal.url == url
    assert (portal.truth()["approved"], portal.truth()["pending"]) == (1, 2)
