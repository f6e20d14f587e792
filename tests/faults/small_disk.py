"""A file system of its own for results/, small enough to be filled, that can be held still."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path

SIZE = 256 << 20
PIECES = (1 << 20, 1 << 12)
"""Bytes that are taken at a time: coarsely first, then to the last block."""
PATIENCE_SECONDS = 30.0
LONGEST_HOLD = 10.0
"""Seconds after which a disk that is held still goes on by itself."""


@cache
def is_possible() -> bool:
    """True where disks may be mounted: for root, outside of most containers."""
    needed = ("mkfs.ext4", "mount", "umount", "fsfreeze")
    if os.geteuid() != 0 or not all(map(shutil.which, needed)):
        return False
    return Path("/dev/loop-control").exists()


class SmallDisk:
    """An image in a file, mounted as a folder."""

    def __init__(self, folder: Path, longest_hold: float = LONGEST_HOLD) -> None:
        """Nothing is made before `mount`; the image and the mounted folder are in `folder`."""
        self._longest_hold = longest_hold
        self._alarm: threading.Timer | None = None
        self._image = folder / "disk.image"
        self._place = folder / "disk"
        self._filling = self._place / "filling"

    @property
    def results(self) -> Path:
        """A folder on the disk for results; nothing else is in it."""
        return self._place / "results"

    def mount(self) -> None:
        """Make it and mount it. Raises CalledProcessError with what the tool said."""
        self._place.mkdir(parents=True)
        with self._image.open("wb") as image:
            image.truncate(SIZE)
        # Without blocks that only root may take: our worker may be root.
        _run("mkfs.ext4", "-q", "-m", "0", str(self._image))
        _run("mount", "-o", "loop", str(self._image), str(self._place))
        self.results.mkdir()

    def fill(self) -> None:
        """Leave no block free: whoever needs one gets ENOSPC."""
        taken = 0
        with self._filling.open("wb") as file:
            for piece in PIECES:
                with suppress(OSError):
                    while True:
                        os.posix_fallocate(file.fileno(), taken, piece)
                        taken += piece

    def make_room(self) -> None:
        """Give back what `fill` took."""
        self._filling.unlink(missing_ok=True)

    def hold_still(self) -> None:
        """Whoever writes waits, and cannot even be killed, until `go_on`.

        Who should say so may itself be writing there: to mend what another fault did.
        """
        _run("fsfreeze", "--freeze", str(self._place))
        self._alarm = threading.Timer(self._longest_hold, self._thaw)
        self._alarm.daemon = True
        self._alarm.start()

    def go_on(self) -> None:
        """Let everybody write again. Never raises."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._thaw()

    def unmount(self) -> None:
        """Take it away, whoever still uses it; what was on it is gone."""
        if self._place.is_mount():
            self.go_on()
            _run("umount", "--lazy", str(self._place))
        self._image.unlink(missing_ok=True)

    def _thaw(self) -> None:
        subprocess.run(
            ["fsfreeze", "--unfreeze", str(self._place)],
            capture_output=True,
            timeout=PATIENCE_SECONDS,
        )


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
