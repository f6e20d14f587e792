"""A password in a file is changed while a worker runs, and is never told to anybody."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.system import PracticeSystem
from shared.logging_config import LOG_FILE
from tests.acceptance.conftest import Deployment
from tests.acceptance.occupied_slot import seen_from_outside

RIGHT = "practice-in-a-file"
WRONG = "mistaken-in-a-file"


@pytest.fixture
def secrets_dir(tmp_path: Path) -> Path:
    """The folder of the password, which is not there yet."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    return folder


@pytest.fixture
def here(tmp_path: Path, secrets_dir: Path) -> Iterator[Deployment]:
    """A system of one slot that knows the password from a file only."""
    settings = {"SECRETS_DIR": str(secrets_dir), "ESC_PASSWORD": "", "LOG_LEVEL": "DEBUG"}
    system = PracticeSystem(tmp_path / "system", batches=2, settings=settings)
    system.portal.password = RIGHT
    with system, seen_from_outside(system) as deployment:
        yield deployment


def write_password(folder: Path, password: str) -> None:
    """Put the file there in one step."""
    new = folder / "new"
    new.write_text(f"{password}\n")
    new.chmod(0o400)
    os.replace(new, folder / "esc_password")


@pytest.mark.timeout(300)
def test_a_password_is_missing_then_wrong_then_right_without_a_restart(
    here: Deployment, secrets_dir: Path
) -> None:
    # Given a worker that nobody told the password
    missing = here.finish(here.approve(batch_ids=["BATCH001"]))
    # Then the task ends with the name of the setting and of the file
    assert missing["state"] == "failed"
    assert "ESC_PASSWORD" in missing["error"]
    assert str(secrets_dir / "esc_password") in missing["error"]
    # When the file has a wrong one, the portal refuses it
    write_password(secrets_dir, WRONG)
    refused = here.finish(here.approve(batch_ids=["BATCH001"]))
    assert refused["state"] == "failed"
    assert "Invalid" in refused["error"]
    # And when it has the right one, the same worker approves
    write_password(secrets_dir, RIGHT)
    done = here.finish(here.approve(batch_ids=["BATCH001"]))
    assert here.assert_true(done) == {"approved": 1}
    # Then neither password is in the log, which knew none of them when it was opened
    logged = "".join(
        path.read_text() for path in (here.system.folder / "logs").glob(f"{LOG_FILE}*")
    )
    assert done["task_id"] in logged
    assert RIGHT not in logged
    assert WRONG not in logged
