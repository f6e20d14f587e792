"""Running practice portals and officers.

One portal and one browser serve every test that can do without its own. Each test works on batches
that nobody had before it, clears its faults, and compares the portal's counts with those before.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from tests.integration.esc_simulator.officer import Officer, officer_at_work
from tests.integration.esc_simulator.practice_portal import PracticePortal, sign_in

EVERY_KIND = ("--batches", "400", "--seed", "11")
"""Options for a world in which there are enough batches of every kind for all tests."""


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


@pytest.fixture(scope="session")
def portal_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticePortal]:
    """A portal that all tests here share."""
    with closing(PracticePortal(tmp_path_factory.mktemp("portal"), *EVERY_KIND)) as portal:
        yield portal


@pytest.fixture
def portal(portal_of_all: PracticePortal) -> Iterator[PracticePortal]:
    """That portal, without faults before and after."""
    yield portal_of_all
    portal_of_all.set_faults()


@pytest.fixture
def batch_id(portal: PracticePortal) -> str:
    """A batch of the test's own, which is pending and can be approved."""
    return portal.untouched()


@pytest.fixture(scope="module")
def officer(portal_of_all: PracticePortal) -> Iterator[httpx.Client]:
    """An officer who is signed in, in one session for all tests of a module."""
    with portal_of_all.visitor() as visitor:
        sign_in(visitor)
        yield visitor


@pytest.fixture(scope="session")
def browser_of_all(
    portal_of_all: PracticePortal, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Officer]:
    """An officer in front of a browser that all tests here share."""
    with officer_at_work(portal_of_all, tmp_path_factory.mktemp("browser")) as officer:
        yield officer


@pytest.fixture
def at_the_browser(portal: PracticePortal, browser_of_all: Officer) -> Iterator[Officer]:
    """That officer, in a session of the test's own."""
    browser_of_all.begin_a_session()
    yield browser_of_all
    # So that no script of the last page goes on.
    browser_of_all.browser.get("about:blank")
