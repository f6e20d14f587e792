"""The real practice portal as a process, and an officer who uses it over HTTP."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

FAREWELL_SECONDS = 20


def can_be_approved(batch: dict[str, Any]) -> bool:
    """Whether this batch is pending and the portal's rules do not refuse it."""
    return batch["status"] == "Pending" and not batch["refusal"]


class PracticePortal:
    """A running `python -m esc_simulator` on free ports."""

    def __init__(self, folder: Path, *options: str) -> None:
        """Start it and wait until it serves; its temporary files go to `folder`.

        Raises:
            RuntimeError: it ended instead, with what it said.
        """
        self.folder = folder
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True, exist_ok=True)
        self.ready_file = folder / "ready.json"
        ports = ("--port", "0", "--truth-port", "0", "--ready-file", str(self.ready_file))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "esc_simulator", *ports, *options],
            env={**os.environ, "TMPDIR": str(self.temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.first_line = self._process.stdout.readline()
        if not self.first_line:
            _, said = self._process.communicate(timeout=FAREWELL_SECONDS)
            raise RuntimeError(f"status {self._process.returncode}: {said}")
        self.ready: dict[str, Any] = json.loads(self.ready_file.read_text(encoding="utf-8"))
        self.url = str(self.ready["url"])
        self._handed_out: set[str] = set()
        # Plain HTTP: with `verify` every client would first load certificates, for 0.2 s.
        self._truth = httpx.Client(base_url=self.ready["truth_url"], trust_env=False, verify=False)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """End the process with this signal, if it still runs, and return its exit status."""
        self._truth.close()
        if self._process.poll() is None:
            self._process.send_signal(signal_number)
        try:
            self._process.communicate(timeout=FAREWELL_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise
        return self._process.returncode

    def close(self) -> None:
        """Stop, however it ends."""
        self.stop()

    def ask_truth(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Send a request to the truth's port."""
        return self._truth.request(method, path, json=body)

    def summary(self) -> dict[str, int]:
        """The portal's own counts."""
        found: dict[str, int] = self.ask_truth("GET", "/truth/summary").json()
        return found

    def batch(self, batch_id: str) -> dict[str, Any]:
        """What is true of this batch."""
        found: dict[str, Any] = self.ask_truth("GET", f"/truth/batches/{batch_id}").json()
        return found

    def batches(self) -> list[dict[str, Any]]:
        """What is true of every batch."""
        found: list[dict[str, Any]] = self.ask_truth("GET", "/truth/batches").json()
        return found

    @cached_property
    def as_started(self) -> list[dict[str, Any]]:
        """What was true of every batch before the first was handed out."""
        return self.batches()

    def untouched(self, is_wanted: Callable[[dict[str, Any]], bool] = can_be_approved) -> str:
        """Hand out a batch like this, which nobody gets a second time; return its id."""
        free = (each for each in self.as_started if each["id"] not in self._handed_out)
        batch_id = str(next(filter(is_wanted, free))["id"])
        self._handed_out.add(batch_id)
        return batch_id

    def set_faults(self, *faults: dict[str, Any]) -> None:
        """Put these faults in force instead of the present ones."""
        self.ask_truth("PUT", "/faults", list(faults)).raise_for_status()

    def times_fired(self) -> list[int]:
        """How often each fault has struck."""
        return [fault["fired"] for fault in self.ask_truth("GET", "/faults").json()]

    def visitor(self) -> httpx.Client:
        """A browser that is not signed in; close it after use."""
        return httpx.Client(
            base_url=self.url, follow_redirects=True, timeout=30, trust_env=False, verify=False
        )


def sign_in(
    visitor: httpx.Client, username: str = "officer", password: str = "practice"
) -> httpx.Response:
    """Fill in and send the sign-in form; return the page that follows."""
    form = visitor.get("/login").text
    (token,) = re.findall(r'name="csrf_token" value="([^"]+)"', form)
    fields = {"username": username, "password": password, "csrf_token": token}
    return visitor.post("/login", data=fields)


def approve(officer: httpx.Client, batch_id: str, remark: str = "") -> httpx.Response:
    """Send what the Confirm button sends, with the token of the batch's page."""
    return send_approval(officer, batch_id, token_on_page(officer, batch_id), remark)


def reject(officer: httpx.Client, batch_id: str, remark: str) -> httpx.Response:
    """Send what the Confirm button sends after Reject."""
    return send_rejection(officer, batch_id, token_on_page(officer, batch_id), remark)


def token_on_page(officer: httpx.Client, batch_id: str) -> str:
    """The session's token, as the batch's page carries it."""
    page = officer.get(f"/esc/batches/{batch_id}").text
    (token,) = re.findall(r'name="csrf-token" content="([^"]+)"', page)
    return str(token)


def send_approval(
    officer: httpx.Client, batch_id: str, csrf_token: str, remark: str = ""
) -> httpx.Response:
    """Send the approving request alone."""
    return _send(officer, f"/esc/batches/{batch_id}/approve", csrf_token, remark)


def send_rejection(
    officer: httpx.Client, batch_id: str, csrf_token: str, remark: str = ""
) -> httpx.Response:
    """Send the rejecting request alone."""
    return _send(officer, f"/esc/batches/{batch_id}/reject", csrf_token, remark)


def _send(officer: httpx.Client, path: str, csrf_token: str, remark: str) -> httpx.Response:
    headers = {"X-Requested-With": "XMLHttpRequest", "X-CSRF-Token": csrf_token}
    return officer.post(path, data={"remark": remark}, headers=headers)
