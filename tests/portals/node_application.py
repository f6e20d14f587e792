"""An application from npm, on a site that holds it and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from launcher.commands import run_logged
from launcher.environment import ROOT
from launcher.errors import LauncherError
from launcher.lock import held, tell
from tests.portals.application import HERE, INSTALLED, Application

LOG = ROOT / "logs" / "setup.log"


class NodeApplication(Application):
    """One whose site is `site/<name>/`: `locks/<name>/` names its packages, Next.js builds it.

    No script of a package runs while it is installed; what has to be compiled comes compiled.
    """

    node: ClassVar[tuple[int, int]]
    """The oldest Node.js that it runs on."""

    @property
    def packages(self) -> Path:
        """Where it is installed, its site and its packages."""
        return INSTALLED / self.name

    @property
    def next(self) -> tuple[str | Path, ...]:
        """Next.js's own command."""
        return ("node", self.packages / "node_modules" / "next" / "dist" / "bin" / "next")

    def environment(self) -> dict[str, str]:
        """No word to its makers."""
        return {**super().environment(), "NEXT_TELEMETRY_DISABLED": "1"}

    def install(self) -> None:
        """Install what the lock names and build the site, once for each state of both."""
        self._need_node()
        parts = [HERE / "locks" / self.name, HERE / "site" / self.name]
        state = _digest(parts)
        done = self.packages / "installed.txt"
        with held(INSTALLED / f"{self.name}.lock", f"installing {self.name}") as lock:
            if done.exists() and done.read_text() == state:
                return
            tell(f"installing {self.name} from npm and building it, once")
            shutil.rmtree(self.packages, ignore_errors=True)
            for part in parts:
                shutil.copytree(part, self.packages, dirs_exist_ok=True)
            self._build(lock)
            done.write_text(state)

    def _build(self, lock: int) -> None:
        into = ("--prefix", self.packages)
        environment = {**os.environ, "NEXT_TELEMETRY_DISABLED": "1"}
        for command in (
            ("npm", "ci", *into, "--ignore-scripts", "--no-audit"),
            (*self.next, "build", self.packages),
        ):
            # They inherit the lock: should we be killed, nobody starts beside them.
            run_logged(command, LOG, environment=environment, keep_open=[lock])

    def _need_node(self) -> None:
        wanted = f"{self.name} needs Node.js {self.node[0]}.{self.node[1]} or newer, and npm"
        if shutil.which("npm") is None or shutil.which("node") is None:
            raise LauncherError(f"{wanted}, such as `apt-get install nodejs npm` brings")
        asked = subprocess.run(["node", "--version"], capture_output=True, text=True)
        version = asked.stdout.strip().removeprefix("v")
        if tuple(map(int, version.split(".")[:2])) < self.node:
            raise LauncherError(f"{wanted}; here is {version}")


def _digest(folders: list[Path]) -> str:
    """Of all that is in them, names and contents."""
    digest = sha256()
    for file in sorted(file for folder in folders for file in folder.rglob("*") if file.is_file()):
        digest.update(f"{file}\n{file.stat().st_size}\n".encode() + file.read_bytes())
    return digest.hexdigest()
