"""The two services as processes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from launcher.process import Process
from launcher.ready_file import ReadyFile

ORCHESTRATOR = "orchestrator_service.main"
WORKER = "worker_service.main"
"""What is run; tests may name a module of their own that runs it."""


class Orchestrator(Process):
    """The orchestrator; started again it keeps the port of the first time."""

    def __init__(
        self,
        name: str,
        *,
        log: Path | None,
        environment: Mapping[str, str],
        module: str = ORCHESTRATOR,
    ) -> None:
        """`environment` must name the DATA_DIR, where no other orchestrator may live."""
        self._ready = ReadyFile(Path(environment["DATA_DIR"]) / "orchestrator.json")
        super().__init__(
            name,
            [sys.executable, "-m", module],
            log=log,
            environment=environment,
            is_ready=self._ready.is_from,
        )

    @property
    def url(self) -> str:
        """Where the API is."""
        return str(self._ready.content["url"])

    def launch(self) -> None:
        """Start it, again on the port of the first time."""
        self._ready.path.parent.mkdir(parents=True, exist_ok=True)
        if self._ready.known:
            self.environment["FASTAPI_PORT"] = str(httpx.URL(self.url).port)
        self._ready.clear()
        super().launch()


class Worker(Process):
    """A worker; it says that it is ready once it is announced and serving."""

    def __init__(
        self,
        name: str,
        *,
        log: Path | None,
        environment: Mapping[str, str],
        module: str = WORKER,
    ) -> None:
        """`environment` must name the DATA_DIR, which workers may share."""
        self._data = Path(environment["DATA_DIR"])
        super().__init__(
            name,
            [sys.executable, "-m", module],
            log=log,
            environment=environment,
            is_ready=lambda pid: ReadyFile(self._data / f"worker-{pid}.json").is_from(pid),
        )

    def launch(self) -> None:
        """Start it."""
        self._data.mkdir(parents=True, exist_ok=True)
        super().launch()
