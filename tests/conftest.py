"""What every test may ask for: real servers, each in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from launcher.inheritance import practice_environment
from launcher.leftovers import end_all
from launcher.postgresql import MISSING as POSTGRESQL_MISSING
from launcher.postgresql import find as find_postgresql
from launcher.practice_portal import PracticePortal
from launcher.redis_server import RedisServer
from launcher.system import PracticeSystem
from shared.config import Settings
from shared.record import Record, migrate
from tests.postgresql_server import PostgresqlServer

MACHINE_SETTINGS = {"CHROME_BINARY", "CHROMEDRIVER"}
"""Settings that name the machine's parts, not anybody's portal, database or key."""
WHOLE_SYSTEMS = {"acceptance", "faults"}
"""Folders of tests that start whole systems."""
LONGEST = "test_main_job.py"
DATABASES = ("sqlite", "postgresql")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of ./run test beside pytest's own.

    `--database`: the record's own tests run on both anyway; what is about SQLite itself stays
    there.
    """
    parser.addoption(
        "--database",
        choices=DATABASES,
        default=DATABASES[0],
        help="where whole systems under test keep their record (default: %(default)s)",
    )
    parser.addoption(
        "--portals",
        action="store_true",
        help="also try real applications from PyPI and Debian, which are installed once",
    )


def pytest_configure() -> None:
    """Forget every inherited setting and `.env`, so that no test can reach a real portal.

    And hear Ctrl-C: a shell that starts us in the background has it ignored, and whatever we start
    would inherit that. And keep compiled code, where the environment says not to: hundreds of
    processes would compile it anew.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    names = {name.upper() for name in Settings.model_fields} - MACHINE_SETTINGS
    for name in list(os.environ):
        if name.upper() in names or name.upper().startswith(("CELERY_", "ESC_")):
            del os.environ[name]
    os.environ["ENV_FILE"] = ""


def pytest_xdist_auto_num_workers() -> int:
    """Two processes more than cores: tests of whole systems wait half of their time."""
    return (os.cpu_count() or 1) + 2


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let every pytest-xdist process begin with its share of the tests of whole systems.

    Each gets a stretch of the list, and takes from the others' ends when it is done. The tests that
    take longest would lie in one stretch, and the last of them would be waited for alone.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    slow = [path for path in files if path.parent.name in WHOLE_SYSTEMS]
    slow.sort(key=lambda path: path.name != LONGEST)
    quick = [item for path in files if path not in slow for item in files[path]]
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    ordered: list[pytest.Item] = []
    for number in range(processes):
        ordered += [item for path in slow[number::processes] for item in files[path]]
        ends = len(items) * (number + 1) // processes
        ordered += [quick.pop(0) for _ in range(min(len(quick), ends - len(ordered)))]
    items[:] = ordered + quick


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


@pytest.fixture(scope="session")
def postgresql(request: pytest.FixtureRequest) -> Iterator[PostgresqlServer]:
    """A PostgreSQL server, one for each pytest-xdist process. Stop or cut it at will."""
    binaries = find_postgresql()
    if binaries is None:
        if os.environ.get("CI") or request.config.getoption("--database") == "postgresql":
            pytest.fail(POSTGRESQL_MISSING)
        pytest.skip(POSTGRESQL_MISSING)
    server = PostgresqlServer(binaries)
    try:
        server.create()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with an empty record to copy: its tables are made once."""
    template = tmp_path_factory.mktemp("record") / "record.sqlite3"
    record = Record(f"sqlite:///{template}")
    migrate(record)
    record.close()
    return template


@contextmanager
def _databases(request: pytest.FixtureRequest, folder: Path) -> Iterator[Callable[[], str]]:
    """Make databases for empty records until the block is left."""
    if request.config.getoption("--database") == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        yield (
            lambda: f"sqlite:///{shutil.copy(template, folder / f'{os.urandom(3).hex()}.sqlite3')}"
        )
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    with ExitStack() as made:

        def make() -> str:
            name = f"test_{os.urandom(6).hex()}"
            server.create_database(name)
            made.callback(server.drop_database, name)
            return server.url(name)

        yield make


@contextmanager
def _systems(
    folder: Path, new_database: Callable[[], str]
) -> Iterator[Callable[..., PracticeSystem]]:
    """Start whole systems, and kill them when the block is left.

    A warm shutdown takes seconds; tests of it ask for it.
    """
    with ExitStack() as started:

        def start(**options: Any) -> PracticeSystem:
            system_folder = folder / f"system-{os.urandom(3).hex()}"
            settings = {"DATABASE_URL": new_database(), **options.pop("settings", {})}
            system = PracticeSystem(system_folder, settings=settings, **options)
            started.callback(system.abandon)
            system.start()
            return system

        yield start


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Make databases of the test's own for empty records, of the kind --database names: URLs."""
    with _databases(request, tmp_path) as make:
        yield make


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """URL of one such database."""
    return new_database()


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
def running_system(
    tmp_path: Path, new_database: Callable[[], str]
) -> Iterator[Callable[..., PracticeSystem]]:
    """Start whole systems: `running_system(batches=3, workers=2, ...)`, see PracticeSystem."""
    with _systems(tmp_path, new_database) as start:
        yield start


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what all tests of a module share."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def shared_database(
    request: pytest.FixtureRequest, shared_folder: Path
) -> Iterator[Callable[[], str]]:
    """Make databases likewise, for all tests of a module."""
    with _databases(request, shared_folder) as make:
        yield make


@pytest.fixture(scope="module")
def shared_system(
    shared_folder: Path, shared_database: Callable[[], str]
) -> Iterator[Callable[..., PracticeSystem]]:
    """Start whole systems likewise, for all tests of a module."""
    with _systems(shared_folder, shared_database) as start:
        yield start
