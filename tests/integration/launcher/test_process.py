"""Processes of ours: real ones."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from launcher.environment import ROOT
from launcher.errors import LauncherError
from launcher.inheritance import practice_environment
from launcher.leftovers import end_all, processes_of
from launcher.process import Process, wait_until_ready

READY_THEN_SLEEP = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
GRANDCHILD_OF_ITS_OWN = """
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"],
                         start_new_session=True)
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(600)
"""
LAUNCHER = """
import sys, time
from pathlib import Path
from launcher.inheritance import practice_environment
from launcher.process import Process
folder = Path(sys.argv[1])
ready = folder / "ready"
child = Process("a child", [sys.executable, "-c", sys.argv[2], ready], log=folder / "log",
                environment=practice_environment(folder, folder), is_ready=lambda _: ready.exists())
child.start()
(folder / "pid").write_text(str(child.pid))
time.sleep(600)
"""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Make processes from Python code; all are gone after the test."""

    def make_process(code: str, *, is_ready: Callable[[], bool] = lambda: True) -> Process:
        return Process(
            "a child",
            [sys.executable, "-c", code, tmp_path / "ready"],
            log=tmp_path / "log",
            environment=practice_environment(tmp_path, tmp_path),
            is_ready=lambda _: is_ready(),
        )

    yield make_process
    end_all(tmp_path)


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds, at most half a minute."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_crash_while_starting_is_reported_at_once_with_its_last_words(
    make: Callable[..., Process],
) -> None:
    """Nobody waits for a deadline to learn of a crash."""
    # Given a process that dies before it is ready
    process = make("raise SystemExit('no such portal')", is_ready=lambda: False)

    # When it is started with a minute's patience
    # Then its last words are in the error
    with pytest.raises(LauncherError, match=r"(?s)status 1 while starting.*no such portal"):
        process.start(timeout=60)


def test_a_process_that_is_never_ready_is_given_up(make: Callable[..., Process]) -> None:
    """It lives, but serves nobody."""
    # Given a process that is never ready
    process = make(READY_THEN_SLEEP, is_ready=lambda: False)
    process.launch()

    # When it is awaited
    # Then the error says so
    with pytest.raises(LauncherError, match="was not ready after 0 s"):
        wait_until_ready([process], timeout=0)


def test_a_killed_process_can_be_started_again(
    make: Callable[..., Process], tmp_path: Path
) -> None:
    """As a supervisor or a test does."""
    # Given a process that was killed
    process = make(READY_THEN_SLEEP, is_ready=(tmp_path / "ready").exists)
    process.start()
    first = process.pid
    process.kill()
    assert process.exit_status == -signal.SIGKILL

    # When it is started again
    process.start()

    # Then it runs as another process
    assert process.running
    assert process.pid != first


def test_a_frozen_process_can_still_be_stopped(
    make: Callable[..., Process], tmp_path: Path
) -> None:
    """A stopped process does not see a SIGTERM until it goes on."""
    # Given a frozen process
    process = make(READY_THEN_SLEEP, is_ready=(tmp_path / "ready").exists)
    process.start()
    process.freeze()

    # When it is stopped
    process.stop(timeout=30)

    # Then it ended by the SIGTERM, without being killed
    assert process.exit_status == -signal.SIGTERM


def test_ctrl_c_in_the_terminal_does_not_reach_the_process(
    make: Callable[..., Process], tmp_path: Path
) -> None:
    """The launcher alone decides how each process ends."""
    # Given a running process
    process = make(READY_THEN_SLEEP, is_ready=(tmp_path / "ready").exists)

    # When it runs
    process.start()

    # Then it is in no process group of ours
    assert os.getpgid(process.pid) != os.getpgid(os.getpid())


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux only")
def test_a_process_ends_when_its_launcher_is_killed(tmp_path: Path) -> None:
    """Even kill -9 of the launcher leaves no service behind."""
    # Given a launcher with a child
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, tmp_path, READY_THEN_SLEEP], cwd=ROOT
    )
    wait_for((tmp_path / "pid").exists)
    wait_for(lambda: bool((tmp_path / "pid").read_text()))
    child = psutil.Process(int((tmp_path / "pid").read_text()))

    # When the launcher is killed
    launcher.kill()
    launcher.wait()

    # Then the child ends
    psutil.wait_procs([child], timeout=30)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_what_left_its_parents_session_is_still_found_and_ended(
    make: Callable[..., Process], tmp_path: Path
) -> None:
    """As a browser's driver does, whose worker was then killed."""
    # Given a grandchild in a session of its own, whose parent was killed
    ready = tmp_path / "ready"
    process = make(
        GRANDCHILD_OF_ITS_OWN, is_ready=lambda: ready.exists() and bool(ready.read_text())
    )
    process.start()
    process.kill()
    grandchild = psutil.Process(int(ready.read_text()))
    assert [found.pid for found in processes_of(tmp_path)] == [grandchild.pid]

    # When the folder's processes are ended
    end_all(tmp_path)

    # Then none is left
    assert processes_of(tmp_path) == []


def test_another_folders_processes_are_left_alone(
    make: Callable[..., Process], tmp_path: Path
) -> None:
    """Two systems side by side do not end each other, even when one's name begins the other's."""
    # Given a process of one folder
    process = make(READY_THEN_SLEEP, is_ready=(tmp_path / "ready").exists)
    process.start()

    # When the processes of others are ended
    end_all(tmp_path.with_name(tmp_path.name[:-1]))
    end_all(tmp_path.parent)

    # Then it lives
    assert process.running
