"""Whom the portal knows us as: files before settings, and each fault told with its place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from automation_service.portal import Credentials
from automation_service.portal_credentials import LARGEST, portal_credentials
from shared.config import Settings
from shared.errors import CredentialsMissing


def _settings(folder: Path | None, **given: Any) -> Settings:
    return Settings(_env_file=None, secrets_dir=folder, **given)


def _write(file: Path, content: bytes, mode: int = 0o400) -> None:
    new = file.with_suffix(".new")
    new.write_bytes(content)
    new.chmod(mode)
    new.replace(file)


def test_without_a_folder_the_settings_say_it() -> None:
    settings = _settings(None, esc_username="officer", esc_password="from settings")

    assert portal_credentials(settings) == Credentials("officer", "from settings")


def test_a_file_comes_before_its_setting_and_is_read_each_time(tmp_path: Path) -> None:
    settings = _settings(tmp_path, esc_username="officer", esc_password="from settings")
    _write(tmp_path / "esc_password", b" first, in a file \n")

    assert portal_credentials(settings) == Credentials("officer", " first, in a file ")

    _write(tmp_path / "esc_password", b"second")
    assert portal_credentials(settings) == Credentials("officer", "second")

    (tmp_path / "esc_password").unlink()
    assert portal_credentials(settings) == Credentials("officer", "from settings")


def test_what_is_missing_is_named_as_setting_and_as_file(tmp_path: Path) -> None:
    with pytest.raises(CredentialsMissing, match="ESC_USERNAME is not set: "):
        portal_credentials(_settings(None, esc_password="a password"))
    with pytest.raises(CredentialsMissing, match=r"ESC_PASSWORD is not set and .*esc_password"):
        portal_credentials(_settings(tmp_path, esc_username="officer"))


@pytest.mark.parametrize(
    ("content", "mode", "told"),
    [
        (b"canary one", 0o420, "can be written by others: chmod 0400"),
        (b"canary one", 0o402, "can be written by others: chmod 0400"),
        (b"\n", 0o400, "should hold one line"),
        (b"canary one\ncanary two\n", 0o400, "should hold one line"),
        (b"canary\xff", 0o400, "should hold one line"),
        (b"canary\0", 0o400, "should hold one line"),
        (b"c" * (LARGEST + 1), 0o400, "should hold one line"),
    ],
)
def test_an_unusable_file_is_told_without_its_content_and_no_setting_stands_in(
    tmp_path: Path, content: bytes, mode: int, told: str
) -> None:
    _write(tmp_path / "esc_password", content, mode)

    with pytest.raises(CredentialsMissing, match=told) as refused:
        portal_credentials(_settings(tmp_path, esc_username="officer", esc_password="another"))

    assert str(tmp_path / "esc_password") in refused.value.message
    assert "canary" not in refused.value.message


def test_a_pipe_or_folder_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "esc_username")
    with pytest.raises(CredentialsMissing, match="esc_username is not a file"):
        portal_credentials(_settings(tmp_path, esc_password="a password"))

    (tmp_path / "esc_username").unlink()
    (tmp_path / "esc_username").mkdir()
    with pytest.raises(CredentialsMissing, match="esc_username is not a file"):
        portal_credentials(_settings(tmp_path, esc_password="a password"))
