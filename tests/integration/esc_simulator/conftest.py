"""Running practice portals and officers, ended with the test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from tests.integration.esc_simulator.practice_portal import PracticePortal, sign_in


class StartPortal(Protocol):
    """Starts a practice portal with these options, in a folder of its own."""

    def __call__(self, *options: str) -> PracticePortal: ...


@pytest.fixture
def start_portal(tmp_path: Path) -> Iterator[StartPortal]:
    """Start as many portals as a test needs."""
    with ExitStack() as started:

        def start(*options: str) -> PracticePortal:
            folder = tmp_path / f"portal-{len(list(tmp_path.iterdir()))}"
            portal = PracticePortal(folder, *options)
            started.callback(portal.stop)
            return portal

        yield start


@pytest.fixture
def portal(start_portal: StartPortal) -> PracticePortal:
    """A portal with 60 batches, each kind of batch among them."""
    return start_portal("--batches", "60")


@pytest.fixture
def officer(portal: PracticePortal) -> Iterator[httpx.Client]:
    """An officer who is signed in."""
    with portal.visitor() as visitor:
        sign_in(visitor)
        yield visitor


@pytest.fixture
def find_batch(portal: PracticePortal) -> Callable[[str], str]:
    """Find the first batch with this status that the portal's rules do not refuse."""

    def find(status: str) -> str:
        return next(
            str(batch["id"])
            for batch in portal.batches()
            if batch["status"] == status and not batch["refusal"]
        )

    return find
