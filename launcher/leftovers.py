"""Finds and ends every process that belongs to one practice system, whoever its parent is now."""

from __future__ import annotations

import time
from pathlib import Path

import psutil

MARK = "PRACTICE_SYSTEM"
"""Environment variable that names the system's folder; every descendant inherits it."""

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


def _is_marked(process: psutil.Process, folder: str) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return process.environ().get(MARK) == folder
    except psutil.Error:
        return False
