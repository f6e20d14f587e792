"""Other people's commands when somebody types Ctrl-C, which in a terminal reaches them as well."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from launcher.environment import ROOT

RUN = """
import sys
from pathlib import Path
from launcher.commands import run_logged
folder, script, must_finish = sys.argv[1:]
run_logged(["sh", "-c", script, folder], Path(folder) / "log", must_finish=must_finish == "yes")
"""

Begin = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Run a script of the shell, in whose folder `begun` says that it has begun."""
    running: list[subprocess.Popen[str]] = []

    def begin(script: str, *, must_finish: bool = False) -> subprocess.Popen[str]:
        chosen = "yes" if must_finish else "no"
        command = [sys.executable, "-c", RUN, str(tmp_path), f'cd "$0"; {script}', chosen]
        running.append(
            subprocess.Popen(
                command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
            )
        )
        deadline = time.monotonic() + 30
        while not (tmp_path / "begun").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return running[-1]

    yield begin
    for process in running:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_an_interrupted_command_may_tidy_up(begin: Begin, tmp_path: Path) -> None:
    """Told twice, pip would leave everything where it is."""
    # Given a command that takes its time to remove what it has begun
    process = begin(
        'trap "sleep 1; rm begun; exit 1" INT; touch begun; while :; do sleep 0.1; done'
    )

    # When Ctrl-C is typed
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)

    # Then it has removed it, and nothing runs any more
    assert not (tmp_path / "begun").exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_a_command_that_must_finish_does(begin: Begin, tmp_path: Path) -> None:
    """Half an installation of packages is worse than a late end."""
    # Given a command that ends when there is something to go on with
    script = "touch begun; while ! [ -e go ]; do sleep 0.1; done; touch done"
    process = begin(script, must_finish=True)

    # When Ctrl-C is typed, and it can go on
    os.killpg(process.pid, signal.SIGINT)
    assert process.stderr is not None
    said = process.stderr.readline()
    (tmp_path / "go").touch()
    process.communicate(timeout=60)

    # Then it was awaited, and we were interrupted all the same
    assert said == "run: what was begun is let finish; Ctrl-C again leaves it to itself\n"
    assert (tmp_path / "done").exists()
    assert process.returncode != 0
