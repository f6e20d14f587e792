"""`./run up`: the system for real work, under a supervisor. One serves most tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from launcher.environment import ROOT
from launcher.leftovers import MARK, end_all, processes_of
from launcher.redis_server import free_port

pytestmark = pytest.mark.timeout(300)

API_KEY = "the-key-of-this-test"


class Up:
    """A running `./run up` in a folder of its own, on ports of its own."""

    def __init__(self, folder: Path, database_url: str) -> None:
        """Nothing runs yet."""
        self.folder = folder
        self.database_url = database_url
        self.api_port, self.flower_port = free_port(), free_port()
        self.api = f"http://127.0.0.1:{self.api_port}"
        self.flower = f"http://127.0.0.1:{self.flower_port}"
        self.log = folder / "up.log"
        self.process: subprocess.Popen[bytes] | None = None

    def begin(self, log: Path | None = None, **settings: str) -> subprocess.Popen[bytes]:
        """Type `./run up`, its output in a file."""
        environment = {
            **os.environ,
            MARK: str(self.folder),
            "TMPDIR": str(self.folder),
            "ENV_FILE": "",
            "API_KEY": API_KEY,
            "DATABASE_URL": self.database_url,
            "FASTAPI_PORT": str(self.api_port),
            "FLOWER_PORT": str(self.flower_port),
            "FLOWER_UNAUTHENTICATED_API": "true",
            "WORKER_CONCURRENCY": "1",
            "DATA_DIR": str(self.folder / "data"),
            "LOGS_DIR": str(self.folder / "logs"),
            "RESULTS_DIR": str(self.folder / "results"),
            **settings,
        }
        with (log or self.log).open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "launcher", "up"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def wait_until_it_serves(self) -> None:
        """Wait until the last of its addresses is told."""
        self.wait_for(lambda: "Flower at" in self.log.read_text())

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait until `condition` holds, at most a minute and a half."""
        deadline = time.monotonic() + 90
        while not condition():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """What the API answers."""
        headers = {"x-api-key": API_KEY}
        answer = httpx.request(method, self.api + path, headers=headers, trust_env=False, **more)
        return answer.raise_for_status().json()

    def run_task(self) -> str:
        """Have a task without a browser done and return its id."""
        wanted = {"task_type": "test_task", "params": {"steps": 1, "duration": 0}}
        task_id = str(self.ask("POST", "/assign-task/", json=wanted)["task_id"])
        self.wait_for(lambda: self.ask("GET", f"/status/{task_id}")["state"] == "completed")
        return task_id

    def worker(self) -> psutil.Process:
        """The worker's parent process, which started first."""
        return min(
            (p for p in processes_of(self.folder) if "worker_service.main" in p.cmdline()),
            key=psutil.Process.create_time,
        )


@pytest.fixture
def up(database_url: str) -> Iterator[Up]:
    """A folder and ports for `./run up`; nothing is left of it after the test."""
    with _a_folder_for_up(database_url) as made:
        yield made


@pytest.fixture(scope="module")
def kept_up(shared_database: Callable[[], str]) -> Iterator[Up]:
    """Likewise, for all tests of this module."""
    with _a_folder_for_up(shared_database()) as made:
        yield made


@pytest.fixture
def running_up(kept_up: Up) -> Up:
    """A `./run up` that serves; a test may end it, and the next one gets another."""
    if kept_up.process is None or kept_up.process.poll() is not None:
        kept_up.log.unlink(missing_ok=True)
        kept_up.process = kept_up.begin()
        kept_up.wait_until_it_serves()
    return kept_up


@contextmanager
def _a_folder_for_up(database_url: str) -> Iterator[Up]:
    folder = Path(tempfile.mkdtemp(prefix="up-"))
    try:
        yield Up(folder, database_url)
    finally:
        end_all(folder)
        shutil.rmtree(folder, ignore_errors=True)


def test_a_second_start_in_the_folder_is_refused_with_the_firsts_address(running_up: Up) -> None:
    """Two of them would fight over ports and record."""
    # Given a running system, When it is started again in the same folder
    second_log = running_up.folder / "second.log"
    second = running_up.begin(second_log)

    # Then one line says where the first one is, which goes on
    assert second.wait(60) == 1
    told = second_log.read_text()
    assert told == f"run: already running in this folder at {running_up.api}\n"
    assert running_up.ask("GET", "/health/live")


def test_a_killed_worker_is_replaced(running_up: Up) -> None:
    """Work goes on without anybody's help."""
    # Given a running system whose worker was killed
    first = running_up.worker()
    first.kill()

    # When a task is assigned
    running_up.run_task()

    # Then another worker did it
    assert running_up.worker().pid != first.pid


def test_work_is_done_and_shown_in_flower_until_it_is_told_to_end(running_up: Up) -> None:
    """Orchestrator, worker, Flower and an embedded Redis, all by one command."""
    # Given a running system, When a task is done
    task_id = running_up.run_task()

    # Then Flower shows it under our id, and SIGTERM ends everything in its own way
    def flower_shows_it() -> bool:
        address = f"{running_up.flower}/api/task/info/{task_id}"
        return httpx.get(address, trust_env=False).is_success

    running_up.wait_for(flower_shows_it)
    assert running_up.process is not None
    running_up.process.terminate()
    assert running_up.process.wait(90) == 0, running_up.log.read_text()
    assert processes_of(running_up.folder) == []


def test_a_taken_port_is_told_in_one_line(up: Up) -> None:
    """With the setting that changes it."""
    # Given a port somebody listens on
    with socket.create_server(("127.0.0.1", up.api_port)):
        # When the system is started
        running = up.begin()

        # Then one line says what to do
        assert running.wait(60) == 1
    expected = f"run: cannot listen on 127.0.0.1:{up.api_port} (Address already in use): "
    assert up.log.read_text() == f"{expected}stop what uses it or set FASTAPI_PORT\n"


def test_a_wrong_setting_stops_the_start_with_its_name(up: Up) -> None:
    """What was found, and what is allowed."""
    # Given a wrong setting
    # When the system is started
    running = up.begin(LOG_LEVEL="LOUD")

    # Then one line names it
    assert running.wait(60) == 1
    told = up.log.read_text()
    assert told.startswith("run: LOG_LEVEL is 'LOUD'")
    assert "WARNING" in told
    assert told.count("\n") == 1
