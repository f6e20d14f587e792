"""Serving the application: the socket, where others find it, and a prompt end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

import psutil
import structlog
import uvicorn
from fastapi import FastAPI

from shared.config import Settings

log = structlog.get_logger()

FAREWELL_SECONDS = 1.0
GRACE_SECONDS = 2
PING_SECONDS = 20.0
BACKLOG = 2048


class Address:
    """Where this orchestrator is reached, written down in the data folder while it serves.

    `orchestrator.json` belongs to the first that serves there; each one also has a file with its
    process id in the name.
    """

    def __init__(self, data_dir: Path, url: str) -> None:
        """Nothing is written yet."""
        self._content = json.dumps({"url": url, "pid": os.getpid()}) + "\n"
        self._shared = data_dir / "orchestrator.json"
        self._own = data_dir / f"orchestrator-{os.getpid()}.json"

    def publish(self) -> None:
        """Say where we are; another live orchestrator's word is left alone."""
        self._write(self._own)
        if _owner(self._shared) in (None, os.getpid()):
            self._write(self._shared)

    def withdraw(self) -> None:
        """We are gone."""
        self._own.unlink(missing_ok=True)
        if _owner(self._shared) == os.getpid():
            self._shared.unlink(missing_ok=True)

    def _write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        unfinished.write_text(self._content)
        unfinished.rename(path)


def _owner(path: Path) -> int | None:
    """The live process that wrote the file, if it is one."""
    try:
        pid = int(json.loads(path.read_text())["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return pid if psutil.pid_exists(pid) else None


def config_for(app: FastAPI) -> uvicorn.Config:
    """How uvicorn serves the application; on which socket, it is told when it is run."""
    return uvicorn.Config(
        app,
        ws="auto",
        ws_per_message_deflate=False,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        ws_max_size=64 * 1024,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def bind(host: str, port: int) -> socket.socket:
    """A socket to serve on; port 0 is any that is free. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


class Server(uvicorn.Server):
    """uvicorn that says where it listens, and sends sockets away before it closes."""

    def __init__(self, app: FastAPI, address: Address) -> None:
        """`address` is published once requests are taken."""
        super().__init__(config_for(app))
        self._app = app
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        self._address.publish()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ask followers to come back later, give them a moment, then close."""
        self._address.withdraw()
        hub = self._app.state.edge.hub
        hub.send_away()
        deadline = time.monotonic() + FAREWELL_SECONDS
        while hub.followers and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)


def serve(app: FastAPI, settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; the process's exit status."""
    try:
        listener = bind(settings.fastapi_host, settings.fastapi_port)
    except OSError as error:
        where = f"{settings.fastapi_host}:{settings.fastapi_port}"
        print(f"orchestrator: cannot listen on {where}: {error.strerror}", file=sys.stderr)
        return 1
    url = _url(settings.fastapi_host, listener.getsockname()[1])
    address = Address(settings.data_dir, url)
    # uvicorn hands the signal back to us when it is done.
    signal.signal(signal.SIGTERM, _leave)
    try:
        log.info("serving", url=url)
        Server(app, address).run(sockets=[listener])
    except KeyboardInterrupt:
        return 130
    except SystemExit as ended:  # ours on SIGTERM, uvicorn's where it could not start
        return ended.code if isinstance(ended.code, int) else 1
    finally:
        address.withdraw()
        listener.close()
    return 0


def _leave(_: int, __: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def _url(host: str, port: int) -> str:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    if ":" in reachable and not reachable.startswith("["):
        reachable = f"[{reachable}]"
    return f"http://{reachable}:{port}"
