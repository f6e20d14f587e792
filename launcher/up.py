"""`./run up`: the system for real work, on its own ports, until it is told to end."""

from __future__ import annotations

import fcntl
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from launcher import browser
from launcher.errors import LauncherError
from launcher.interruption import Interruption
from launcher.lock import tell
from launcher.process import Process, wait_until_ready
from launcher.redis_server import RedisServer
from launcher.services import Orchestrator, Worker
from launcher.supervisor import Supervisor
from shared.config import Settings, load_settings
from shared.errors import ConfigurationError

LOOK_SECONDS = 0.2
LAST_SECONDS = 15.0
"""How long parts may take to end beyond the time a worker has to finish its work."""


def run_up() -> int:
    """Run until Ctrl-C or SIGTERM, then end everything in its own way; LauncherError on failure."""
    try:
        settings = load_settings()
    except ConfigurationError as error:
        raise LauncherError(error.message) from None
    with Interruption() as interruption, _only_one(settings) as note:
        try:
            _run(settings, note, interruption)
        except KeyboardInterrupt:
            return 0
    return 0


def _run(settings: Settings, note: int, interruption: Interruption) -> None:
    _refuse_taken_port("FASTAPI_PORT", settings.fastapi_host, settings.fastapi_port)
    _refuse_taken_port("FLOWER_PORT", "127.0.0.1", settings.flower_port)
    environment = {**os.environ, "DATA_DIR": str(settings.data_dir)}
    chosen = {"CHROME_BINARY": settings.chrome_binary, "CHROMEDRIVER": settings.chromedriver}
    if not all(chosen.values()):
        environment |= browser.ensure(chosen).settings()
    redis = None
    if not settings.redis_url:
        redis = _embedded_redis(settings, environment)
        redis.start_on_a_free_port()
        environment["REDIS_URL"] = redis.url
    orchestrator = Orchestrator("the orchestrator", log=None, environment=environment)
    worker = Worker("the worker", log=None, environment=environment)
    flower = _flower(settings, environment)
    supervisor = Supervisor([orchestrator, worker, flower])
    try:
        for part in (orchestrator, worker, flower):
            part.launch()
        wait_until_ready([orchestrator, worker, flower])
        _remember(note, orchestrator.url)
        tell(f"API at {orchestrator.url} (documentation at {orchestrator.url}/docs)")
        tell(f"Flower at http://127.0.0.1:{settings.flower_port}; Ctrl-C ends everything")
        _look_after(supervisor, redis)
    finally:
        interruption.ending = True
        tell(f"ending: work in hand is finished first, {settings.drain_seconds:.0f} s at most")
        supervisor.stop(settings.drain_seconds + LAST_SECONDS)
        if redis:
            redis.stop()


def _look_after(supervisor: Supervisor, redis: RedisServer | None) -> None:
    storage = Supervisor([redis] if redis else [])
    while True:
        storage.look_after_all()
        supervisor.look_after_all()
        time.sleep(LOOK_SECONDS)


def _embedded_redis(settings: Settings, environment: dict[str, str]) -> RedisServer:
    log = settings.logs_dir / "redis.log"
    return RedisServer(settings.data_dir / "redis", log=log, environment=environment)


def _flower(settings: Settings, environment: dict[str, str]) -> Process:
    """Flower can revoke and shut down, so it listens on this machine only."""
    where = ["--address=127.0.0.1", f"--port={settings.flower_port}"]
    broker = settings.celery_broker_url or environment.get("REDIS_URL") or settings.broker
    health = f"http://127.0.0.1:{settings.flower_port}/healthcheck"

    def is_ready(pid: int) -> bool:
        try:
            return httpx.get(health, trust_env=False).is_success
        except httpx.TransportError:
            return False

    return Process(
        "Flower",
        [sys.executable, "-m", "celery", "flower", *where],
        log=settings.logs_dir / "flower.log",
        # In the environment and not on the command line, which everybody on a machine can read.
        environment={**environment, "CELERY_BROKER_URL": broker},
        is_ready=is_ready,
    )


@contextmanager
def _only_one(settings: Settings) -> Iterator[int]:
    """Hold the folder's `up.lock`, or raise LauncherError with the address of who holds it."""
    path = settings.data_dir / "up.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    note = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LauncherError(_already_running(path)) from None
        _remember(note, "")
        yield note
    finally:
        os.close(note)


def _already_running(path: Path) -> str:
    url = path.read_text()
    return f"already running in this folder at {url}" if url else "already starting in this folder"


def _remember(note: int, url: str) -> None:
    os.ftruncate(note, 0)
    os.pwrite(note, url.encode(), 0)


def _refuse_taken_port(setting: str, host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            problem = f"cannot listen on {host}:{port} ({error.strerror})"
            raise LauncherError(f"{problem}: stop what uses it or set {setting}") from None
