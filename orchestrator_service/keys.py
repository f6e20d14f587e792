"""The two secrets of an installation: the API key and the key that signs links.

Left blank in the settings they are made at first start and kept in the data folder, readable by
their owner only.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from shared.config import Settings


@dataclass(frozen=True)
class Keys:
    """`newly_made` is True for the one process that made the API key: it must show it once."""

    api_key: str
    secret_key: str
    newly_made: bool


def load_keys(settings: Settings) -> Keys:
    """The keys from the settings or the data folder; safe for any number of processes at once."""
    api_key, newly_made = _set_or_kept(settings.api_key.get_secret_value(), settings, "api_key")
    secret_key, _ = _set_or_kept(settings.secret_key.get_secret_value(), settings, "secret_key")
    return Keys(api_key, secret_key, newly_made)


def _set_or_kept(value: str, settings: Settings, name: str) -> tuple[str, bool]:
    if value:
        return value, False
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "keys.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = settings.data_dir / name
        if path.exists():
            return path.read_text().strip(), False
        made = secrets.token_urlsafe(32)
        _write_privately(path, made)
        return made, True


def _write_privately(path: Path, text: str) -> None:
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    file = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(file, "w") as stream:
        stream.write(f"{text}\n")
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.rename(path)
