"""Applications of others, each served once for the stories told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from automation_service.browser import BrowserOptions
from launcher import browser as installed
from tests.portals.airflow import Airflow
from tests.portals.application import Application
from tests.portals.desk import Desk
from tests.portals.helpdesk import Helpdesk
from tests.portals.helpdesk_admin import HelpdeskFrame, HelpdeskPopup
from tests.portals.isso import Isso
from tests.portals.jupyterhub import JupyterHub
from tests.portals.mediawiki import MediaWiki, MediaWikiForm
from tests.portals.payload import Payload
from tests.portals.prefect import Prefect
from tests.portals.wagtail import Wagtail

APPLICATIONS: tuple[type[Application], ...] = (
    Isso,
    Helpdesk,
    HelpdeskPopup,
    HelpdeskFrame,
    MediaWiki,
    MediaWikiForm,
    Wagtail,
    Prefect,
    JupyterHub,
    Airflow,
    Payload,
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave these tests out unless they are asked for: they install what they need."""
    if config.getoption("--portals"):
        return
    asked_for = pytest.mark.skip(reason="./run test --portals tries real applications")
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(asked_for)


@pytest.fixture(scope="module", params=APPLICATIONS, ids=lambda kind: kind.name)
def application(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """A real application, seeded and serving. Take items of your own with `an_item`."""
    kind: type[Application] = request.param
    served = kind(tmp_path_factory.mktemp(kind.name))
    served.install()
    try:
        served.start()
        yield served
    finally:
        served.stop()


@pytest.fixture(scope="module")
def items(application: Application) -> list[str]:
    """What still waits and was given to no test."""
    return list(application.pending)


@pytest.fixture
def an_item(items: list[str]) -> Callable[[], str]:
    """Give out an item that waits, to one test alone."""
    return lambda: items.pop()


@pytest.fixture(scope="module")
def open_desk(
    application: Application, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Desk]]:
    """Browsers of their own in front of the application."""
    found = installed.find()
    assert found is not None, "no Chromium with a fitting chromedriver: ./run test brings one"
    with ExitStack() as stack:

        def open_one() -> Desk:
            folder = tmp_path_factory.mktemp("desk")
            options = BrowserOptions(
                headless=True,
                binary=found.chrome,
                driver=found.driver,
                timeout=60,
                temp_dir=folder / "browsers",
                downloads=folder / "downloads",
                max_items=1000,
            )
            desk = Desk(application, options, folder / "results")
            stack.callback(desk.close)
            return desk

        yield open_one


@pytest.fixture(scope="module")
def desk(open_desk: Callable[[], Desk]) -> Desk:
    """Ours."""
    return open_desk()


@pytest.fixture(scope="module")
def other_desk(open_desk: Callable[[], Desk]) -> Desk:
    """Somebody else's, who works on the same items and knows nothing of us."""
    return open_desk()
