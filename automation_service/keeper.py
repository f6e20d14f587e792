"""Ends a browser from outside, at the earliest of its deadlines or when its owner dies.

A worker may be stopped, hang or be killed with its browser in the middle of a click. So a small
process of its own stands by each browser; it does nothing but wait, and kill.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from automation_service.browser_process import REAP_DEADLINE, BrowserProcess, reap
from shared.errors import BrowserDied

_ROOT = Path(__file__).resolve().parent.parent
_HEARD = b"."
HEARING_SECONDS = 10.0
"""How long a keeper may take to answer, its start included."""


class Keeper:
    """Stands by one browser after another; deadlines outlive the browser they were set for.

    Deadlines are on `time.monotonic()`, which all processes of a machine share. Any thread may
    set them.
    """

    def __init__(self) -> None:
        """Nothing is started before there is a browser."""
        self._deadlines: dict[str, float] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def watch(self, browser: BrowserProcess) -> None:
        """Stand by this browser, whose deadlines are those set so far.

        Raises BrowserDied if nobody can.
        """
        process = subprocess.Popen(
            [sys.executable, "-m", "automation_service.keeper"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        with self._lock:
            self._process = process
            heard = self._tell(asdict(browser))
            for name, until in self._deadlines.items():
                heard = heard and self._tell({"deadline": name, "until": until})
        if not heard:
            raise BrowserDied("The browser's keeper did not start.")

    @property
    def is_watching(self) -> bool:
        """True while the browser has its keeper: not before it started, not once it was ended."""
        return self._process is not None and self._process.poll() is None

    def set(self, name: str, until: float | None) -> bool:
        """End the browser at this moment, unless the deadline of that name is moved before.

        None takes the deadline away. False if there is no keeper that heard it: no browser runs,
        or this one must not be used any more.
        """
        with self._lock:
            if until is None:
                self._deadlines.pop(name, None)
            else:
                self._deadlines[name] = until
            return self._tell({"deadline": name, "until": until})

    @contextmanager
    def deadline(self, name: str, until: float) -> Iterator[None]:
        """Whatever is done inside is done by then, or there is no browser any more."""
        self.set(name, until)
        try:
            yield
        finally:
            self.set(name, None)

    def leave(self) -> None:
        """Stand by the browser no longer: whatever is left of it is ended now."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(REAP_DEADLINE + 5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def _tell(self, message: dict[str, object]) -> bool:
        process = self._process
        if process is None:
            return False
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(message).encode() + b"\n")
            process.stdin.flush()
            answers, _, _ = select.select([process.stdout], [], [], HEARING_SECONDS)
            return bool(answers) and os.read(process.stdout.fileno(), 1) == _HEARD
        except OSError:
            return False


def keep(messages: BinaryIO, answers: BinaryIO) -> None:
    """Hear of a browser and its deadlines; end it at the earliest, or when nobody speaks any more.

    The first message is the browser, the others are its deadlines. Each is answered once heard.
    """
    heard = _lines(messages, answers)
    first = next(heard, None)
    if first is None:
        return
    browser = BrowserProcess(**json.loads(first))
    deadlines: dict[str, float] = {}
    while True:
        earliest = min(deadlines.values(), default=None)
        patience = None if earliest is None else earliest - time.monotonic()
        if patience is not None and patience <= 0:
            break
        if not select.select([messages], [], [], patience)[0]:
            continue
        line = next(heard, None)
        if line is None:
            break
        message = json.loads(line)
        if message["until"] is None:
            deadlines.pop(message["deadline"], None)
        else:
            deadlines[message["deadline"]] = message["until"]
    reap(browser)


def _lines(messages: BinaryIO, answers: BinaryIO) -> Iterator[bytes]:
    # One message is answered before the next is sent, so a read never holds more than one.
    while line := messages.readline():
        answers.write(_HEARD)
        answers.flush()
        yield line


if __name__ == "__main__":
    # Unbuffered: what was read is all there is, so waiting for more is right.
    with os.fdopen(0, "rb", buffering=0) as stdin, os.fdopen(1, "wb", buffering=0) as stdout:
        keep(stdin, stdout)
