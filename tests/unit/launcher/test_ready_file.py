"""The file in which a process says that it serves."""

from __future__ import annotations

import json
from pathlib import Path

from launcher.ready_file import ReadyFile


def test_what_the_awaited_process_wrote_is_remembered(tmp_path: Path) -> None:
    """Its content says where it serves."""
    # Given a file written by process 7
    file = ReadyFile(tmp_path / "ready.json")
    file.path.write_text(json.dumps({"pid": 7, "url": "http://127.0.0.1:1"}))

    # When process 7 is awaited
    # Then it is ready and known
    assert file.is_from(7)
    assert file.content["url"] == "http://127.0.0.1:1"


def test_another_processs_file_does_not_count(tmp_path: Path) -> None:
    """An earlier process may have left one."""
    # Given a file written by process 7
    file = ReadyFile(tmp_path / "ready.json")
    file.path.write_text(json.dumps({"pid": 7}))

    # When process 8 is awaited
    # Then it is not ready
    assert not file.is_from(8)
    assert not file.known


def test_a_missing_file_means_not_ready(tmp_path: Path) -> None:
    """The process has not come so far yet."""
    # Given no file
    # When a process is awaited
    # Then it is not ready
    assert not ReadyFile(tmp_path / "ready.json").is_from(7)
