"""What ./run alone says."""

from __future__ import annotations

import subprocess
from pathlib import Path

from launcher.command_line import app
from launcher.environment import ROOT


def test_run_alone_lists_every_command(tmp_path: Path) -> None:
    """From any folder, and without setting anything up."""
    # Given the commands that the launcher knows
    commands = {info.callback.__name__ for info in app.registered_commands if info.callback}

    # When ./run is called with no command, from elsewhere
    told = subprocess.run([ROOT / "run"], cwd=tmp_path, capture_output=True, text=True, check=True)

    # Then exactly these are listed
    listed = {line.split()[0] for line in told.stdout.splitlines() if line.startswith("  ")}
    assert listed == commands


def test_an_unknown_command_is_refused_in_one_line(tmp_path: Path) -> None:
    """A typing error costs no installation."""
    # Given a command that does not exist
    # When it is typed
    told = subprocess.run([ROOT / "run", "demmo"], cwd=tmp_path, capture_output=True, text=True)

    # Then one line says so and the status is 2
    assert told.returncode == 2
    assert told.stderr == "run: there is no command 'demmo'; ./run alone lists them\n"


def test_a_wrong_python_is_refused_in_one_line(tmp_path: Path) -> None:
    """PYTHON names the interpreter; one that is none is not silently replaced."""
    # Given PYTHON naming something else
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": "/bin/true"}

    # When a command is run
    told = subprocess.run([ROOT / "run", "lint"], env=environment, capture_output=True, text=True)

    # Then one line says so
    assert told.returncode == 1
    assert told.stderr == "run: PYTHON=/bin/true is not a Python 3.10 or newer\n"


def test_a_machine_without_python_is_told_what_to_type(tmp_path: Path) -> None:
    """The one thing ./run cannot bring along is Python."""
    # Given a PATH with the usual tools but no Python
    for tool in ("sh", "dirname", "readlink", "grep"):
        (tmp_path / tool).symlink_to(Path("/bin") / tool)

    # When a command is run
    told = subprocess.run(
        [ROOT / "run", "demo"], env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )

    # Then one line says what to install
    assert told.returncode == 1
    assert told.stderr.startswith("run: no Python 3.10 or newer found; type: ")
    assert told.stderr.count("\n") == 1
