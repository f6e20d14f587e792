"""A backup over the public API, made while tasks run, and brought back where there is nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from automation_service.file_kinds import FileKind
from shared.config import ROOT
from tests.acceptance.arriving import only_link, person_at_a_browser
from tests.acceptance.conftest import Deployment, wait_for


def restore(backup: Path, into: Deployment) -> str:
    """What an operator types where the settings are those of `into`; what it says."""
    system = into.system
    settings = {
        "ENV_FILE": "",
        "PATH": os.environ["PATH"],
        "DATABASE_URL": system.database_url,
        "RESULTS_DIR": str(system.results),
        "DATA_DIR": str(system.folder / "data"),
    }
    told = subprocess.run(
        [sys.executable, "-m", "shared.record", "restore", str(backup)],
        cwd=ROOT,
        env=settings,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert told.returncode == 0, told.stderr
    return told.stdout


def verified(here: Deployment, task_id: str, key: Path) -> subprocess.CompletedProcess[str]:
    """The check of a task's evidence with this key."""
    command = [sys.executable, "-m", "automation_service.evidence", "verify"]
    return subprocess.run(
        [*command, str(here.system.results / task_id), "--key", str(key)],
        cwd=ROOT,
        env={"ENV_FILE": "", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.timeout(300)
def test_a_backup_made_while_tasks_run_brings_tasks_events_and_evidence_back(
    deploy: Callable[..., Deployment], tmp_path: Path
) -> None:
    # Given two approvals that are sealed, and a task at work in the other slot
    old = deploy(batches=4, concurrency=2)
    approved = old.approve(batch_ids=old.take_batches(2), remark="Before the backup")
    before = old.finish(approved)
    wait_for((old.system.results / approved / "manifest.json.sig").exists)
    running = old.practise(steps=15, seconds=30)
    old.until(running, lambda event: event["type"] == "progress")

    # When a backup is asked for, and fetched by somebody in a browser
    offered = {task["name"]: task for task in _asked(old, "/tasks/").json()}
    assert [param["name"] for param in offered["backup_data"]["params"]] == ["backup_type"]
    task_id = old.api.assign("backup_data", {"backup_type": "full"})
    result = old.finish(task_id)
    assert result["result"]["counts"] == {"backed_up": 1}, result
    assert old.api.status(running)["state"] == "running"
    with (
        person_at_a_browser(tmp_path) as person,
        person.following(only_link(result), FileKind.ZIP) as file,
    ):
        assert file.name.startswith("backup-")
        assert file.name.endswith(".zip")
        backup = file.path.rename(tmp_path / file.name)
    key = tmp_path / "key.json"
    key.write_text(_asked(old, "/evidence/key").text)

    # Then no secret is in it
    secrets = [old.system.api_key, old.system._secret_key, old.system._evidence_key]
    with zipfile.ZipFile(backup) as package:
        content = b"".join(package.read(name) for name in package.namelist())
    for secret in [*secrets, "practice-password"]:
        assert secret.encode() not in content

    # And brought back into a deployment with nothing, it tells what the old one told
    new = deploy(batches=1)
    said = restore(backup, new)
    assert "restored the backup of" in said
    after = new.api.result(approved)
    for part in ("state", "error", "logs", "started_at", "finished_at"):
        assert after[part] == before[part], part
    assert _without_links(after) == _without_links(before)
    assert new.events_of(approved) == old.events_of(approved)
    assert old.assert_true(before) == {"approved": 2}
    # And its evidence is sound, and can be fetched
    checked = verified(new, approved, key)
    assert checked.stdout.startswith("sound: "), checked
    assert httpx.get(after["screenshot_url"], trust_env=False).status_code == 200
    # And what was running goes on where it was
    assert new.finish(running)["result"]["counts"] == {"done": 15}


def _asked(here: Deployment, path: str) -> httpx.Response:
    key = {"x-api-key": here.system.api_key}
    answer = httpx.get(f"{here.system.api_url}{path}", headers=key, trust_env=False)
    return answer.raise_for_status()


def _without_links(result: dict[str, object]) -> list[dict[str, object]]:
    told: dict[str, list[dict[str, object]]] = result["result"]  # type: ignore[assignment]
    return [{**item, "evidence": None} for item in told["items"]]
