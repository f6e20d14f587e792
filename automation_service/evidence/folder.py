"""A task's folder of pictures, durable before anybody speaks of them."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from shared.contracts import Evidence, EvidenceKind
from shared.errors import EvidenceFailed
from shared.utils import utc_now

PICTURE_ROOM = 1_000_000
"""Bytes kept free for one picture; pictures of a full window measured below a third of it."""

_LONGEST_NAME = 60
_CHUNK = 1 << 20


class Camera(Protocol):
    """Whatever can show what a person would see now."""

    def picture(self) -> bytes:
        """The picture as JPEG."""
        ...


class EvidenceFolder:
    """The evidence of one task, in `results_dir`/`task_id`."""

    def __init__(self, results_dir: Path, task_id: str) -> None:
        """Raises ValueError if `task_id` cannot be the name of a folder."""
        if safe_name(task_id) != task_id:
            raise ValueError(f"{task_id!r} cannot name a folder")
        self._task_id = task_id
        self._folder = results_dir / task_id
        self._reserved: Path | None = None

    def take(self, camera: Camera, kind: EvidenceKind, key: str, attempt: int) -> Evidence:
        """Take a picture and keep it, durably, under a name that says of what.

        Room that was reserved is used. Raises EvidenceFailed if it cannot be stored.
        """
        picture = camera.picture()
        taken_at = utc_now()
        try:
            part = self._take_reserved() or self._new_part()
            try:
                _write(part, picture)
                name = self._publish(part, f"{safe_name(key)}-{attempt}-{kind.value}", ".jpg")
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise EvidenceFailed(f"A picture could not be stored: {error.strerror}.") from error
        return Evidence(
            kind=kind,
            path=f"{self._task_id}/{name}",
            sha256=hashlib.sha256(picture).hexdigest(),
            size=len(picture),
            content_type="image/jpeg",
            taken_at=taken_at,
        )

    def keep(self, write: Callable[[Path], object], name: str, content_type: str) -> Evidence:
        """Keep a file that callers may fetch; `write` fills the empty file that it is given.

        `name` is what they see; a second one of that name is told from the first by a number.
        Raises EvidenceFailed if it cannot be stored, and what `write` raises.
        """
        stem, dot, suffix = name.rpartition(".")
        try:
            part = self._new_part()
            try:
                write(part)
                size, sha256 = _sealed(part)
                kept = self._publish(part, safe_name(stem), f"{dot}{suffix}")
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise EvidenceFailed(f"{name} could not be stored: {error.strerror}.") from error
        return Evidence(
            kind=EvidenceKind.FILE,
            path=f"{self._task_id}/{kept}",
            sha256=sha256,
            size=size,
            content_type=content_type,
            taken_at=utc_now(),
        )

    def reserve(self, room: int = PICTURE_ROOM) -> None:
        """Set `room` bytes aside for the next picture.

        Raises EvidenceFailed if the disk does not have them.
        """
        self.release()
        try:
            part = self._new_part()
            self._reserved = part
            with part.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, room)
        except OSError as error:
            self.release()
            raise EvidenceFailed(
                f"There is no room for the picture after the click: {error.strerror}."
            ) from error

    def release(self) -> None:
        """Give reserved room back; nothing happens if none is held."""
        part = self._take_reserved()
        if part is not None:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def _take_reserved(self) -> Path | None:
        part, self._reserved = self._reserved, None
        return part

    def _new_part(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f"{secrets.token_hex(8)}.part"
        part.touch(exist_ok=False)
        return part

    def _publish(self, part: Path, stem: str, suffix: str) -> str:
        # A link, not a rename: evidence that is there is never replaced.
        for turn in range(1, 1000):
            name = f"{stem}{suffix}" if turn == 1 else f"{stem}-{turn}{suffix}"
            try:
                os.link(part, self._folder / name)
            except FileExistsError:
                continue
            _sync_folder(self._folder)
            return name
        raise FileExistsError(17, "too many pictures of one name")


def safe_name(text: str) -> str:
    """`text` as part of a file name: only letters, digits, `.`, `_` and `-`, never two alike.

    A text that has to be changed or shortened is told from others by a digest of the whole.
    """
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", text).lstrip(".-")[:_LONGEST_NAME]
    if plain == text and plain:
        return plain
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{plain}-{digest}" if plain else digest


def _write(path: Path, content: bytes) -> None:
    with path.open("r+b") as file:
        file.write(content)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def _sealed(path: Path) -> tuple[int, str]:
    """Size and SHA-256 of a file that is durable now."""
    digest = hashlib.sha256()
    with path.open("r+b") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
        os.fsync(file.fileno())
        return file.tell(), digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
