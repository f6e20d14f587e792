"""A whole practice system whose services may be held, struck, sabotaged and brought back."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import psutil
from sqlalchemy import select

from launcher import leftovers
from launcher.api_client import ApiClient
from launcher.errors import LauncherError
from launcher.postgresql import MISSING, find
from launcher.process import Process, stop_all
from launcher.system import STOP_SECONDS, PracticeSystem
from shared.record import Record, workers
from shared.record.tables import claims
from shared.task_state import FINAL_STATES, TaskState
from tests.faults.driver_line import LINE_VARIABLE, DriverLine
from tests.faults.needs import NOTHING_ELSE, Needs
from tests.faults.sabotage import SWITCH
from tests.faults.small_disk import SmallDisk
from tests.faults.traps import FOLDER_VARIABLE, Traps
from tests.faults.wire_proxy import WireProxy
from tests.postgresql_server import PostgresqlServer

SETTINGS = {"LEASE_SECONDS": "4", "SELENIUM_TIMEOUT": "10", "DRAIN_SECONDS": "20"}
LOOK_SECONDS = 0.1
NOT_OURS = ("pymp-", "esc-portal-")
"""Folders that Python's own multiprocessing and the practice portal leave where they are killed."""
KEEPER = "automation_service.keeper"
"""The module that a browser's keeper runs, the last word of its command."""
DATABASES = ("sqlite", "postgresql")
PASSING = (httpx.HTTPError, LauncherError, OSError)
"""What asking a system says that is being struck right now."""


class NotInTimeError(AssertionError):
    """Something that had to come did not come before its deadline."""


def wait_until(what: str, holds: Callable[[], bool], seconds: float) -> None:
    """Wait for a condition. Raises NotInTimeError naming it."""
    ends = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends:
            raise NotInTimeError(f"not within {seconds:.0f} s: {what}")
        time.sleep(LOOK_SECONDS)


class SystemUnderFault:
    """One orchestrator and two workers around a practice portal; a context manager.

    Cells take batches nobody has touched, so that one running system serves many of them.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database: str = "sqlite",
        batches: int = 400,
        needs: Needs = NOTHING_ELSE,
        **options: Any,
    ) -> None:
        """`database` is one of DATABASES; `options` are PracticeSystem's."""
        settings = {**SETTINGS, **needs.settings, **options.pop("settings", {})}
        self.traps = Traps(folder / "faults")
        settings[FOLDER_VARIABLE] = str(self.traps.folder)
        self.disk = SmallDisk(folder / "small") if needs.disk else None
        if self.disk is not None:
            settings["RESULTS_DIR"] = str(self.disk.results)
        self.postgresql: PostgresqlServer | None = None
        if database == "postgresql":
            self.postgresql = _postgresql()
            settings["DATABASE_URL"] = self.postgresql.url("record")
        self.database = database
        self.system = PracticeSystem(
            folder / "system",
            batches=batches,
            settings=settings,
            **{"workers": 2, **options},
            orchestrator_module="tests.faults.orchestrator",
            worker_module="tests.faults.worker",
        )
        url = settings.get("DATABASE_URL", f"sqlite:///{self.system.folder / 'record.sqlite3'}")
        self.record = Record(url)
        self._opened = ExitStack()
        self._needs = needs
        self.wire: WireProxy | None = None
        self.line: DriverLine | None = None
        self._unused = iter(range(1, batches + 1))
        self.down: set[str] = set()
        """Names of parts that are down on purpose."""

    def __enter__(self) -> SystemUnderFault:
        """Start everything, or leave nothing."""
        try:
            if self.postgresql is not None:
                self.postgresql.create()
                self.postgresql.create_database("record")
            if self.disk is not None:
                self.disk.mount()
            self._needs.write_profiles(self.system.folder / "profiles")
            self.system.start()
            self.api = self._opened.enter_context(
                ApiClient(self.system.api_url, self.system.api_key)
            )
            self._truth = self._opened.enter_context(
                httpx.Client(base_url=self.system.truth_url, trust_env=False, timeout=30)
            )
            if self._needs.wire:
                self._lay_the_wire()
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

    def _lay_the_wire(self) -> None:
        """Only now is it known where the portal is, so the workers start once more."""
        self.wire = self._opened.enter_context(WireProxy(self.system.portal_url))
        self.line = self._opened.enter_context(DriverLine())
        for worker in self.system.workers:
            worker.environment["ESC_BASE_URL"] = self.wire.url
            worker.environment[LINE_VARIABLE] = self.line.address
        self.restart_workers()

    def restart_workers(self) -> None:
        """Let every worker leave and start again: with no browser of before."""
        for worker in self.system.workers:
            worker.stop()
            worker.start()

    def close(self) -> None:
        """End everything that is left, whoever left it."""
        self.record.close()
        if self.disk is not None:
            self.disk.go_on()
        self.system.close()
        self._opened.close()
        if self.disk is not None:
            self.disk.unmount()
        if self.postgresql is not None:
            self.postgresql.remove()

    def stop(self) -> list[str]:
        """Ask every service to end, in its own way, and tell what is left of them all the same."""
        self.traps.disarm()
        services: list[Process] = [*self.system.workers, *self.system.orchestrators]
        stop_all(services, STOP_SECONDS)
        expected = {self.system.portal.pid, self.system.redis.pid}
        left = [
            f"process {process.pid} {_name(process)}"
            for process in leftovers.processes_of(self.system.folder)
            if process.pid not in expected
        ]
        browsers = self.system.folder / "data" / "browsers"
        folders = [*browsers.glob("*"), *self.temporary.glob("*")]
        ours = [path for path in folders if not path.name.startswith(NOT_OURS)]
        return [*left, *(f"folder {path}" for path in ours)]

    @property
    def temporary(self) -> Path:
        """Where the services put temporary files."""
        return Path(self.system.redis.environment["TMPDIR"])

    @property
    def parts(self) -> list[Process]:
        """Every process that a supervisor would look after."""
        system = self.system
        return [system.portal, system.redis, *system.orchestrators, *system.workers]

    def revive(self) -> None:
        """Start again whatever died and is not meant to be down, as a supervisor would."""
        for part in self.parts:
            if not part.running and part.name not in self.down:
                self._start_again(part)

    def take_down(self, part: Process) -> None:
        """Kill a part; nobody starts it again before `bring_back`."""
        self.down.add(part.name)
        part.kill()

    def bring_back(self, part: Process) -> None:
        """Start a part again that was taken down or asked to leave."""
        self._start_again(part)
        self.down.discard(part.name)

    def _start_again(self, part: Process) -> None:
        """Start it, and wait until it serves if that depends on it alone.

        A worker is ready once it has reached Redis, which only we may have to bring back.
        """
        if part in self.system.workers:
            part.launch()
        else:
            part.start()

    # -- what is asked of it -------------------------------------------------------------------

    def take_batches(self, count: int) -> list[str]:
        """Ids of batches nobody has touched."""
        return [f"BATCH{next(self._unused):03d}" for _ in range(count)]

    def approve(self, keys: Sequence[str], **params: Any) -> str:
        """Ask for approvals; the task's id."""
        return self.api.assign("approve_batches", {"batch_ids": list(keys), **params})

    def steer(self, what: str, task_id: str) -> int:
        """Ask for `cancel` or `retry`; the HTTP status of the answer."""
        url = f"{self.system.api_url}/{what}/{task_id}"
        headers = {"x-api-key": self.system.api_key}
        return httpx.post(url, headers=headers, trust_env=False, timeout=30).status_code

    def are_final(self, task_ids: Iterable[str]) -> bool:
        """True once all these tasks are over; False while nobody can be asked."""
        final = {state.value for state in FINAL_STATES}
        with suppress(*PASSING):
            return all(self.api.status(task_id)["state"] in final for task_id in task_ids)
        return False

    def approve_all_shown(self, task_id: str) -> None:
        """Say yes to everything in a task that waits for a decision; otherwise nothing."""
        if self.api.status(task_id)["state"] == TaskState.AWAITING_DECISION.value:
            url = f"{self.system.api_url}/decision/{task_id}"
            headers = {"x-api-key": self.system.api_key}
            wanted = {"approve": "all"}
            httpx.post(url, json=wanted, headers=headers, trust_env=False, timeout=30)

    def ask_truth(self, method: str, path: str, body: object = None) -> Any:
        """Ask the portal's second port."""
        answer = self._truth.request(method, path, json=body).raise_for_status()
        return answer.json() if answer.content else None

    def set_portal_faults(self, faults: Sequence[dict[str, Any]]) -> None:
        """Put these faults of the practice portal in force instead of the present ones."""
        self.ask_truth("PUT", "/faults", list(faults))

    def sabotage(self, name: str | None) -> None:
        """Remove this safeguard of the product, or none."""
        switch = self.traps.folder / SWITCH
        switch.unlink(missing_ok=True)
        if name is not None:
            switch.write_text(name)

    # -- its processes -------------------------------------------------------------------------

    def worker_of(self, pid: int) -> Process:
        """The worker whose parent process has this id."""
        return next(worker for worker in self.system.workers if worker.pid == pid)

    def is_quiet(self) -> bool:
        """True if everything is up, nobody holds a claim, and the portal has nothing to come."""
        if not all(part.running for part in self.parts):
            return False
        with suppress(*PASSING), self.record.read() as connection:
            truth = self.ask_truth("GET", "/truth/summary")
            if truth["late_requests"] or truth["late_moves"]:
                return False
            held = connection.execute(select(claims.c.key).where(claims.c.holder.is_not(None)))
            return held.first() is None and not self.dead_browsers()
        return False

    def dead_browsers(self) -> list[str]:
        """Browsers, and their folders, that belong to no living pool child."""
        with self.record.read() as connection:
            rows = workers.browsers_on(connection, socket.gethostname())
        living = {row.user_data_dir for row in rows if is_alive(row.pid)}
        folder = self.system.folder / "data" / "browsers"
        running = [
            (process, " ".join(process.info["cmdline"] or ()))
            for process in psutil.process_iter(["cmdline"])
        ]
        return [
            *(f"folder {path}" for path in folder.glob("browser-*") if str(path) not in living),
            *(
                f"process {process.pid} {command[:120]}"
                for process, command in running
                if str(folder) in command and not any(each in command for each in living)
            ),
        ]


def browser_of(child: int) -> list[psutil.Process]:
    """The driver and browser processes that a pool child started, the driver first.

    Not the keeper that stands by them: it has to outlive what is done to them.
    """
    try:
        found = psutil.Process(child).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return [process for process in found if not _name(process).endswith(KEEPER)]


def _name(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())[:120]
    except psutil.Error:
        return "gone"


def _postgresql() -> PostgresqlServer:
    binaries = find()
    if binaries is None:
        raise LauncherError(MISSING)
    return PostgresqlServer(binaries)


def is_alive(pid: int) -> bool:
    """True if a process of this id runs and is no zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def signal_all(processes: Iterable[psutil.Process], number: int) -> None:
    """Send a signal to each that still lives."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)
