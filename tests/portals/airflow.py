"""Airflow, which runs workflows: an officer marks runs that wait as successful, from their list.

A single page made by React: the officer ticks a run among all that wait, chooses what to mark it as
from a menu that comes up, and confirms in a dialog that says only how many are meant.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import httpx

from automation_service.portal import Credentials
from tests.portals.application import PythonApplication
from tests.portals.served import serve

WORKFLOW = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("claims", schedule=None):
    EmptyOperator(task_id="pay")
"""


class Airflow(PythonApplication):
    """Runs of one workflow, none of which anybody starts."""

    name = "airflow"
    credentials = Credentials("officer", "practice-password")
    pending = tuple(f"claim-{number:02}" for number in range(1, 13))
    closed = "claim-13"
    absent = "claim-99"
    action = "pass"

    @property
    def database(self) -> Path:
        """Where runs and their states are."""
        return self.folder / "airflow.sqlite3"

    def environment(self) -> dict[str, str]:
        """A home of its own, one officer, and no word to its makers."""
        inherited = super().environment()
        return {
            **inherited,
            # It runs programs of its own by their names.
            "PATH": os.pathsep.join((str(self.python.parent), inherited["PATH"])),
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{self.credentials.username}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self._passwords),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.database}",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        }

    @property
    def _passwords(self) -> Path:
        return self.folder / "passwords.json"

    @property
    def _program(self) -> Path:
        return self.python.parent / "airflow"

    def seed(self) -> None:
        """One workflow and whom it knows."""
        who = self.credentials
        self._passwords.write_text(json.dumps({who.username: who.password}))
        workflows = self.folder / "dags"
        workflows.mkdir()
        (workflows / "claims.py").write_text(WORKFLOW)
        self.run(self._program, "db", "migrate")
        self.run(self._program, "dags", "reserialize")
        # It keeps the state alone; its database counts every time a run was marked.
        self.ask("CREATE TABLE passes (run_id TEXT)")
        self.ask(
            "CREATE TRIGGER count_passes AFTER UPDATE OF state ON dag_run "
            "WHEN NEW.state = 'success' BEGIN INSERT INTO passes VALUES (NEW.run_id); END"
        )

    def start(self) -> None:
        """Serve it, and have a dozen runs that wait and one that failed."""
        super().start()
        who = {"username": self.credentials.username, "password": self.credentials.password}
        with httpx.Client(base_url=self.url, trust_env=False, timeout=60) as client:
            token = client.post("/auth/token", json=who).raise_for_status().json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            runs = "/api/v2/dags/claims/dagRuns"
            for key in (*self.pending, self.closed):
                run = {"dag_run_id": key, "logical_date": None}
                client.post(runs, json=run).raise_for_status()
            over = {"state": "failed"}
            client.patch(f"{runs}/{self.closed}", json=over).raise_for_status()

    def command(self) -> list[str | Path]:
        """Its own server, without the one that starts runs."""
        where = ["--host", "127.0.0.1", "--port", str(self.port)]
        return [self._program, "api-server", *where, "--workers", "1"]

    def approvals(self, key: str) -> int:
        """How often it was marked as successful."""
        return self.count("SELECT count(*) FROM passes WHERE run_id = ?", key)

    def is_approved(self, key: str) -> bool:
        """True if it is successful."""
        (state,) = self.ask("SELECT state FROM dag_run WHERE run_id = ?", key)[0]
        return state == "success"


if __name__ == "__main__":
    serve(Airflow)
