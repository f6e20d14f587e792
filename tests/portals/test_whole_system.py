"""A real application behind the whole system: asked for over HTTP, held against its own count."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from launcher.environment import ROOT
from launcher.system import PracticeSystem
from tests.acceptance.conftest import Deployment, wait_for
from tests.acceptance.occupied_slot import seen_from_outside
from tests.portals.application import HERE
from tests.portals.wagtail import Wagtail

pytestmark = pytest.mark.timeout(1200)

PATIENCE = 600.0


@pytest.fixture(scope="module")
def wagtail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wagtail]:
    """Wagtail, with pages that wait."""
    served = Wagtail(tmp_path_factory.mktemp("wagtail"))
    served.install()
    try:
        served.start()
        yield served
    finally:
        served.stop()


@pytest.fixture(scope="module")
def here(wagtail: Wagtail, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A system of two slots that knows Wagtail by two folders alone: profiles and secrets."""
    folder = tmp_path_factory.mktemp("system")
    secrets = folder / "secrets" / "wagtail" / "default"
    secrets.mkdir(parents=True)
    (secrets / "username").write_text(wagtail.credentials.username)
    (secrets / "password").write_text(wagtail.credentials.password)
    profiles = folder / "profiles"
    profiles.mkdir()
    text = (HERE / "profiles" / "wagtail.yaml").read_text(encoding="utf-8")
    site = f"name: wagtail\nsite: {{base_url: '{wagtail.url}'}}\n"
    (profiles / "wagtail.yaml").write_text(text.replace("name: wagtail\n", site, 1))
    settings = {
        "SECRETS_DIR": str(folder / "secrets"),
        "PROFILES_DIR": str(profiles),
        "SELENIUM_TIMEOUT": "60",
    }
    system = PracticeSystem(folder / "system", batches=1, concurrency=2, settings=settings)
    with system, seen_from_outside(system) as deployment:
        yield deployment


def evidence_is_sound(here: Deployment, task_id: str, where: Path) -> bool:
    """True if the task's zip holds what its sealed manifest says."""
    key = {"x-api-key": here.system.api_key}
    with httpx.Client(
        base_url=here.system.api_url, headers=key, trust_env=False, timeout=60
    ) as client:
        wait_for(lambda: client.get(f"/result/{task_id}/evidence.zip").is_success)
        packed = client.get(f"/result/{task_id}/evidence.zip").content
        public = client.get("/evidence/key").raise_for_status().text
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(where)
    (where / "key.json").write_text(public)
    command = [sys.executable, "-m", "automation_service.evidence", "verify"]
    arguments = [str(where / task_id), "--key", str(where / "key.json")]
    checked = subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True)
    return checked.returncode == 0


def test_two_tasks_for_the_same_items_approve_each_once(
    here: Deployment, wagtail: Wagtail, tmp_path: Path
) -> None:
    keys = list(wagtail.pending[:3])
    # Given two tasks at once for three pages that wait, and one also for two others
    others = [wagtail.closed, wagtail.absent]
    asked = [
        here.approve(portal="wagtail", batch_ids=[*keys, *others], remark="As agreed."),
        here.approve(portal="wagtail", batch_ids=keys[::-1], remark="As agreed."),
    ]
    # When both have ended
    results = [here.finish(task_id, PATIENCE) for task_id in asked]
    said = [
        {item["key"]: item["status"] for item in result["result"]["items"]} for result in results
    ]
    # Then each page was approved once, by Wagtail's own count, and one task says that it did it
    assert [wagtail.approvals(key) for key in keys] == [1, 1, 1]
    for key in keys:
        assert sorted(one[key] for one in said) == ["already_approved", "approved"]
    # And what could not be approved was left alone
    assert [said[0][key] for key in others] == ["rejected", "not_found"]
    assert wagtail.approvals(wagtail.closed) == 0
    # And the evidence can be checked by somebody who has the files alone
    assert all(
        evidence_is_sound(here, task_id, tmp_path / str(number))
        for number, task_id in enumerate(asked)
    )
