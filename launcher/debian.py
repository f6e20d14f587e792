"""Installs Debian packages where that is allowed without asking anybody."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from launcher.commands import run_logged
from launcher.errors import LauncherError

LOCK_SECONDS = 600.0
"""How long another apt-get may keep its lock before we give up."""


def may_install() -> bool:
    """Tell whether this is a Debian-like machine on which we are root or sudo asks nothing."""
    return shutil.which("apt-get") is not None and _as_root() is not None


def install(packages: Sequence[str], log: Path) -> None:
    """Install `packages`, waiting for another apt-get to finish; LauncherError if it fails."""
    _apt_get(["update"], log)
    _apt_get(["install", "--yes", "--no-install-recommends", *packages], log)


def _as_root() -> list[str] | None:
    """What to put before a command so that root runs it; None when that needs a password."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is None:
        return None
    asked = subprocess.run([sudo, "-n", "true"], stdin=subprocess.DEVNULL, capture_output=True)
    return [sudo, "-n"] if asked.returncode == 0 else None


def _apt_get(arguments: Sequence[str], log: Path) -> None:
    command = [*(_as_root() or []), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    command += ["-o", f"DPkg::Lock::Timeout={LOCK_SECONDS:.0f}", *arguments]
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            # Torn away in the middle it would leave the machine's packages half configured; and
            # where sudo runs it as root, we could not end it anyway.
            return run_logged(command, log, must_finish=True)
        except LauncherError as error:
            # The timeout above covers dpkg's lock, not the one on the package lists.
            if "lock" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(1)
