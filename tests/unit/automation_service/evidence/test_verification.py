"""Checking a sealed folder: whatever was done to it is found, by name."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automation_service.evidence.verification import verify
from launcher.environment import ROOT
from shared.seal import FORMAT, MANIFEST, SIGNATURE, SigningKey

KEY = SigningKey(secrets.token_urlsafe(32))
TASK_ID = "550e8400-e29b-41d4-a716-446655440000"
FILES = {"B1-1-before.jpg": b"before", "B1-1-after.jpg": b"after"}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def manifest_of(**changes: Any) -> dict[str, Any]:
    """A manifest as the orchestrator writes it, as far as a check looks at it."""
    files = [
        {"name": name, "sha256": digest(content), "size": len(content), "missing": False}
        for name, content in FILES.items()
    ]
    told = {
        "format": FORMAT,
        "key_id": KEY.public.id,
        "task": {"id": TASK_ID},
        "items": [{"key": "B1", "files": list(FILES)}],
        "files": files,
        "unrecorded_files": [],
    }
    return {**told, **changes}


def sealed(folder: Path, **changes: Any) -> Path:
    """A folder with its files, manifest and signature."""
    folder.mkdir(exist_ok=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    content = json.dumps(manifest_of(**changes)).encode()
    (folder / MANIFEST).write_bytes(content)
    (folder / SIGNATURE).write_text(KEY.sign(content))
    return folder


def faults(folder: Path) -> list[str]:
    return verify(folder, KEY.public).faults


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return sealed(tmp_path / TASK_ID)


def test_a_folder_as_it_was_sealed_is_sound(folder: Path) -> None:
    found = verify(folder, KEY.public)

    assert (found.faults, found.task_id, found.files) == ([], TASK_ID, 2)


def rewrite(folder: Path) -> None:
    """Make the manifest fit a changed file, without the key to sign it."""
    (folder / "B1-1-after.jpg").write_bytes(b"forged")
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(text.replace(digest(b"after"), digest(b"forged")))


def sign_anew(folder: Path) -> None:
    """Rewrite the manifest and sign it with a key of one's own."""
    rewrite(folder)
    forger = SigningKey(secrets.token_urlsafe(32))
    (folder / SIGNATURE).write_text(forger.sign((folder / MANIFEST).read_bytes()))


def link_away(folder: Path) -> None:
    """Replace a file by a link to one with the same content, which can change later."""
    elsewhere = folder.parent / "elsewhere"
    (folder / "B1-1-after.jpg").rename(elsewhere)
    (folder / "B1-1-after.jpg").symlink_to(elsewhere)


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (lambda f: (f / "B1-1-after.jpg").write_bytes(b"afteR"), "B1-1-after.jpg: changed"),
        (lambda f: (f / "B1-1-after.jpg").unlink(), "B1-1-after.jpg: missing"),
        (lambda f: (f / "extra.jpg").write_bytes(b"x"), "extra.jpg: added"),
        (lambda f: (f / "sub").mkdir(), "sub: added"),
        (link_away, "B1-1-after.jpg: is not a plain file"),
        (rewrite, "manifest.json: the signature is not"),
        (sign_anew, "manifest.json: the signature is not"),
        (lambda f: (f / SIGNATURE).write_text("nonsense"), "manifest.json: the signature is not"),
        (lambda f: (f / SIGNATURE).unlink(), "manifest.json.sig: cannot be read"),
        (lambda f: (f / MANIFEST).write_text("{}"), "manifest.json: is not a manifest"),
        (lambda f: (f / MANIFEST).unlink(), "manifest.json: cannot be read"),
    ],
)
def test_what_was_done_to_it_is_found_by_name(
    folder: Path, tamper: Callable[[Path], Any], told: str
) -> None:
    tamper(folder)

    assert any(fault.startswith(told) for fault in faults(folder)), faults(folder)


def test_every_fault_is_told(folder: Path) -> None:
    for name in FILES:
        (folder / name).write_bytes(b"changed")
    (folder / "extra\nB1-1-after.jpg: fine").write_bytes(b"")

    assert len(faults(folder)) == 3
    assert not any("\n" in fault for fault in faults(folder))


def test_a_folder_under_the_name_of_another_task_is_a_fault(tmp_path: Path) -> None:
    other = "3d2f6a52-9a0c-4f58-8e5e-0d7f8f0b8d11"

    (fault,) = faults(sealed(tmp_path / other))

    assert fault == f"{MANIFEST}: is that of task {TASK_ID}, not of task {other}"
    assert faults(sealed(tmp_path / "unpacked somewhere")) == []


def test_the_seal_has_its_number(tmp_path: Path) -> None:
    assert verify(sealed(tmp_path / "a", seal=3), KEY.public).seal == 3
    assert verify(sealed(tmp_path / "b"), KEY.public).seal is None


def test_a_file_that_was_gone_when_it_was_sealed_is_a_fault_that_says_so(tmp_path: Path) -> None:
    gone = {"name": "B1-1-error.jpg", "sha256": digest(b""), "size": 0, "missing": True}
    folder = sealed(tmp_path / TASK_ID, files=[*manifest_of()["files"], gone])

    assert faults(folder) == ["B1-1-error.jpg: missing, and was when the manifest was made"]


def test_what_nothing_rests_on_may_be_gone_but_not_changed(tmp_path: Path) -> None:
    left = {"name": "half.part", "sha256": digest(b"half"), "size": 4}
    folder = sealed(tmp_path / TASK_ID, unrecorded_files=[left])

    assert faults(folder) == []
    (folder / "half.part").write_bytes(b"half")
    assert faults(folder) == []
    (folder / "half.part").write_bytes(b"more")
    assert faults(folder) == ["half.part: changed (nothing rests on it)"]


@pytest.mark.parametrize("name", ["../elsewhere", "/etc/hostname", "", "..", "a\0b"])
def test_a_manifest_never_makes_it_look_outside_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").write_bytes(b"x")
    outside = {"name": name, "sha256": digest(b"x"), "size": 1}
    folder = sealed(tmp_path / TASK_ID, files=[*manifest_of()["files"], outside])

    (fault,) = faults(folder)
    assert fault.endswith("is not a file of this folder")


def test_an_item_whose_file_has_no_digest_is_a_fault(tmp_path: Path) -> None:
    folder = sealed(tmp_path / TASK_ID, items=[{"key": "B1", "files": ["other.jpg"]}])

    (fault,) = faults(folder)
    assert fault.startswith("other.jpg: an item rests on it")


def test_a_manifest_of_a_format_from_the_future_is_not_called_sound(tmp_path: Path) -> None:
    folder = sealed(tmp_path / TASK_ID, format="ai-agent-backend evidence 2")

    (fault,) = faults(folder)
    assert "evidence 2" in fault


class Command:
    """The command as an auditor types it."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.run = subprocess.run(
            [sys.executable, "-m", "automation_service.evidence", "verify", *arguments],
            cwd=ROOT,
            env={"PATH": "", "ENV_FILE": "", **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.status = self.run.returncode
        self.lines = self.run.stdout.splitlines()


def test_the_command_ends_with_0_only_if_all_is_well(folder: Path, tmp_path: Path) -> None:
    kept = tmp_path / "key.pem"
    kept.write_text(KEY.public.pem)

    sound = Command(str(folder), "--key", str(kept))
    rewrite(folder)
    (folder / "extra.jpg").touch()
    faulty = Command(str(folder), "--key", KEY.public.base64)

    assert (sound.status, len(sound.lines)) == (0, 1)
    assert TASK_ID in sound.lines[0]
    assert faulty.status == 1
    assert len(faulty.lines) == 2


def test_the_key_of_the_deployment_is_taken_where_none_is_given(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "evidence_key.pub").write_text(KEY.public.pem)

    assert Command(str(folder), DATA_DIR=str(tmp_path / "data")).status == 0


def test_without_a_key_nothing_is_called_sound(folder: Path, tmp_path: Path) -> None:
    for arguments in ([], ["--key", "nonsense"], ["--key", base64.b64encode(b"x").decode()]):
        checked = Command(str(folder), *arguments, DATA_DIR=str(tmp_path / "nothing"))
        assert (checked.status, checked.lines) == (2, [])
        assert "key" in checked.run.stderr


def test_another_key_says_which_one_is_meant(folder: Path) -> None:
    other = SigningKey(secrets.token_urlsafe(32)).public

    checked = Command(str(folder), "--key", other.base64)

    assert checked.status == 1
    assert any(KEY.public.id in line and other.id in line for line in checked.lines)
