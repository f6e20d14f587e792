"""The practice portal as a process: a real web application to approve batches in."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from launcher.errors import LauncherError
from launcher.process import Process
from launcher.ready_file import ReadyFile

USERNAME = "practice-officer"


class PracticePortal(Process):
    """A practice portal on free ports, with its truth on a second one.

    Started again it keeps its ports and its batches.
    """

    def __init__(
        self,
        folder: Path,
        *,
        log: Path,
        environment: Mapping[str, str],
        batches: int = 25,
        seed: int = 7,
        latency_ms: float = 0,
        pending_only: bool = True,
    ) -> None:
        """`folder` holds its database; `latency_ms` is added to every page."""
        self.folder = folder
        self.username = USERNAME
        self.password = secrets.token_hex(8)
        self._ports = ("0", "0")
        self._ready = ReadyFile(folder / "portal.json")
        self._options = ["--batches", str(batches), "--seed", str(seed)]
        self._options += ["--latency-ms", str(latency_ms)]
        self._options += ["--pending-only"] if pending_only else []
        super().__init__(
            "the practice portal",
            self._command(),
            log=log,
            environment=environment,
            is_ready=self._ready.is_from,
        )

    @property
    def url(self) -> str:
        """Where officers find the portal."""
        return str(self._ready.content["url"])

    @property
    def truth_url(self) -> str:
        """Where tests find what really happened."""
        return str(self._ready.content["truth_url"])

    def truth(self) -> dict[str, Any]:
        """The portal's own count of batches, approvals and requests to approve.

        Raises LauncherError if the portal does not tell.
        """
        try:
            # It speaks plain HTTP; without `verify` each call would load certificates for 20 ms.
            answer = httpx.get(f"{self.truth_url}/truth/summary", trust_env=False, verify=False)
            counts: dict[str, Any] = answer.raise_for_status().json()
        except httpx.HTTPError as error:
            raise LauncherError(f"the practice portal does not tell its count: {error}") from error
        return counts

    def launch(self) -> None:
        """Start it, again on the ports of the first time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._ready.known:
            self._ports = (_port(self.url), _port(self.truth_url))
        self._ready.clear()
        self.command = self._command()
        super().launch()

    def _command(self) -> list[str]:
        where = ["--port", self._ports[0], "--truth-port", self._ports[1]]
        where += ["--database", str(self.folder / "portal.sqlite3")]
        where += ["--ready-file", str(self._ready.path)]
        who = ["--username", self.username, "--password", self.password]
        return [sys.executable, "-m", "esc_simulator", *self._options, *where, *who]


def _port(url: str) -> str:
    return str(httpx.URL(url).port)
