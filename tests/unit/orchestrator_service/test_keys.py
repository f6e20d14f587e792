"""Keys made at first start."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestrator_service.keys import load_keys
from shared.config import load_settings
from shared.errors import ConfigurationError
from shared.seal import PUBLIC_KEY_FILE, PublicKey, SigningKey

EVIDENCE_KEY = "nWGxne_9WmC6hEr0kuwsxERJxXl7MmkZcDusAxyuf2A"


def test_keys_that_are_set_are_taken(tmp_path: Path) -> None:
    given = {"api_key": "a", "secret_key": "b", "evidence_key": EVIDENCE_KEY}
    keys = load_keys(load_settings(data_dir=tmp_path, **given))
    assert (keys.api_key, keys.secret_key, keys.newly_made) == ("a", "b", False)
    assert keys.evidence_key.public.id == SigningKey(EVIDENCE_KEY).public.id
    assert [path.name for path in tmp_path.iterdir()] == ["evidence_key.pub"]


def test_many_starting_at_once_agree_and_one_has_made_them(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "data")
    with ThreadPoolExecutor(16) as threads:
        made = list(threads.map(lambda _: load_keys(settings), range(16)))
    assert len({(k.api_key, k.secret_key, k.evidence_key.public.id) for k in made}) == 1
    assert sum(keys.newly_made for keys in made) == 1
    assert made[0].api_key != made[0].secret_key
    assert len(made[0].api_key) >= 32


def test_what_a_crash_left_half_written_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "api_key.new").write_text("half")
    keys = load_keys(load_settings(data_dir=tmp_path))
    assert keys.newly_made
    for name in ("api_key", "secret_key", "evidence_key"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_the_public_half_lies_beside_the_key_and_follows_it(tmp_path: Path) -> None:
    place = tmp_path / PUBLIC_KEY_FILE

    first = load_keys(load_settings(data_dir=tmp_path)).evidence_key
    assert PublicKey.read(place.read_text()).id == first.public.id
    load_keys(load_settings(data_dir=tmp_path, evidence_key=EVIDENCE_KEY))
    assert PublicKey.read(place.read_text()).id == SigningKey(EVIDENCE_KEY).public.id


@pytest.mark.parametrize("name", ["api_key", "secret_key", "evidence_key"])
def test_a_blank_file_of_a_key_stops_the_start_and_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(" \n")

    with pytest.raises(ConfigurationError, match=f"{name} is blank"):
        load_keys(load_settings(data_dir=tmp_path))


def test_keys_that_were_made_are_told_as_secrets(tmp_path: Path) -> None:
    keys = load_keys(load_settings(data_dir=tmp_path))

    kept = {(tmp_path / name).read_text().strip() for name in ("api_key", "secret_key")}
    assert kept | {(tmp_path / "evidence_key").read_text().strip()} == set(keys.secrets)
    assert not any(secret in repr(keys) for secret in keys.secrets)


def test_a_broken_evidence_key_stops_the_start_and_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "evidence_key").write_text("not-a-key\n")

    with pytest.raises(ConfigurationError, match="evidence_key does not hold") as refusal:
        load_keys(load_settings(data_dir=tmp_path))
    assert "not-a-key" not in refusal.value.message


@pytest.mark.parametrize("key", ["short", "x" * 44, "é" * 43, EVIDENCE_KEY[:-1]])
def test_a_setting_that_is_no_evidence_key_is_refused_unseen(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigurationError, match="EVIDENCE_KEY is a secret: it should be") as no:
        load_settings(data_dir=tmp_path, evidence_key=key)
    assert key not in no.value.message
