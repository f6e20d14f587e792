"""The whole system around a practice portal, on free ports, in a folder of its own.

The demo, the acceptance tests and the benchmarks all run this.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from launcher import browser, leftovers
from launcher.inheritance import practice_environment
from launcher.practice_portal import PracticePortal
from launcher.process import Process, stop_all, wait_until_ready
from launcher.redis_server import RedisServer
from launcher.services import ORCHESTRATOR, WORKER, Orchestrator, Worker

LONGEST_TASK = 10_000
STOP_SECONDS = 15.0


class PracticeSystem:
    """Portal, Redis, orchestrators and workers; nothing of them is left when it is closed.

    Use it as a context manager. It reads no `.env` and inherits no setting, so it can never
    reach a real portal. Every part is a Process: `stop()`, `kill()` and `start()` it at will.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        batches: int = 25,
        seed: int = 7,
        pending_only: bool = True,
        latency_ms: float = 0,
        orchestrators: int = 1,
        workers: int = 1,
        concurrency: int = 1,
        settings: Mapping[str, str] | None = None,
        orchestrator_module: str = ORCHESTRATOR,
        worker_module: str = WORKER,
    ) -> None:
        """Describe the system; nothing is started yet.

        `folder` is kept when it is given, and otherwise a temporary one that is removed.
        `concurrency` is the number of slots of each worker; `settings` overrides any setting.
        The modules are what the services are started as.
        """
        # Chromium makes a socket in its temporary folder, whose path may not be long.
        self._temporary = Path(tempfile.gettempdir()) / f"practice-{secrets.token_hex(4)}"
        self.folder = (folder or self._temporary / "system").resolve()
        self.api_key = secrets.token_hex(16)
        self._secret_key = secrets.token_hex(32)
        self._evidence_key = secrets.token_urlsafe(32)
        self._environment = practice_environment(self.folder, self._temporary)
        self._overrides = dict(settings or {})
        self._concurrency = concurrency
        self._counts = (orchestrators, workers)
        self._modules = (orchestrator_module, worker_module)
        self.redis = RedisServer(
            self.folder / "redis", log=self._log("redis"), environment=self._environment
        )
        self.portal = PracticePortal(
            self.folder,
            log=self._log("portal"),
            environment=self._environment,
            batches=batches,
            seed=seed,
            latency_ms=latency_ms,
            pending_only=pending_only,
        )
        self.orchestrators: list[Orchestrator] = []
        self.workers: list[Worker] = []

    @property
    def api_url(self) -> str:
        """Where the first orchestrator's API is."""
        return self.orchestrators[0].url

    @property
    def portal_url(self) -> str:
        """Where officers find the portal."""
        return self.portal.url

    @property
    def truth_url(self) -> str:
        """Where tests find what really happened in the portal."""
        return self.portal.truth_url

    @property
    def redis_url(self) -> str:
        """Where doorbells and wake-ups travel."""
        return self.redis.url

    @property
    def database_url(self) -> str:
        """Where the record is, as services are told it."""
        usual = f"sqlite:///{self.folder / 'record.sqlite3'}"
        return self._overrides.get("DATABASE_URL", usual)

    @property
    def results(self) -> Path:
        """Where the evidence lies."""
        return Path(self._overrides.get("RESULTS_DIR", self.folder / "results"))

    def truth(self) -> dict[str, Any]:
        """The portal's own count of batches, approvals and requests to approve."""
        return self.portal.truth()

    def start(self) -> None:
        """Start everything and wait until it serves.

        Raises LauncherError with the end of a log when a part does not start.
        """
        self._temporary.mkdir(mode=0o700)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.portal.launch()
        self.redis.start_on_a_free_port()
        wait_until_ready([self.portal])
        orchestrators, workers = self._counts
        self.orchestrators = [self._orchestrator(n) for n in range(1, orchestrators + 1)]
        self.workers = [self._worker(n) for n in range(1, workers + 1)]
        services: list[Process] = [*self.orchestrators, *self.workers]
        for service in services:
            service.launch()
        wait_until_ready(services)

    def add_worker(self, *arguments: str) -> Worker:
        """Start one more worker, with what is typed after its name, and wait until it serves."""
        worker = self._worker(len(self.workers) + 1)
        worker.command += arguments
        self.workers.append(worker)
        worker.start()
        return worker

    def check(self) -> None:
        """Raise LauncherError, with the end of its log, if a part has ended by itself."""
        for part in [self.portal, self.redis, *self.orchestrators, *self.workers]:
            if not part.running:
                raise part.failure(f"ended with status {part.exit_status}")

    def close(self) -> None:
        """End every process, browsers too, and remove what is temporary. May be called twice."""
        services: list[Process] = [*self.workers, *self.orchestrators]
        stop_all(services, STOP_SECONDS)
        stop_all([self.portal, self.redis])
        leftovers.end_all(self.folder)
        data = Path(self._overrides.get("DATA_DIR", self.folder / "data"))
        leftovers.remove_temporary_files(data / "browsers")
        shutil.rmtree(self._temporary, ignore_errors=True)

    def abandon(self) -> None:
        """Kill every part as it stands, then close: nobody has anything left to finish."""
        for part in [*self.workers, *self.orchestrators, self.portal, self.redis]:
            part.kill()
        self.close()

    def __enter__(self) -> PracticeSystem:
        """Start everything, or leave nothing."""
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End everything."""
        self.close()

    def _orchestrator(self, number: int) -> Orchestrator:
        name = f"orchestrator-{number}"
        # Each says in its own folder where it listens; the record is shared.
        environment = {**self._settings(), "DATA_DIR": str(self.folder / "data" / name)}
        module, _ = self._modules
        return Orchestrator(name, log=self._log(name), environment=environment, module=module)

    def _worker(self, number: int) -> Worker:
        name = f"worker-{number}"
        _, module = self._modules
        return Worker(name, log=self._log(name), environment=self._settings(), module=module)

    def _log(self, name: str) -> Path:
        return self.folder / "output" / f"{name}.log"

    def _settings(self) -> dict[str, str]:
        found = browser.find()
        return {
            **self._environment,
            **(found.settings() if found else {}),
            "API_KEY": self.api_key,
            "SECRET_KEY": self._secret_key,
            "EVIDENCE_KEY": self._evidence_key,
            "REDIS_URL": self.redis.url,
            "DATABASE_URL": self.database_url,
            "ESC_BASE_URL": self.portal.url,
            "ESC_USERNAME": self.portal.username,
            "ESC_PASSWORD": self.portal.password,
            "FASTAPI_HOST": "127.0.0.1",
            "FASTAPI_PORT": "0",
            "WORKER_CONCURRENCY": str(self._concurrency),
            "MAX_BATCHES_PER_TASK": str(LONGEST_TASK),
            "DATA_DIR": str(self.folder / "data"),
            "DOWNLOAD_PATH": str(self.folder / "downloads"),
            "PROFILES_DIR": str(self.folder / "profiles"),
            "TASKS_DIR": str(self.folder / "tasks"),
            "RESULTS_DIR": str(self.results),
            "LOGS_DIR": str(self.folder / "logs"),
            **self._overrides,
        }
