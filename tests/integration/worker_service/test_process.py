"""The worker as a process: what its user types, and what it says when it cannot start."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from launcher.environment import ROOT
from launcher.inheritance import practice_environment
from launcher.services import Worker

MakeWorker = Callable[..., Worker]


@pytest.fixture
def make_worker(tmp_path: Path, redis_url: str, database_url: str) -> Iterator[MakeWorker]:
    """Make workers, not started yet, that are typed as the README says."""
    with ExitStack() as made:

        def make(**settings: str) -> Worker:
            environment = {
                **practice_environment(tmp_path, tmp_path),
                "REDIS_URL": redis_url,
                "DATABASE_URL": database_url,
                "DATA_DIR": str(tmp_path / "data"),
                "LOGS_DIR": str(tmp_path / "logs"),
                "WORKER_CONCURRENCY": "1",
                **settings,
            }
            worker = Worker("worker", log=tmp_path / "worker.log", environment=environment)
            folder = ROOT / "worker_service"
            worker.command = ["/bin/sh", "-c", f"cd '{folder}' && exec '{sys.executable}' main.py"]
            made.callback(worker.stop)
            return worker

        yield make


def test_it_starts_from_its_own_folder(make_worker: MakeWorker) -> None:
    worker = make_worker()

    worker.start()

    assert worker.running


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("LOGS_DIR", "/dev/null/logs", "worker: cannot start: [Errno 20] Not a directory: "),
        ("DATABASE_URL", "sqlite:////proc/nowhere/x", "worker: cannot start: DATABASE_URL: "),
    ],
)
def test_what_cannot_be_used_is_one_clear_line(
    make_worker: MakeWorker, setting: str, value: str, said: str
) -> None:
    worker = make_worker(**{setting: value})

    worker.launch()
    worker.wait(60)

    assert worker.exit_status == 1
    assert said in worker.tail()
    assert "Traceback" not in worker.tail()
