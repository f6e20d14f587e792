"""Running practice portals and officers, ended with the test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
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


@pytest.fixture(scope="module")
def portal_of_the_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticePortal]:
    """A portal with 60 pending batches that the tests of a module share."""
    folder = tmp_path_factory.mktemp("portal")
    with closing(PracticePortal(folder, "--batches", "60", "--pending-only")) as portal:
        yield portal


@pytest.fixture
def shared_portal(portal_of_the_module: PracticePortal) -> Iterator[PracticePortal]:
    """That portal, without faults afterwards; each test takes batches of its own."""
    yield portal_of_the_module
    portal_of_the_module.set_faults()


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
