"""docs/profile-tutorial.md as a reader follows it: every file saved, every command typed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher.environment import ROOT
from launcher.inheritance import practice_environment
from launcher.leftovers import end_all
from launcher.redis_server import free_port
from tests.acceptance.conftest import wait_for
from tests.portals.application import INSTALLED
from tests.portals.helpdesk import Helpdesk
from tests.portals.tutorial import blocks, is_as_told, with_parts

pytestmark = pytest.mark.timeout(1800)

PATIENCE = 300.0
PORTAL = "http://127.0.0.1:8601"
API = "http://localhost:8000"
NOT_OURS = ("data", "logs", "results", ".*")
"""Of the project's folder what no reader has when they begin."""


class Reader:
    """Somebody with the project in a folder of their own, who does what the tutorial says."""

    def __init__(self, folder: Path) -> None:
        """`folder` gets a copy of the project."""
        self.project = folder / "project"
        shutil.copytree(ROOT, self.project, ignore=shutil.ignore_patterns(*NOT_OURS))
        (self.project / "data").mkdir()
        (self.project / "data" / "portals").symlink_to(INSTALLED)
        (self.project / ".venv").symlink_to(ROOT / ".venv")
        self.profile = self.project / "data" / "tickets.yaml"
        self.port = free_port()
        self._folder = folder
        self._own_words = {API: f"http://localhost:{self.port}"}
        self._environment = {
            **practice_environment(folder, folder),
            "FASTAPI_PORT": str(self.port),
            "FLOWER_PORT": str(free_port()),
            "WORKER_CONCURRENCY": "1",
        }
        # Their settings are in the `.env` that the tutorial has them write.
        del self._environment["ENV_FILE"]
        self._lasting: dict[str, Callable[[str], bool]] = {
            ".venv/bin/python -m tests.portals.helpdesk": lambda said: said.endswith("\n"),
            "./run up": lambda said: "Flower at" in said,
        }

    def write(self, parts: str) -> None:
        """Take these parts into the profile."""
        before = self.profile.read_text()
        self.profile.write_text(with_parts(before, self._as_here(parts)))

    def type(self, command: str) -> str:
        """Type a command; what it prints. One that goes on is left running once it is ready."""
        command = command.strip()
        if command in self._lasting:
            return self._leave_running(command, self._lasting[command])
        done = subprocess.run(
            ["bash", "-c", self._as_here(command)],
            cwd=self.project,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )
        return done.stdout

    def ask_until(self, command: str, told: str) -> str:
        """Type it again until what it prints is as it is told, as long as a reader would."""
        output = self.type(command)
        deadline = time.monotonic() + (PATIENCE if command.startswith("curl") else 0)
        while not is_as_told(told, output):
            assert time.monotonic() < deadline, f"{told}\n--- but it says:\n{output}"
            time.sleep(0.5)
            output = self.type(command)
        if output.startswith('{"task_id"'):
            self._environment["TASK_ID"] = json.loads(output)["task_id"]
        return output

    def end(self) -> None:
        """End everything that was left running."""
        end_all(self._folder)

    def _leave_running(self, command: str, ready: Callable[[str], bool]) -> str:
        log = self._folder / f"{command.split()[-1]}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command.split(),
                cwd=self.project,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        wait_for(lambda: process.poll() is not None or ready(log.read_text()), PATIENCE)
        said = log.read_text()
        assert process.poll() is None, said
        address = re.search(r"http://127\.0\.0\.1:[0-9]+", said)
        if PORTAL not in self._own_words and address:
            self._own_words[PORTAL] = address[0]
        return said

    def _as_here(self, text: str) -> str:
        for told, own in self._own_words.items():
            text = text.replace(told, own)
        return text


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """A reader at the first line; the help desk is installed already."""
    Helpdesk(tmp_path / "installed").install()
    reader = Reader(tmp_path)
    try:
        yield reader
    finally:
        reader.end()


def test_the_profile_tutorial_says_what_comes_of_it(reader: Reader) -> None:
    told = list(blocks())
    for block, after in zip(told, [*told[1:], None], strict=True):
        if block.kind == "yaml":
            reader.write(block.text)
        elif block.kind == "bash":
            reader.ask_until(block.text, after.text if after and after.kind == "text" else "…")
