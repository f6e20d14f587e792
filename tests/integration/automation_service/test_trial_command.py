"""`python -m automation_service.profile check --live`, as an author types it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from automation_service.profile import PROFILES
from launcher import browser as installed
from shared.config import ROOT
from tests.integration.automation_service.conftest import Desk


@pytest.fixture
def command(desk: Desk, chromium: installed.Browser, tmp_path: Path) -> Callable[..., Any]:
    """`python -m automation_service.profile check --live` on the practice portal."""

    def run(
        profile: Path, *more: str, kept: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        asked = ["check", str(profile), "--live", "--base-url", desk.practice.url]
        known = {
            "ESC_USERNAME": desk.practice.username,
            "PORTAL_PASSWORD": desk.practice.password,
            "CHROME_BINARY": chromium.chrome,
            "CHROMEDRIVER": chromium.driver,
        }
        return subprocess.run(
            [sys.executable, "-m", "automation_service.profile", *asked, *more],
            cwd=ROOT,
            env={**os.environ, **known, **(kept or {})},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_the_command_tells_by_its_status_whether_the_profile_fits(
    desk: Desk, command: Callable[..., Any], tmp_path: Path
) -> None:
    key = desk.a_batch()
    changed = tmp_path / "changed.yaml"
    whole = PROFILES / "esc.yaml"
    changed.write_text(whole.read_text().replace(".approve-btn", ".approve-button"))

    fits = command(whole, "--key", key, "--report", str(tmp_path / "fits.html"))
    differs = command(changed, "--key", key, "--report", str(tmp_path / "differs.html"))

    assert (fits.returncode, differs.returncode) == (0, 1), fits.stdout + differs.stdout
    assert fits.stdout.count("passed:") == 7
    assert "nothing to use at .action-bar .approve-button" in differs.stdout
    assert "looks like button#approve.button.primary.approve-btn" in differs.stdout
    assert (tmp_path / "differs.html").read_text().count("data:image/jpeg") == 5
    assert desk.batch(key)["posts"] == 0


def test_the_command_logs_in_as_the_account_that_workers_would_take(
    desk: Desk, command: Callable[..., Any], tmp_path: Path
) -> None:
    # Given a profile of one's own, and an account of it in SECRETS_DIR
    key = desk.a_batch()
    profile = tmp_path / "north.yaml"
    profile.write_text((PROFILES / "esc.yaml").read_text().replace("name: esc", "name: north", 1))
    account = tmp_path / "secrets" / "north" / "clerk"
    account.mkdir(parents=True)
    for name in ("username", "password"):
        (account / name).write_text(getattr(desk.practice, name))
        (account / name).chmod(0o400)
    kept = {"SECRETS_DIR": str(account.parents[1]), "PORTAL_PASSWORD": "", "ESC_USERNAME": ""}
    told = ("--key", key, "--report", str(tmp_path / "trial.html"))

    # When it is tried as that account, and as one that is not there
    known = command(profile, *told, "--account", "clerk", kept=kept)
    unknown = command(profile, *told, kept=kept)

    # Then the first gets in, and the second says where it looked
    assert known.returncode == 0, known.stdout + known.stderr
    assert unknown.returncode == 2
    assert "north/default/password" in unknown.stderr
