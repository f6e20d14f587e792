"""Finds and ends what a practice system may leave: processes, whoever their parent is now, and
temporary files of browsers.
"""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path

import psutil

MARK = "PRACTICE_SYSTEM"
"""Environment variable that names the system's folder; every descendant inherits it."""

BROWSER_TEMPORARY = "Temporary Files"
"""The link in a browser's own folder to where its temporary files are."""

END_SECONDS = 10.0


def processes_of(folder: Path) -> list[psutil.Process]:
    """List the living processes that were started, however indirectly, by the system in `folder`.

    A browser's driver leaves its worker's session on purpose, and its children outlive it: but
    what they inherited still says where they come from.
    """
    return [process for process in psutil.process_iter() if _is_marked(process, str(folder))]


def end_all(folder: Path) -> None:
    """Kill every process of the system in `folder` and wait until none is left."""
    deadline = time.monotonic() + END_SECONDS
    while (found := processes_of(folder)) and time.monotonic() < deadline:
        for process in found:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(found, timeout=0.2)


def remove_temporary_files(browsers: Path) -> None:
    """Remove the temporary files of the browsers whose folders lie in `browsers`.

    They may be anywhere, since their path must be short, and a worker that was killed has removed
    none of them.
    """
    for link in browsers.glob(f"*/{BROWSER_TEMPORARY}"):
        with suppress(OSError):  # it is none
            shutil.rmtree(link.readlink(), ignore_errors=True)


def _is_marked(process: psutil.Process, folder: str) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return process.environ().get(MARK) == folder
    except psutil.Error:
        return False
