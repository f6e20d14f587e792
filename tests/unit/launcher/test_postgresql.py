"""Which PostgreSQL the tests use."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher import checks, debian, postgresql
from launcher.errors import LauncherError


@pytest.fixture
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without PostgreSQL; where Debian would put it."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(postgresql, "DEBIAN_FOLDER", tmp_path / "debian")
    monkeypatch.setattr(postgresql, "ROOT", tmp_path)
    return tmp_path / "debian"


def _install(folder: Path, *programs: str) -> Path:
    folder.mkdir(parents=True)
    for program in programs:
        (folder / program).touch(mode=0o755)
    return folder


def test_the_newest_whole_one_is_found(nothing_installed: Path) -> None:
    for version in ("9.6", "16", "15"):
        _install(nothing_installed / version / "bin", *postgresql.PROGRAMS)
    _install(nothing_installed / "17" / "bin", "initdb")

    assert postgresql.find() == nothing_installed / "16" / "bin"


def test_one_on_path_comes_first(nothing_installed: Path, tmp_path: Path) -> None:
    _install(nothing_installed / "16" / "bin", *postgresql.PROGRAMS)
    own = _install(tmp_path / "bin", *postgresql.PROGRAMS)

    assert postgresql.find() == own


def test_where_none_may_be_installed_one_line_says_what_to_type(nothing_installed: Path) -> None:
    assert not debian.may_install()

    with pytest.raises(LauncherError, match="type: sudo apt-get install postgresql") as refused:
        postgresql.ensure()

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["--database", "postgresql"], True),
        (["-x", "--database=postgresql", "tests/unit"], True),
        (["--database", "sqlite"], False),
        (["-k", "postgresql"], False),
        ([], False),
    ],
)
def test_only_who_asks_for_it_gets_it(arguments: list[str], asked: bool) -> None:
    assert checks._asks_for_postgresql(arguments) is asked
