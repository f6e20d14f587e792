"""Keys made at first start."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from orchestrator_service.keys import load_keys
from shared.config import load_settings


def test_keys_that_are_set_are_taken(tmp_path: Path) -> None:
    keys = load_keys(load_settings(data_dir=tmp_path, api_key="a", secret_key="b"))
    assert (keys.api_key, keys.secret_key, keys.newly_made) == ("a", "b", False)
    assert list(tmp_path.iterdir()) == []


def test_many_starting_at_once_agree_and_one_has_made_them(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "data")
    with ThreadPoolExecutor(16) as threads:
        made = list(threads.map(lambda _: load_keys(settings), range(16)))
    assert len({(keys.api_key, keys.secret_key) for keys in made}) == 1
    assert sum(keys.newly_made for keys in made) == 1
    assert made[0].api_key != made[0].secret_key
    assert len(made[0].api_key) >= 32


def test_what_a_crash_left_half_written_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "api_key.new").write_text("half")
    keys = load_keys(load_settings(data_dir=tmp_path))
    assert keys.newly_made
    assert (tmp_path / "api_key").stat().st_mode & 0o777 == 0o600
