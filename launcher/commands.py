"""Runs somebody else's command, its output in a log, and leaves none behind when interrupted."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from launcher.errors import LauncherError

GRACE_SECONDS = 10.0
"""How long an interrupted command may take to tidy up before it is killed."""


def run_logged(
    command: Sequence[str | Path],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    keep_open: Sequence[int] = (),
) -> None:
    """Run `command` to its end, appending what it prints to `log`.

    The child inherits the descriptors in `keep_open`, so a lock held through one lasts as long
    as the child does. Raises LauncherError with the command's last line when it fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        start = output.tell()
        try:
            child = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                pass_fds=keep_open,
            )
        except OSError as error:
            raise LauncherError(f"cannot start {command[0]}: {error.strerror}") from None
        try:
            status = child.wait()
        except BaseException:
            _end(child)
            raise
    if status != 0:
        name = " ".join(str(part) for part in command[:4])
        raise LauncherError(f"`{name} ...` failed: {_last_line(log, start)} (all of it: {log})")


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _last_line(log: Path, start: int) -> str:
    with log.open("rb") as output:
        output.seek(start)
        lines = [line.strip() for line in output.read().decode(errors="replace").splitlines()]
    errors = [line for line in lines if line.lower().startswith(("error", "e:"))]
    spoken = errors or [line for line in lines if line]
    return spoken[-1] if spoken else "it said nothing"
