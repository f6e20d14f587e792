"""Whom a portal knows us as, by portal and account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import structlog

from automation_service.portal import Credentials
from automation_service.portal_credentials import credentials_of
from shared.config import Settings
from shared.errors import CredentialsMissing
from shared.logging_config import LOG_FILE, configure_logging


def _settings(folder: Path | None, **given: Any) -> Settings:
    return Settings(_env_file=None, secrets_dir=folder, **given)


def _write(account: Path, username: str, password: str) -> None:
    account.mkdir(parents=True, exist_ok=True)
    for name, text in (("username", username), ("password", password)):
        new = account / "new"
        new.write_text(text)
        new.chmod(0o400)
        new.replace(account / name)


def test_a_password_is_masked_in_logs_once_it_is_read(tmp_path: Path, logs_dir: Path) -> None:
    settings = _settings(tmp_path, logs_dir=logs_dir)
    configure_logging(settings, "worker")
    _write(tmp_path / "second" / "north", "northern", "of the north")

    credentials_of(settings, "second", "north")
    structlog.get_logger().info("the portal said: of the north")

    logged = (logs_dir / LOG_FILE).read_text()
    assert "the portal said: ***" in logged
    assert "of the north" not in logged


def test_each_account_of_each_portal_has_files_of_its_own_read_each_time(tmp_path: Path) -> None:
    settings = _settings(tmp_path, esc_username="officer", esc_password="from settings")
    _write(tmp_path / "second" / "default", "another\n", " with spaces \n")
    _write(tmp_path / "esc" / "north", "northern", "of the north")

    assert credentials_of(settings, "esc", "default") == Credentials("officer", "from settings")
    assert credentials_of(settings, "second", "default") == Credentials("another", " with spaces ")
    assert credentials_of(settings, "esc", "north") == Credentials("northern", "of the north")

    _write(tmp_path / "esc" / "north", "northern", "changed since")
    assert credentials_of(settings, "esc", "north").password == "changed since"


def test_no_other_account_takes_those_of_the_settings(tmp_path: Path) -> None:
    settings = _settings(tmp_path, esc_username="officer", esc_password="from settings")

    with pytest.raises(CredentialsMissing) as missing:
        credentials_of(settings, "second", "default")

    assert str(tmp_path / "second/default/username") in missing.value.message
    assert str(tmp_path / "second/default/password") in missing.value.message


def test_only_what_is_missing_is_to_be_created(tmp_path: Path) -> None:
    _write(tmp_path / "second" / "north", "northern", "of the north")
    (tmp_path / "second/north/password").unlink()

    with pytest.raises(CredentialsMissing, match=r"create .*second/north/password") as missing:
        credentials_of(_settings(tmp_path), "second", "north")

    assert "north/username" not in missing.value.message


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    _write(tmp_path / "second" / "north", "northern", "\n")

    with pytest.raises(CredentialsMissing, match="north/password should hold one line"):
        credentials_of(_settings(tmp_path), "second", "north")


def test_without_a_folder_the_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(CredentialsMissing, match=r"SECRETS_DIR is not set: .*second/north/pass"):
        credentials_of(_settings(None), "second", "north")


@pytest.mark.parametrize("name", ["..", ".", "", "../outside", "/tmp", "a/b", "outside\n", "a\0"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    # Given files that would be found if a name could lead there
    for account in ("secrets/second", "secrets", "outside", "secrets/second/outside", "second"):
        _write(tmp_path / account, "somebody", "else's password")
    settings = _settings(tmp_path / "secrets")

    with pytest.raises(CredentialsMissing, match="cannot be the name of a portal"):
        credentials_of(settings, name, "default")
    with pytest.raises(CredentialsMissing, match="cannot be the name of an account"):
        credentials_of(settings, "second", name)
