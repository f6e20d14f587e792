"""Prefect, which runs workflows: an officer lets one go on that has paused to be asked.

A single page made by scripts, which keeps the password in the browser's storage and has no session;
a dialog asks for confirmation, and a passing toast says what came of it.
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx

from automation_service.portal import Credentials
from tests.portals.application import PythonApplication
from tests.portals.served import serve

FAR = datetime(2100, 1, 1, tzinfo=timezone.utc)


class Prefect(PythonApplication):
    """Runs of one workflow, each paused until somebody lets it go on."""

    name = "prefect"
    credentials = Credentials("", "officer:practice-password")
    pending = tuple(f"claim-{number:02}" for number in range(1, 13))
    closed = "claim-13"
    absent = "claim-99"
    action = "resume"

    @property
    def database(self) -> Path:
        """Where runs and their states are."""
        return self.folder / "prefect.sqlite3"

    def environment(self) -> dict[str, str]:
        """A home of its own, a password, and no word to its makers."""
        return {
            **super().environment(),
            "PREFECT_HOME": str(self.folder / "home"),
            "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{self.database}",
            "PREFECT_SERVER_API_AUTH_STRING": self.credentials.password,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_UI_API_URL": f"{self.url}/api",
            "PREFECT_SERVER_UI_V2_ENABLED": "false",
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
            "DO_NOT_TRACK": "1",
        }

    def seed(self) -> None:
        """Nothing: the server makes its database itself."""

    def start(self) -> None:
        """Serve it, and have a dozen runs that wait and one that is over."""
        super().start()
        flow = self._ask_server("flows/", name="claims")["id"]
        waits = {"type": "PAUSED", "state_details": {"pause_timeout": FAR.isoformat()}}
        for key in self.pending:
            self._ask_server("flow_runs/", name=key, flow_id=flow, state=waits)
        over = {"type": "COMPLETED"}
        self._ask_server("flow_runs/", name=self.closed, flow_id=flow, state=over)

    def _ask_server(self, path: str, **body: object) -> Any:
        who, _, password = self.credentials.password.partition(":")
        with httpx.Client(auth=(who, password), trust_env=False, timeout=60) as client:
            answer = client.post(f"{self.url}/api/{path}", json=body)
        return answer.raise_for_status().json()

    def command(self) -> list[str | Path]:
        """Its own server, without the services that run workflows."""
        serving = ["server", "start", "--host", "127.0.0.1", "--port", str(self.port)]
        return [self.python.parent / "prefect", *serving, "--no-services"]

    def approvals(self, key: str) -> int:
        """How often it began to go on."""
        return self.count(
            "SELECT count(*) FROM flow_run_state WHERE type = 'RUNNING' AND flow_run_id = "
            "(SELECT id FROM flow_run WHERE name = ?)",
            key,
        )

    def is_approved(self, key: str) -> bool:
        """True if it goes on."""
        (state,) = self.ask("SELECT state_type FROM flow_run WHERE name = ?", key)[0]
        return state == "RUNNING"


if __name__ == "__main__":
    serve(Prefect)
