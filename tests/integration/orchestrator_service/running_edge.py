"""An edge that serves over a real socket in this process, and its record."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from orchestrator_service.event_hub import EventHub
from orchestrator_service.main import create_app
from orchestrator_service.server import Address, Server, bind
from shared.config import Settings, load_settings
from shared.record import Record
from tests.integration.orchestrator_service.waiting import until

HOST = "127.0.0.1"


class RunningEdge:
    """Started in a thread of its own, on a free port, with a folder of its own."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        """`settings` go over those that a test needs."""
        self.settings: Settings = load_settings(
            data_dir=folder / "data",
            results_dir=folder / "results",
            logs_dir=folder / "logs",
            **settings,
        )
        self.record = Record(self.settings.database)
        self._app = create_app(self.settings)
        self._listener = bind(HOST, 0)
        self.url = f"http://{HOST}:{self._listener.getsockname()[1]}"
        self._server = Server(self._app, Address(self.settings.data_dir, self.url))
        self._thread = threading.Thread(
            target=self._server.run, args=([self._listener],), name="edge", daemon=True
        )

    def start(self) -> None:
        """Serve."""
        self._thread.start()
        until(lambda: self._server.started or not self._thread.is_alive())
        assert self._server.started, "the edge did not start"
        self.key = (self.settings.data_dir / "api_key").read_text().strip()
        # It speaks plain HTTP: no certificates are loaded for it.
        options: dict[str, Any] = {"timeout": 30, "trust_env": False, "verify": False}
        self.client = httpx.Client(base_url=self.url, headers={"x-api-key": self.key}, **options)
        self.stranger = httpx.Client(base_url=self.url, **options)

    def stop(self) -> None:
        """End as on SIGTERM; a second time does nothing."""
        self._server.should_exit = True
        self._thread.join(timeout=20)
        self._listener.close()
        self.client.close()
        self.stranger.close()
        self.record.close()
        assert not self._thread.is_alive(), "the edge did not stop"

    @property
    def followers(self) -> int:
        """How many sockets follow a task here."""
        hub: EventHub = self._app.state.edge.hub
        return hub.followers

    def assign(self, task_type: str = "test_task", **params: Any) -> str:
        """Give a task; its id."""
        answer = self.client.post("/assign-task/", json={"task_type": task_type, "params": params})
        assert answer.status_code == 200, answer.text
        task_id: str = answer.json()["task_id"]
        return task_id

    def socket_url(self, task_id: str, after: int | None = None) -> str:
        """Where the task's stream is, token included."""
        url: str = self.client.get(f"/status/{task_id}").json()["ws_url"]
        return url if after is None else f"{url}&after={after}"

    def follow(self, task_id: str, after: int | None = None, **options: Any) -> ClientConnection:
        """A socket on the task's stream."""
        stream: ClientConnection = connect(self.socket_url(task_id, after), proxy=None, **options)
        return stream
