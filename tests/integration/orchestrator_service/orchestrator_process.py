"""An orchestrator as an operator runs it: a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import httpx

from launcher.inheritance import practice_environment
from launcher.process import Process


class OrchestratorProcess(Process):
    """Started on a free port, unless `FASTAPI_PORT` is given; several may share a folder."""

    def __init__(self, folder: Path, **settings: str) -> None:
        """`settings` are environment variables."""
        self.data = folder / "data"
        environment = {
            **practice_environment(folder, folder),
            "DATA_DIR": str(self.data),
            "RESULTS_DIR": str(folder / "results"),
            "LOGS_DIR": str(folder / "logs"),
            "FASTAPI_PORT": "0",
            **settings,
        }
        super().__init__(
            "orchestrator",
            [sys.executable, "-m", "orchestrator_service.main"],
            log=folder / f"orchestrator-{id(self)}.log",
            environment=environment,
            is_ready=lambda pid: self.own_file(pid).exists(),
        )

    def own_file(self, pid: int) -> Path:
        """Where the process says that it serves."""
        return self.data / f"orchestrator-{pid}.json"

    @property
    def url(self) -> str:
        """Where it serves."""
        content: dict[str, Any] = json.loads(self.own_file(self.pid).read_text())
        return str(content["url"])

    @property
    def said(self) -> str:
        """All it printed."""
        assert self.log is not None
        return self.log.read_text()

    def client(self) -> httpx.Client:
        """Somebody with the key."""
        key = (self.data / "api_key").read_text().strip()
        headers = {"x-api-key": key}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)
