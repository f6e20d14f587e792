"""What an auditor does with a task's evidence: fetch it, unpack it, check it."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from automation_service.evidence.verification import verify
from shared.record import seals
from shared.seal import MANIFEST, PublicKey
from tests.integration.orchestrator_service.running_edge import RunningEdge
from tests.integration.orchestrator_service.waiting import until


def key_of(edge: RunningEdge) -> PublicKey:
    """The public key, as anybody gets it."""
    return PublicKey.read(edge.stranger.get("/evidence/key").raise_for_status().text)


def folder_of(edge: RunningEdge, task_id: str) -> Path:
    """Where the task's evidence lies."""
    return edge.settings.results_dir / task_id


def until_sealed(edge: RunningEdge, task_id: str) -> dict[str, Any]:
    """Wait for the janitor to have sealed and recorded it; the manifest."""

    def is_sealed() -> bool:
        with edge.record.read() as connection:
            seal = seals.get(connection, task_id)
        return seal is not None and seal.made >= seal.wanted

    until(is_sealed, 60)
    return manifest_in(folder_of(edge, task_id))


def manifest_in(folder: Path) -> dict[str, Any]:
    """What the manifest says."""
    told: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    return told


def faults_in(edge: RunningEdge, folder: Path) -> list[str]:
    """What a check with the edge's key finds."""
    return verify(folder, key_of(edge)).faults


def unpacked(content: bytes, where: Path) -> Path:
    """The one folder of a zip."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        archive.extractall(where)
    (folder,) = where.iterdir()
    return folder
