"""Runs somebody else's command, its output in a log, and leaves none behind when interrupted.

Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from launcher.errors import LauncherError
from launcher.interruption import signals_held_back
from launcher.lock import tell

TIDY_SECONDS = 3.0
"""How long a command may take to end by itself: a Ctrl-C in a terminal has reached it as well."""
GRACE_SECONDS = 10.0
"""How long it may take once it is told to end, before it is killed."""


def run_logged(
    command: Sequence[str | Path],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    keep_open: Sequence[int] = (),
    must_finish: bool = False,
) -> None:
    """Run `command` to its end, appending what it prints to `log`.

    The child inherits the descriptors in `keep_open`, so a lock held through one lasts as long
    as the child does. When we are interrupted it is ended, or with `must_finish` awaited. Raises
    LauncherError with the command's last line when it fails.
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
                preexec_fn=_hear_no_interruption if must_finish else None,
            )
        except OSError as error:
            raise LauncherError(f"cannot start {command[0]}: {error.strerror}") from None
        try:
            status = child.wait()
        except BaseException:
            if must_finish:
                tell("what was begun is let finish; Ctrl-C again leaves it to itself")
                child.wait()
            else:
                with signals_held_back():
                    _end(child)
            raise
    if status != 0:
        name = " ".join(str(part) for part in command[:4])
        raise LauncherError(f"`{name} ...` failed: {_last_line(log, start)} (all of it: {log})")


def _hear_no_interruption() -> None:
    """What a child that must finish does before it begins, and hands on to its own children."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _end(child: subprocess.Popen[bytes]) -> None:
    if _has_ended(child, TIDY_SECONDS):
        return
    child.terminate()
    if not _has_ended(child, GRACE_SECONDS):
        child.kill()
        child.wait()


def _has_ended(child: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _last_line(log: Path, start: int) -> str:
    with log.open("rb") as output:
        output.seek(start)
        lines = [line.strip() for line in output.read().decode(errors="replace").splitlines()]
    errors = [line for line in lines if line.lower().startswith(("error", "e:"))]
    spoken = errors or [line for line in lines if line]
    return spoken[-1] if spoken else "it said nothing"
