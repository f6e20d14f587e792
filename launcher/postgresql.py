"""Finds the programs of a PostgreSQL server for the tests, or brings them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from launcher import debian
from launcher.environment import ROOT
from launcher.errors import LauncherError
from launcher.lock import held, tell

NAME = "postgresql"
"""What the tests' option --database calls it."""
DEBIAN_PACKAGE = "postgresql"
DEBIAN_FOLDER = Path("/usr/lib/postgresql")
PROGRAMS = ("initdb", "postgres")
MISSING = (
    f"no PostgreSQL server ({' and '.join(PROGRAMS)} on PATH or below {DEBIAN_FOLDER}); type: "
    f"sudo apt-get install {DEBIAN_PACKAGE}"
)


def ensure() -> Path:
    """The folder of its programs, installed where that may be done; else a LauncherError."""
    if folder := find():
        return folder
    with held(ROOT / "data" / "setup.postgresql.lock", "installing PostgreSQL"):
        if find() is None and debian.may_install():
            tell(f"installing {DEBIAN_PACKAGE}, once")
            debian.install([DEBIAN_PACKAGE], ROOT / "logs" / "setup.log")
        if folder := find():
            return folder
    raise LauncherError(MISSING)


def find() -> Path | None:
    """The folder that holds `initdb` and `postgres`, the newest of several; None: there is none."""
    on_path = shutil.which(PROGRAMS[0])
    debian_s = sorted(
        DEBIAN_FOLDER.glob("*/bin"),
        key=lambda folder: [int(part) for part in re.findall(r"\d+", folder.parent.name)],
        reverse=True,
    )
    named = [Path(on_path).parent] if on_path else []
    for folder in [*named, *debian_s]:
        if all((folder / program).exists() for program in PROGRAMS):
            return folder
    return None
