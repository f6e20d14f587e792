"""The shelf of profiles: files before built-in ones, read anew, and each fault with its place."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from automation_service.profile import PROFILES, ProfileShelf, ShelfUnreadable
from automation_service.ways import ways_class
from shared.errors import ConfigurationError

ESC = (PROFILES / "esc.yaml").read_text(encoding="utf-8")


def _save(folder: Path, name: str, text: str) -> None:
    new = folder / "new"
    new.write_text(text, encoding="utf-8")
    new.replace(folder / f"{name}.yaml")


def _called(name: str, title: str = "Another Portal") -> str:
    text = ESC.replace("name: esc\n", f"name: {name}\n", 1)
    return text.replace("title: ESC Skills Training Portal", f"title: {title}", 1)


def test_without_a_folder_there_are_those_that_come_with_the_project(tmp_path: Path) -> None:
    shelf = ProfileShelf(tmp_path / "missing")

    assert "esc" in shelf.names()
    assert shelf.profile("esc").title == "ESC Skills Training Portal"


def test_a_file_is_found_once_it_is_there_and_followed_as_it_changes(tmp_path: Path) -> None:
    shelf = ProfileShelf(tmp_path)
    with pytest.raises(ConfigurationError, match=r"no portal 'second'; known are: .*esc"):
        shelf.profile("second")

    _save(tmp_path, "second", _called("second", "One"))
    assert "second" in shelf.names()
    first = shelf.profile("second")
    assert first.title == "One"
    assert shelf.profile("second") is first

    _save(tmp_path, "second", _called("second", "Two"))
    assert shelf.profile("second").title == "Two"

    (tmp_path / "second.yaml").unlink()
    assert "second" not in shelf.names()
    with pytest.raises(ConfigurationError, match="no portal 'second'"):
        shelf.profile("second")


def test_a_file_goes_before_the_built_in_one_of_its_name(tmp_path: Path) -> None:
    _save(tmp_path, "esc", _called("esc", "Ours"))

    assert ProfileShelf(tmp_path).profile("esc").title == "Ours"


def test_a_file_that_says_another_name_is_told_with_both(tmp_path: Path) -> None:
    _save(tmp_path, "second", ESC)

    with pytest.raises(
        ConfigurationError, match=r"second\.yaml:2:1: name: it is 'esc', .*second\.yaml"
    ):
        ProfileShelf(tmp_path).profile("second")


def test_a_broken_file_is_told_with_its_place_and_harms_no_other(tmp_path: Path) -> None:
    _save(tmp_path, "broken", _called("broken").replace("title:", "titel:", 1))
    shelf = ProfileShelf(tmp_path)

    assert "broken" in shelf.names()
    with pytest.raises(ConfigurationError, match=r"broken\.yaml:\d+:\d+: "):
        shelf.profile("broken")
    assert shelf.profile("esc").name == "esc"


@pytest.mark.parametrize("name", ["../second", "a/../../second", "Second", ".", "", "second\n"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    _save(tmp_path, "second", _called("second"))
    (tmp_path / "folder").mkdir()

    with pytest.raises(ConfigurationError, match="There is no portal"):
        ProfileShelf(tmp_path / "folder").profile(name)


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigurationError, match="file cannot be read: Not a directory"):
        ProfileShelf(tmp_path / "file").names()


def test_a_folder_that_is_taken_away_takes_its_profiles_along_and_brings_them_back(
    tmp_path: Path,
) -> None:
    folder, away = tmp_path / "profiles", tmp_path / "away"
    folder.mkdir()
    _save(folder, "second", _called("second"))
    shelf = ProfileShelf(folder)
    kept = shelf.profile("second")

    folder.rename(away)

    # What was read before is not gone by any more, and other portals' work goes on.
    with pytest.raises(ConfigurationError, match=r"no portal 'second'; known are: .*esc"):
        shelf.profile("second")
    assert "second" not in shelf.names()
    assert shelf.profile("esc").name == "esc"

    away.rename(folder)

    assert shelf.profile("second") == kept
    assert "second" in shelf.names()


def test_a_folder_that_cannot_be_read_lets_go_on_what_was_not_in_it(tmp_path: Path) -> None:
    # Given a folder with a profile, and one that became unreadable since it was listed
    folder, away = tmp_path / "profiles", tmp_path / "away"
    folder.mkdir()
    _save(folder, "second", _called("second"))
    shelf, other = ProfileShelf(folder), ProfileShelf(folder)
    assert shelf.profile("second").name == "second"
    folder.rename(away)
    folder.write_text("No folder: whoever lists it gets an error.")

    # Then what may be in it is not known, and no other portal is touched
    for name in ("second", "third"):
        with pytest.raises(ShelfUnreadable, match="profiles cannot be read: Not a directory"):
            shelf.profile(name)
    assert shelf.profile("esc").name == "esc"
    # And whoever never saw the folder does not know whether it has another esc
    with pytest.raises(ShelfUnreadable):
        other.profile("esc")

    # And it is as before once it can be read again
    folder.unlink()
    away.rename(folder)
    assert shelf.profile("second").name == "second"


def test_ways_that_change_while_tasks_run_are_gone_by_from_the_next_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    ways = "from automation_service.ways import Ways\n\n\nclass Own(Ways):\n    def {}(self): ...\n"
    (tmp_path / "own.py").write_text(ways.format("log_in"))
    _save(tmp_path, "second", _called("second") + "\nways: own.py\n")
    shelf = ProfileShelf(tmp_path)
    before = shelf.profile("second")
    assert "log_in" in vars(ways_class(before))

    # As long and as old as the one before: what Python keeps compiled may not count.
    then = (tmp_path / "own.py").stat()
    (tmp_path / "own.py").write_text(ways.format("pending").replace("self", "slf"))
    os.utime(tmp_path / "own.py", ns=(then.st_atime_ns, then.st_mtime_ns))
    after = shelf.profile("second")

    assert after.sha256 != before.sha256
    assert "pending" in vars(ways_class(after))

    (tmp_path / "own.py").unlink()

    with pytest.raises(ConfigurationError, match=r"second\.yaml:[0-9]+:1: ways: own\.py: No such"):
        shelf.profile("second")
