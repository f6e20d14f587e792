"""The secrets of an installation: the API key, and the keys that sign links and evidence.

Left blank in the settings they are made at first start and kept in the data folder, readable by
their owner only. The public half of the evidence key lies beside it for everybody.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from shared.config import Settings
from shared.errors import ConfigurationError
from shared.seal import PUBLIC_KEY_FILE, SigningKey


@dataclass(frozen=True)
class Keys:
    """`newly_made` is True for the one process that made the API key: it must show it once.

    `secrets` are all that must never be read in a log.
    """

    api_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    evidence_key: SigningKey
    newly_made: bool
    secrets: tuple[str, ...] = field(repr=False)


def load_keys(settings: Settings) -> Keys:
    """The keys from the settings or the data folder; safe for any number of processes at once.

    Raises ConfigurationError if a file that should hold a key is blank, or the evidence key is
    not one.
    """
    api_key, newly_made = _set_or_kept(settings.api_key.get_secret_value(), settings, "api_key")
    secret_key, _ = _set_or_kept(settings.secret_key.get_secret_value(), settings, "secret_key")
    evidence_key, _ = _set_or_kept(
        settings.evidence_key.get_secret_value(), settings, "evidence_key"
    )
    return Keys(
        api_key,
        secret_key,
        _signing_key(evidence_key, settings),
        newly_made,
        (api_key, secret_key, evidence_key),
    )


def _signing_key(text: str, settings: Settings) -> SigningKey:
    try:
        key = SigningKey(text)
    except ValueError:
        kept = settings.data_dir / "evidence_key"
        raise ConfigurationError(f"{kept} does not hold an evidence key.") from None
    _publish(settings.data_dir / PUBLIC_KEY_FILE, key.public.pem)
    return key


def _publish(path: Path, text: str) -> None:
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of this call's own: threads of one process start side by side too.
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    unfinished.write_text(text)
    unfinished.rename(path)


def _set_or_kept(value: str, settings: Settings, name: str) -> tuple[str, bool]:
    if value:
        return value, False
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "keys.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = settings.data_dir / name
        if path.exists():
            return _kept_in(path), False
        made = secrets.token_urlsafe(32)
        _write_privately(path, made)
        return made, True


def _kept_in(path: Path) -> str:
    kept = path.read_text().strip()
    if not kept:
        raise ConfigurationError(f"{path} is blank: put the key back, or remove the file.")
    return kept


def _write_privately(path: Path, text: str) -> None:
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    file = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(file, "w") as stream:
        stream.write(f"{text}\n")
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.rename(path)
