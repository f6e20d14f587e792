"""What a command says that cannot begin."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from launcher.environment import ROOT
from launcher.redis_server import free_port


def up(folder: Path, *lines: str) -> subprocess.CompletedProcess[str]:
    """Type `./run up` with these lines in the file of settings."""
    settings = folder / "settings.env"
    settings.write_text("\n".join([f"DATA_DIR={folder}", f"FLOWER_PORT={free_port()}", *lines]))
    environment = {**os.environ, "ENV_FILE": str(settings), "FASTAPI_PORT": "0"}
    for name in ("CHROME_BINARY", "CHROMEDRIVER"):
        environment.pop(name, None)
    return subprocess.run(
        [sys.executable, "-m", "launcher", "up"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    """No traceback, whatever the machine refuses."""
    # Given a folder for data that can be none
    # When the system is started
    told = up(tmp_path, "DATA_DIR=/dev/null/data")

    # Then one line says so
    assert told.returncode == 1
    assert told.stderr == "run: [Errno 20] Not a directory: '/dev/null/data'\n"


def test_a_browser_named_in_the_file_of_settings_is_the_one_that_is_tried(tmp_path: Path) -> None:
    """Also when its driver is left to be found."""
    # Given a file that names a browser that is none
    # When the system is started
    told = up(tmp_path, "CHROME_BINARY=/bin/true")

    # Then one line names it
    assert told.returncode == 1
    assert told.stderr.startswith("run: CHROME_BINARY=/bin/true and CHROMEDRIVER=: ")
    assert told.stderr.count("\n") == 1
