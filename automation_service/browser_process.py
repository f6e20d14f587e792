"""A browser's processes, told from all others so that anybody can end them later."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

REAP_DEADLINE = 10.0
TEMPORARY = "Temporary Files"
"""The link in a browser's own folder to where its temporary files are."""
LONGEST_TEMPORARY = 40
"""A socket's path has at most 107 bytes; Chromium's own part and ours take 62 of them."""


@dataclass(frozen=True)
class BrowserProcess:
    """The identity of a browser and its driver.

    `group` is the id of the driver, of its process group and of its session; `started` is when
    the driver started, in seconds since 1970 as the kernel counts; `user_data_dir` is the
    browser's own folder.
    """

    group: int
    started: float
    user_data_dir: str

    @property
    def name(self) -> str:
        """What the record calls it: good for one machine."""
        return f"{self.group}@{self.started:.2f}"


def reap(process: BrowserProcess) -> int:
    """End whatever still runs of a browser, remove its folders, and tell how many were ended.

    A process that merely got a number the browser once had is left alone.
    """
    ended: set[int] = set()
    deadline = time.monotonic() + REAP_DEADLINE
    while True:
        running = _running(process)
        if not running or time.monotonic() > deadline:
            break
        for member in running:
            with suppress(psutil.NoSuchProcess):
                member.send_signal(signal.SIGKILL)
                ended.add(member.pid)
        psutil.wait_procs(running, timeout=0.2)
    remove_folders(Path(process.user_data_dir))
    return len(ended)


def make_folders(temp_dir: Path) -> tuple[Path, Path]:
    """Make a browser's own folder in `temp_dir`, and one for its temporary files.

    Chromium and its driver leave theirs behind when they are killed, and fail where the path of a
    socket among them grows too long; so they get a folder with a short path, which theirs names.
    """
    temp_dir.mkdir(parents=True, exist_ok=True)
    user_data_dir = Path(tempfile.mkdtemp(prefix="browser-", dir=temp_dir))
    usual = tempfile.gettempdir()
    near = usual if len(usual) <= LONGEST_TEMPORARY else "/tmp"
    temporary = Path(tempfile.mkdtemp(prefix="browser-", dir=near))
    (user_data_dir / TEMPORARY).symlink_to(temporary)
    return user_data_dir, temporary


def remove_folders(user_data_dir: Path) -> None:
    """Remove a browser's own folder and the one for its temporary files. Never raises."""
    with suppress(OSError):
        shutil.rmtree((user_data_dir / TEMPORARY).readlink(), ignore_errors=True)
    shutil.rmtree(user_data_dir, ignore_errors=True)


def _running(process: BrowserProcess) -> list[psutil.Process]:
    session: list[psutil.Process] = []
    named: list[psutil.Process] = []
    leader_is_ours: bool | None = None
    for candidate in psutil.process_iter():
        try:
            if candidate.status() == psutil.STATUS_ZOMBIE:
                continue
            in_session = os.getsid(candidate.pid) == process.group
            if candidate.pid == process.group:
                leader_is_ours = abs(candidate.create_time() - process.started) < 1
            if process.user_data_dir in " ".join(candidate.cmdline()):
                named.append(candidate)
            elif in_session:
                session.append(candidate)
        except (psutil.Error, OSError):
            continue
    # The number of a session is not given away while anybody is in it. So its members are ours if
    # its leader is; with the leader dead, if one of them bears our folder's name.
    ours = leader_is_ours if leader_is_ours is not None else bool(named)
    return named + session if ours else named
