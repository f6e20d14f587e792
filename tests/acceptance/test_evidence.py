"""The proof of a real approval: sealed, fetched, and checked by somebody who has only the zip."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from automation_service.profile import builtin_profile
from launcher.environment import ROOT
from shared.code_version import code_version
from shared.record import tasks
from tests.acceptance.conftest import Deployment, wait_for


@pytest.fixture
def here(share: Callable[..., Deployment]) -> Deployment:
    """The running system that the tests share."""
    return share(batches=2)


def fetched(here: Deployment, path: str) -> httpx.Response:
    key = {"x-api-key": here.system.api_key}
    answer = httpx.get(f"{here.system.api_url}{path}", headers=key, trust_env=False, timeout=60)
    return answer.raise_for_status()


def unpacked(here: Deployment, task_id: str, where: Path) -> Path:
    content = fetched(here, f"/result/{task_id}/evidence.zip").content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(where)
    return where / task_id


def check(folder: Path, key: Path) -> subprocess.CompletedProcess[str]:
    """What an auditor types, on a machine that has neither our record nor our network."""
    command = [sys.executable, "-m", "automation_service.evidence", "verify", str(folder)]
    return subprocess.run(
        [*command, "--key", str(key)],
        cwd=ROOT,
        env={"ENV_FILE": "", "PATH": "", "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def manifest_in(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return told


def is_final(here: Deployment, task_id: str) -> bool:
    with here.record.read() as connection:
        task = tasks.get(connection, task_id)
    return task is not None and task.state.is_final


@pytest.mark.timeout(300)
def test_a_sealed_approval_tells_everything_and_survives_no_change(
    here: Deployment, tmp_path: Path
) -> None:
    # Given a batch approved in a real browser, its zip, and the public key
    (batch,) = here.take_batches(1)
    task_id = here.approve(batch_ids=[batch, "BATCH999"], remark="Checked")
    here.finish(task_id)
    folder = unpacked(here, task_id, tmp_path / "auditor")
    key = tmp_path / "key.json"
    key.write_text(fetched(here, "/evidence/key").text)
    # When it is checked, Then it is sound
    sound = check(folder, key)
    assert (sound.returncode, len(sound.stdout.splitlines())) == (0, 1), sound.stdout
    # And it tells who asked for what, which program and profile did it, and what it rests on
    manifest = manifest_in(folder)
    assert manifest["task"]["params"]["remark"] == "Checked"
    assert manifest["task"]["counts"] == {"approved": 1, "not_found": 1}
    approved, _ = manifest["items"]
    profile = builtin_profile("esc")
    assert approved["worked_by"]["code_version"] == manifest["code_version"] == code_version()
    assert approved["worked_by"]["profile"] == {
        "name": "esc",
        "version": profile.version,
        "sha256": profile.sha256,
    }
    assert (approved["attempts"], approved["outcome"]["attribution"]) == (1, "ours")
    (intent,) = approved["intents"]
    assert intent["verdict"] == "taken"
    remarks = [line["remark"] for line in approved["rests_on"]["history"]]
    assert any(intent["marker"] in remark for remark in remarks)
    after = f"{batch}-1-after.jpg"
    assert approved["files"] == [f"{batch}-1-before.jpg", after]
    # And a changed pixel is found
    with (folder / after).open("r+b") as file:
        file.seek(1000)
        byte = file.read(1)
        file.seek(1000)
        file.write(bytes([byte[0] ^ 1]))
    broken = check(folder, key)
    assert broken.returncode == 1
    assert broken.stdout == f"{after}: changed\n"


@pytest.mark.timeout(300)
def test_a_task_that_ends_while_no_orchestrator_lives_is_sealed_by_the_next(
    here: Deployment,
) -> None:
    # Given a task under way, when the only orchestrator is killed, and the task ends without it
    task_id = here.api.assign("test_task", {"steps": 2, "duration": 2})
    here.until(task_id, lambda event: event["type"] == "progress")
    (orchestrator,) = here.system.orchestrators
    orchestrator.kill()
    wait_for(lambda: is_final(here, task_id))
    folder = here.system.results / task_id
    assert not (folder / "manifest.json").exists()
    # When it is started again
    orchestrator.start()
    # Then the task is sealed
    wait_for((folder / "manifest.json.sig").exists)
    assert manifest_in(folder)["task"]["state"] == "completed"
