"""Evidence: durable, never replaced, under names that no key can break."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation_service.evidence import EvidenceFolder, safe_name
from shared.contracts import EvidenceKind
from shared.errors import EvidenceFailed

TASK = "550e8400-e29b-41d4-a716-446655440000"


class Painter:
    """A camera whose pictures are known."""

    def __init__(self, *pictures: bytes) -> None:
        self._pictures = list(pictures)

    def picture(self) -> bytes:
        return self._pictures.pop(0)


@pytest.fixture
def folder(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path, TASK)


def names(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / TASK).iterdir())


def test_a_picture_is_kept_as_it_was_with_its_digest(
    folder: EvidenceFolder, tmp_path: Path
) -> None:
    evidence = folder.take(Painter(b"seen"), EvidenceKind.BEFORE, "BATCH001", 2)

    assert evidence.path == f"{TASK}/BATCH001-2-before.jpg"
    assert (tmp_path / evidence.path).read_bytes() == b"seen"
    assert evidence.sha256 == hashlib.sha256(b"seen").hexdigest()
    assert evidence.size == 4
    assert names(tmp_path) == ["BATCH001-2-before.jpg"]


def test_a_second_picture_of_one_name_replaces_nothing(
    folder: EvidenceFolder, tmp_path: Path
) -> None:
    painter = Painter(b"first", b"second")

    first = folder.take(painter, EvidenceKind.ERROR, "BATCH001", 1)
    second = folder.take(painter, EvidenceKind.ERROR, "BATCH001", 1)

    assert first.path != second.path
    assert (tmp_path / first.path).read_bytes() == b"first"
    assert (tmp_path / second.path).read_bytes() == b"second"


def test_reserved_room_is_held_until_the_picture_takes_it(
    folder: EvidenceFolder, tmp_path: Path
) -> None:
    folder.reserve(100_000)
    (held,) = (tmp_path / TASK).iterdir()
    assert held.stat().st_blocks * 512 >= 100_000

    evidence = folder.take(Painter(b"after"), EvidenceKind.AFTER, "BATCH001", 1)

    assert names(tmp_path) == ["BATCH001-1-after.jpg"]
    assert (tmp_path / evidence.path).read_bytes() == b"after"


def test_reserved_room_is_given_back(folder: EvidenceFolder, tmp_path: Path) -> None:
    folder.reserve(1000)

    folder.release()
    folder.release()

    assert names(tmp_path) == []


def test_more_room_than_there_is_cannot_be_reserved(folder: EvidenceFolder, tmp_path: Path) -> None:
    with pytest.raises(EvidenceFailed):
        folder.reserve(2**60)

    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / TASK).write_text("a file where the folder should be")

    with pytest.raises(EvidenceFailed):
        EvidenceFolder(tmp_path, TASK).take(Painter(b"x"), EvidenceKind.BEFORE, "BATCH001", 1)


@pytest.mark.parametrize("task_id", ["", "..", "a/b", "/etc", "x" * 200])
def test_a_task_id_that_is_no_folder_name_is_refused(tmp_path: Path, task_id: str) -> None:
    with pytest.raises(ValueError, match="cannot name a folder"):
        EvidenceFolder(tmp_path, task_id)


@settings(deadline=None)
@given(st.text())
def test_any_key_gives_a_safe_name(key: str) -> None:
    name = safe_name(key)

    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name)
    assert len(name) <= 80


@settings(deadline=None)
@given(st.text(max_size=5), st.text(max_size=5))
def test_two_keys_never_share_a_name(one: str, other: str) -> None:
    assert (safe_name(one) == safe_name(other)) == (one == other)
