"""What a practice system inherits."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.inheritance import practice_environment
from shared.config import Settings


def test_no_setting_of_ours_is_inherited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever was typed for real work stays out of practice."""
    # Given every setting there is, in both spellings pydantic understands
    for name in Settings.model_fields:
        monkeypatch.setenv(name.upper(), "real")
        monkeypatch.setenv(name, "real")

    # When a practice environment is made
    environment = practice_environment(tmp_path, tmp_path)

    # Then none of them is in it
    names = {name.lower() for name in environment}
    assert names.isdisjoint(Settings.model_fields)


def test_settings_of_libraries_are_not_inherited(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Celery, Flower and proxies read the environment too."""
    # Given settings that other programs would follow
    foreign = ["CELERY_CONFIG_MODULE", "BROKER_URL", "FLOWER_PORT", "HTTP_PROXY", "PYTHONPATH"]
    for name in foreign:
        monkeypatch.setenv(name, "real")

    # When a practice environment is made
    environment = practice_environment(tmp_path, tmp_path)

    # Then none of them is in it
    assert environment.keys().isdisjoint(foreign)


def test_no_settings_file_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The file .env is for real work."""
    # Given a caller with a settings file
    monkeypatch.setenv("ENV_FILE", ".env")

    # When a practice environment is made
    environment = practice_environment(tmp_path, tmp_path)

    # Then it names no file
    assert environment["ENV_FILE"] == ""


def test_the_machine_itself_is_inherited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Programs are still found and speak the same language."""
    # Given facts about the machine
    monkeypatch.setenv("PATH", "/some/bin")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    # When a practice environment is made
    environment = practice_environment(tmp_path, tmp_path)

    # Then they are in it
    assert (environment["PATH"], environment["LC_ALL"]) == ("/some/bin", "C.UTF-8")
