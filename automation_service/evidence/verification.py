"""Is a folder of evidence still what was sealed? Told from the folder and a public key alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from shared.seal import FORMAT, MANIFEST, SIGNATURE, PublicKey

_CHUNK = 1 << 18


@dataclass(frozen=True)
class Findings:
    """What a check found; `faults` are sentences, each beginning with the file it is about.

    `seal` numbers the manifests of one task; None where the manifest has no number yet.
    """

    task_id: str
    seal: int | None
    key_id: str
    files: int
    faults: list[str]


def verify(folder: Path, key: PublicKey) -> Findings:
    """Hold every file of `folder` against the manifest, and the manifest against its signature.

    Changed, missing and added files and a rewritten manifest are faults; so are a folder with the
    name of another task and a file that was gone already when the manifest was made. Of a file
    that the manifest calls unrecorded nothing depends: it may be gone, but not changed.
    """
    try:
        content = (folder / MANIFEST).read_bytes()
    except OSError as error:
        return Findings("", None, "", 0, [f"{MANIFEST}: cannot be read: {error.strerror}"])
    faults = list(_signature_faults(folder, content, key))
    try:
        manifest = _Manifest(content)
    except ValueError as error:
        return Findings("", None, "", 0, [*faults, f"{MANIFEST}: {error}"])
    if manifest.key_id != key.id:
        faults.append(f"{MANIFEST}: signed with key {manifest.key_id}, checked with {key.id}")
    if _is_task_id(name := folder.resolve().name) and name != manifest.task_id:
        faults.append(f"{MANIFEST}: is that of task {manifest.task_id}, not of task {name}")
    faults += _file_faults(folder, manifest)
    return Findings(manifest.task_id, manifest.seal, manifest.key_id, len(manifest.files), faults)


class _Manifest:
    """The parts of a manifest that a check needs. Raises ValueError if they are not there."""

    def __init__(self, content: bytes) -> None:
        try:
            told = json.loads(content)
            self.format: str = told["format"]
            self.key_id = str(told["key_id"])
            self.task_id = str(told["task"]["id"])
            self.seal: int | None = told.get("seal")
            self.files = {file["name"]: file for file in told["files"]}
            self.unrecorded = {file["name"]: file for file in told["unrecorded_files"]}
            self.promised = [name for item in told["items"] for name in item["files"]]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError("is not a manifest") from error
        if self.format != FORMAT:
            raise ValueError(f"has the format {self.format!r}; this program knows {FORMAT!r}")


def _is_task_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def _signature_faults(folder: Path, content: bytes, key: PublicKey) -> Iterator[str]:
    try:
        signature = (folder / SIGNATURE).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        yield f"{SIGNATURE}: cannot be read: {error}"
        return
    if not key.has_signed(content, signature):
        yield f"{MANIFEST}: the signature is not that of key {key.id} over this manifest"


def _file_faults(folder: Path, manifest: _Manifest) -> Iterator[str]:
    for name, told in manifest.files.items():
        fault = _fault(folder, name, told)
        if fault is not None:
            yield f"{_shown(name)}: {fault}"
    for name in manifest.promised:
        if name not in manifest.files:
            yield f"{_shown(name)}: an item rests on it, but the manifest has no digest of it"
    for name, told in manifest.unrecorded.items():
        if _exists(folder, name) and _fault(folder, name, told) is not None:
            yield f"{_shown(name)}: changed (nothing rests on it)"
    known = {MANIFEST, SIGNATURE, *manifest.files, *manifest.unrecorded}
    for place in sorted(folder.iterdir()):
        if place.name not in known:
            yield f"{_shown(place.name)}: added, the manifest does not name it"


def _fault(folder: Path, name: str, told: dict[str, Any]) -> str | None:
    if "/" in name or "\0" in name or name in ("", ".", ".."):
        return "is not a file of this folder"
    place = folder / name
    if not _exists(folder, name):
        gone_before = ", and was when the manifest was made" if told.get("missing") else ""
        return f"missing{gone_before}"
    if place.is_symlink() or not place.is_file():
        return "is not a plain file"
    try:
        digest = _digest(place)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None if digest == told.get("sha256") else "changed"


def _exists(folder: Path, name: str) -> bool:
    return (folder / name).exists() or (folder / name).is_symlink()


def _digest(place: Path) -> str:
    digest = hashlib.sha256()
    with place.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _shown(name: str) -> str:
    """A file's name as one harmless line."""
    return name if name.isprintable() else repr(name)
