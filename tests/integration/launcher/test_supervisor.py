"""Who dies is started again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher.inheritance import practice_environment
from launcher.leftovers import end_all
from launcher.process import Process
from launcher.supervisor import Supervisor

APPEND_A_LINE = "import sys; open(sys.argv[1], 'a').write('started\\n')"
LIVE = f"{APPEND_A_LINE}; import time; time.sleep(600)"
DIE = f"{APPEND_A_LINE}; sys.exit(3)"


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[str], Process]]:
    """Make processes from Python code; all are gone after the test."""

    def make_process(code: str) -> Process:
        return Process(
            "a service",
            [sys.executable, "-c", code, tmp_path / "starts"],
            log=tmp_path / "log",
            environment=practice_environment(tmp_path, tmp_path),
            is_ready=lambda _: True,
        )

    yield make_process
    end_all(tmp_path)


def look_until(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    """Let the supervisor look after its processes until `condition` holds."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        supervisor.look_after_all()
        time.sleep(0.02)


def starts(folder: Path) -> int:
    """How often the process has begun."""
    file = folder / "starts"
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_a_killed_service_is_started_again(make: Callable[[str], Process], tmp_path: Path) -> None:
    """The others do not notice."""
    # Given a service that was killed
    service = make(LIVE)
    service.start()
    first = service.pid
    look_until(supervisor := Supervisor([service]), lambda: starts(tmp_path) == 1)
    service.kill()

    # When the supervisor looks after it
    look_until(supervisor, lambda: starts(tmp_path) == 2)

    # Then another one runs
    assert service.running
    assert service.pid != first


def test_a_service_that_keeps_dying_is_started_less_and_less_often(
    make: Callable[[str], Process], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told each time, with its status."""
    # Given a service that dies at once
    service = make(DIE)
    service.start()

    # When the supervisor looks after it for a while
    look_until(Supervisor([service]), lambda: starts(tmp_path) == 3 and not service.running)

    # Then the pauses grow
    told = [line.split(": ", 1)[1] for line in capsys.readouterr().err.splitlines()]
    assert told[:2] == [
        "a service ended with status 3: starting it again in 1 s",
        "a service ended with status 3: starting it again in 2 s",
    ]


def test_each_service_is_asked_to_end_and_may_take_its_time(
    make: Callable[[str], Process], tmp_path: Path
) -> None:
    """A worker finishes its work before it ends."""
    # Given a service that finishes something when asked to end
    service = make(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.5), print('done'), sys.exit(0)))\n"
        f"{LIVE}"
    )
    service.start()
    look_until(supervisor := Supervisor([service]), lambda: starts(tmp_path) == 1)

    # When the supervisor stops it
    supervisor.stop(timeout=30)

    # Then it was not cut short
    assert service.exit_status == 0
    assert service.tail() == "done"
