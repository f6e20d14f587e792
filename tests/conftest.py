"""What every test may ask for: real servers, each in a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from launcher.inheritance import practice_environment
from launcher.leftovers import end_all
from launcher.practice_portal import PracticePortal
from launcher.redis_server import RedisServer
from launcher.system import PracticeSystem
from shared.config import Settings

MACHINE_SETTINGS = {"CHROME_BINARY", "CHROMEDRIVER"}
"""Settings that name the machine's parts, not anybody's portal, database or key."""


def pytest_configure() -> None:
    """Forget every inherited setting and `.env`, so that no test can reach a real portal."""
    names = {name.upper() for name in Settings.model_fields} - MACHINE_SETTINGS
    for name in list(os.environ):
        if name.upper() in names or name.upper().startswith(("CELERY_", "ESC_")):
            del os.environ[name]
    os.environ["ENV_FILE"] = ""


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A real Redis, one for each pytest-xdist process. Start your own to stop or kill it."""
    folder = tmp_path_factory.mktemp("redis")
    environment = practice_environment(folder, folder)
    server = RedisServer(folder / "data", log=folder / "redis.log", environment=environment)
    try:
        server.start_on_a_free_port()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def redis_url(redis_server: RedisServer) -> str:
    """URL of a real Redis that the tests of one pytest-xdist process share: use your own names."""
    return redis_server.url


@pytest.fixture
def practice_portal(tmp_path: Path) -> Iterator[Callable[..., PracticePortal]]:
    """Start practice portals: `practice_portal(batches=3, latency_ms=0, ...)`."""
    with ExitStack() as started:

        def start(**options: Any) -> PracticePortal:
            folder = tmp_path / f"portal-{os.urandom(3).hex()}"
            environment = practice_environment(folder, tmp_path)
            portal = PracticePortal(
                folder, log=folder / "portal.log", environment=environment, **options
            )
            started.callback(end_all, folder)
            started.callback(portal.stop)
            portal.start()
            return portal

        yield start


@pytest.fixture
def running_system(tmp_path: Path) -> Iterator[Callable[..., PracticeSystem]]:
    """Start whole systems: `running_system(batches=3, workers=2, ...)`, see PracticeSystem."""
    with ExitStack() as started:

        def start(**options: Any) -> PracticeSystem:
            folder = tmp_path / f"system-{os.urandom(3).hex()}"
            return started.enter_context(PracticeSystem(folder, **options))

        yield start
