"""The running practice portal: two ports in one process, until a signal ends it."""

import asyncio
import json
import os
import signal
import socket
import tempfile
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from esc_simulator.connection import HangUpProtocol
from esc_simulator.database import open_database
from esc_simulator.options import Options
from esc_simulator.portal import Portal
from esc_simulator.portal_application import create_portal_application
from esc_simulator.truth_application import create_truth_application

_LOOPBACK = "127.0.0.1"
_KEEP_ALIVE_SECONDS = 30
_FAREWELL_SECONDS = 1


class _Listener(uvicorn.Server):
    """One port. Signals are for the whole process, which has two, so none are taken here."""

    def __init__(self, application: FastAPI, host: str, port: int) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                http=HangUpProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_FAREWELL_SECONDS,
            )
        )
        self._socket = socket.create_server((host, port), backlog=512)
        # asyncio does not turn Nagle off for a socket made elsewhere: 40 ms on every answer.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        shown_host = _LOOPBACK if host in ("", "0.0.0.0") else host
        self.url = f"http://{shown_host}:{self._socket.getsockname()[1]}"

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def run_here(self) -> None:
        await self.serve(sockets=[self._socket])

    def close(self) -> None:
        self._socket.close()


async def serve(options: Options) -> None:
    """Run the portal and its truth until SIGTERM or SIGINT.

    Raises:
        OSError: a port is taken, or the database or the ready file cannot be written.
        OtherWorldError: the database was filled for other options.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    with tempfile.TemporaryDirectory(prefix="esc-portal-") as folder:
        path = options.database or Path(folder) / "portal.sqlite3"
        with closing(open_database(path, options.world)) as database:
            portal = Portal(database, options.session_seconds, options.latency_seconds)
            with closing(portal):
                portal.accounts.set_password(options.username, options.password)
                await _listen(portal, options, stop)


async def _listen(portal: Portal, options: Options, stop: asyncio.Event) -> None:
    with (
        closing(_Listener(create_portal_application(portal), options.host, options.port)) as front,
        closing(
            _Listener(create_truth_application(portal), _LOOPBACK, options.truth_port)
        ) as truth,
    ):
        running = [asyncio.create_task(listener.run_here()) for listener in (front, truth)]
        # The sockets listen already: whoever connects now waits in their queue.
        _announce(front.url, truth.url, options)
        await stop.wait()
        for listener in (front, truth):
            listener.should_exit = True
        await asyncio.gather(*running)


def _announce(url: str, truth_url: str, options: Options) -> None:
    if options.ready_file:
        ready = {
            "url": url,
            "truth_url": truth_url,
            "pid": os.getpid(),
            "username": options.username,
        }
        unfinished = options.ready_file.with_name(f"{options.ready_file.name}.{os.getpid()}.tmp")
        unfinished.write_text(json.dumps(ready), encoding="utf-8")
        unfinished.replace(options.ready_file)
    print(f"Practice ESC portal at {url} (truth at {truth_url})", flush=True)
