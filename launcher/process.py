"""One process of ours: started, watched until it is ready, stopped, killed, started again."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from launcher.environment import ROOT
from launcher.errors import LauncherError
from launcher.interruption import release_signals, signals_held_back

START_SECONDS = 60.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.02
PR_SET_PDEATHSIG = 1

Readiness = Callable[[int], bool]
"""Tells, given the process's id, whether it is up and serving."""


class Process:
    """A child in a session of its own, so that Ctrl-C in a terminal reaches only the launcher.

    Signals go to the child alone, never to its group: a warm shutdown is the child's own affair.
    On Linux the child is asked to end when the thread that started it ends, so start processes
    from the main thread.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path | None,
        environment: Mapping[str, str],
        is_ready: Readiness,
    ) -> None:
        """`log` gets what the child prints, None: our terminal does. `environment` is all that it
        inherits.
        """
        self.name = name
        self.command = [str(part) for part in command]
        self.log = log
        self.environment = dict(environment)
        self.is_ready = is_ready
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The id of the running, or last, child."""
        if self._child is None:
            raise LauncherError(f"{self.name} was never started")
        return self._child.pid

    @property
    def running(self) -> bool:
        """Tell whether the child lives."""
        return self._child is not None and self._child.poll() is None

    @property
    def exit_status(self) -> int | None:
        """How the last child ended (negative: the signal), None while it lives."""
        return self._child.poll() if self._child else None

    def launch(self) -> None:
        """Start the child without waiting for it to be ready."""
        output = self._open_log()
        try:
            with signals_held_back():
                self._child = subprocess.Popen(
                    self.command,
                    cwd=ROOT,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT if output else None,
                    start_new_session=True,
                    preexec_fn=_preparation_of_a_child(),
                )
        except OSError as error:
            raise LauncherError(f"cannot start {self.name}: {error}") from None
        finally:
            if output:
                output.close()

    def _open_log(self) -> BinaryIO | None:
        if self.log is None:
            return None
        self.log.parent.mkdir(parents=True, exist_ok=True)
        return self.log.open("ab")

    def start(self, timeout: float = START_SECONDS) -> None:
        """Start the child, the first time or again, and wait until it is ready."""
        self.launch()
        wait_until_ready([self], timeout)

    def terminate(self) -> None:
        """Ask the child to end, without waiting."""
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            self.thaw()  # a frozen process hears nothing

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """Ask the child to end and kill it if it has not after `timeout` seconds."""
        self.terminate()
        self.wait(timeout)

    def kill(self) -> None:
        """End the child as a crash would."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def freeze(self) -> None:
        """Stop the child where it stands, as an overloaded machine would."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen child go on."""
        os.kill(self.pid, signal.SIGCONT)

    def wait(self, timeout: float) -> None:
        """Wait for the child to end by itself and kill it if it has not after `timeout` seconds."""
        if self._child is None:
            return
        try:
            self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()

    def failure(self, problem: str) -> LauncherError:
        """The error to raise about a problem of the child, with the end of its log."""
        tail = self.tail()
        return LauncherError(f"{self.name} {problem}" + (f":\n{tail}" if tail else ""))

    def tail(self, lines: int = 15) -> str:
        """The last lines in the child's log."""
        if self.log is None:
            return ""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


def wait_until_ready(processes: Iterable[Process], timeout: float = START_SECONDS) -> None:
    """Wait until all are ready.

    Raises LauncherError, with the end of its log, as soon as one has died, or when one is not
    ready after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    for process in processes:
        while not process.is_ready(process.pid):
            if not process.running:
                raise process.failure(f"ended with status {process.exit_status} while starting")
            if time.monotonic() > deadline:
                raise process.failure(f"was not ready after {timeout:.0f} s")
            time.sleep(POLL_SECONDS)


def stop_all(processes: Sequence[Process], timeout: float = STOP_SECONDS) -> None:
    """Ask all to end at once, and kill those that have not after `timeout` seconds."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + timeout
    for process in processes:
        process.wait(max(0.0, deadline - time.monotonic()))


def _preparation_of_a_child() -> Callable[[], None]:
    """What a child does between fork and exec.

    On Linux it asks the kernel for a SIGTERM when its parent dies, even by kill -9.
    """
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def prepare() -> None:
        release_signals()
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # it died before the kernel knew
                os._exit(1)

    return prepare
