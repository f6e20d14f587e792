"""A web application of others, installed as its makers ship it, with work in it to approve."""

from __future__ import annotations

import sqlite3
import subprocess
from abc import ABC, abstractmethod
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import httpx

from automation_service.portal import Credentials
from automation_service.profile import Profile, load_profile
from launcher.environment import ROOT, Environment
from launcher.errors import LauncherError
from launcher.inheritance import practice_environment
from launcher.leftovers import end_all
from launcher.process import Process
from launcher.redis_server import free_port

HERE = Path(__file__).parent
INSTALLED = ROOT / "data" / "portals"
"""Applications are installed here once."""
LONGEST_START = 300
"""Seconds: some load much, and run on a machine that does much else."""


class Application(ABC):
    """One installed application, seeded the same every time, in a folder of its own.

    `install`, then `start`; `stop` leaves nothing running. What is true is asked of its database.
    """

    name: ClassVar[str]
    credentials: ClassVar[Credentials]
    pending: ClassVar[tuple[str, ...]]
    """Keys of the items that wait, as the portal prints them."""
    closed: ClassVar[str | None] = None
    """The key of an item that cannot be approved any more, where the application shows that."""
    absent: ClassVar[str]
    """A key that no item has."""
    approves_again: ClassVar[bool] = False
    """True if it takes the approval of what is approved, and counts it again."""
    takes_two_at_once: ClassVar[bool] = False
    """True if two approvals at the very same moment are both taken, though never one after one."""
    takes_back: ClassVar[bool] = False
    """True if the approval of what is approved takes it back."""
    survives_logout: ClassVar[bool] = False
    """True if a page that is open still approves after its session has ended."""
    action: ClassVar[str] = "approve"

    def __init__(self, folder: Path) -> None:
        """`folder` gets its database and its log."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: Process | None = None

    @property
    @abstractmethod
    def database(self) -> Path:
        """Its SQLite file."""

    @abstractmethod
    def install(self) -> None:
        """Have it on this machine; LauncherError if it cannot be had, such as offline."""

    @abstractmethod
    def seed(self) -> None:
        """Make its database and what is in it."""

    @abstractmethod
    def command(self) -> list[str | Path]:
        """What serves it on `port`."""

    @abstractmethod
    def approvals(self, key: str) -> int:
        """How often this item was approved, by the application's own count."""

    @abstractmethod
    def is_approved(self, key: str) -> bool:
        """True if the application holds it for approved now."""

    def environment(self) -> dict[str, str]:
        """What its programs inherit."""
        return practice_environment(self.folder, self.folder)

    def profile(self) -> Profile:
        """How it is used."""
        return load_profile(HERE / "profiles" / f"{self.name}.yaml")

    def start(self) -> None:
        """Seed and serve it; returns once it answers."""
        self.seed()
        self._process = Process(
            self.name,
            self.command(),
            log=self.folder / "server.log",
            environment=self.environment(),
            is_ready=self._answers,
        )
        self._process.start(LONGEST_START)

    def stop(self) -> None:
        """End it with all that it started."""
        if self._process is not None:
            self._process.stop()
        end_all(self.folder)

    def ask(self, question: str, *values: object) -> list[tuple[object, ...]]:
        """The rows that its database answers, or what a statement changes."""
        with closing(sqlite3.connect(self.database, timeout=10)) as connection, connection:
            return connection.execute(question, values).fetchall()

    def count(self, question: str, *values: object) -> int:
        """The number that its database answers."""
        found = self.ask(question, *values)[0][0]
        assert isinstance(found, int)
        return found

    def run(self, *command: str | Path) -> None:
        """Run one of its own programs to its end; LauncherError with what it says if it fails."""
        ran = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if ran.returncode != 0:
            told = (ran.stderr or ran.stdout).strip()[-2000:]
            raise LauncherError(f"{self.name} could not be seeded: {told}")

    def _answers(self, pid: int) -> bool:
        try:
            return httpx.get(self.url, trust_env=False, timeout=10).status_code < 500
        except httpx.HTTPError:
            return False


class RefusesClicks(ABC):
    """An application that can say no to a click on what seems to wait."""

    @abstractmethod
    def refuse(self) -> None:
        """Have it refuse all approvals from now on, in words."""

    @abstractmethod
    def relent(self) -> None:
        """Have it take them again."""


class PythonApplication(Application):
    """One from PyPI: an environment of its own holds what `locks/<package>.txt` names."""

    @property
    def package(self) -> str:
        """What it is called among `locks`; applications of one name there share an installation."""
        return self.name

    @property
    def packages(self) -> Environment:
        """Where it is installed."""
        return Environment(INSTALLED / self.package, HERE / "locks" / f"{self.package}.txt")

    @property
    def python(self) -> Path:
        """The interpreter that finds it."""
        return self.packages.python

    def install(self) -> None:
        """Install what the lock names, once."""
        self.packages.prepare()
