"""Python imports this at its start where PYTHONPATH names its folder: a wall clock to be moved.

The file that WRONG_CLOCK names says by how many seconds the clock is wrong, at any moment. Only the
wall clock is moved. libfaketime also moves what sleeps on the monotonic one: `time.sleep` then
fails with EINVAL or never wakes, which no real clock that is set does.
"""

from __future__ import annotations

import os
import threading
import time
from datetime import timedelta
from pathlib import Path

import time_machine

LOOK_SECONDS = 0.02


class WallClock:
    """Follows the file, in this process and in those it forks."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._wrong_by = 0.0
        self._hands = time_machine.travel(timedelta(0), tick=True).start()
        self._follow()
        os.register_at_fork(after_in_child=self._follow)

    def _follow(self) -> None:
        threading.Thread(target=self._run, name="wrong clock", daemon=True).start()

    def _run(self) -> None:
        while True:
            wanted = float(self._file.read_text())
            self._hands.shift(wanted - self._wrong_by)
            self._wrong_by = wanted
            time.sleep(LOOK_SECONDS)


if "WRONG_CLOCK" in os.environ:
    WallClock(Path(os.environ["WRONG_CLOCK"]))
