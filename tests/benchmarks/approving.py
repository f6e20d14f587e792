"""Batches approved by the whole running system, and by the tutorial's script."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count, islice

from launcher import browser
from launcher.api_client import ApiClient
from launcher.environment import ROOT
from launcher.inheritance import practice_environment
from launcher.system import PracticeSystem
from tests.benchmarks.comparison import BenchmarkBrokenError

PICTURES = 2


def batch_ids() -> Iterator[str]:
    """The practice portal's batches, each once."""
    return (f"BATCH{number:03d}" for number in count(1))


def approve_with_us(system: PracticeSystem, batches: list[str]) -> float:
    """Approve these batches through the public API; approvals a second.

    From when the first one is begun until the last one's outcome and evidence are in the record.
    Raises BenchmarkBrokenError if one is not approved with a picture before and one after.
    """
    with ApiClient(system.api_url, system.api_key) as client:
        task = client.assign("approve_batches", {"batch_ids": batches, "remark": "Approved"})
        for _ in client.follow(task, system.check):
            pass
        items = client.result(task)["result"]["items"]
    for item in items:
        if item["status"] != "approved" or len(item["evidence"]) < PICTURES:
            raise BenchmarkBrokenError(
                f"{item['key']} ended {item['status']} with {len(item['evidence'])} pictures"
            )
    began = min(_moment(item["started_at"]) for item in items)
    ended = max(_moment(item["finished_at"]) for item in items)
    return len(batches) / (ended - began).total_seconds()


def expect_each_approved_once(system: PracticeSystem, approved: int) -> None:
    """Let the portal itself say what was approved. Raises BenchmarkBrokenError."""
    truth = system.truth()
    if (truth["approved"], truth["double_approved"]) != (approved, 0):
        raise BenchmarkBrokenError(f"{approved} batches should be approved once each: {truth}")


class TutorialScript:
    """The tutorial's script, signed in and ready for batches."""

    def __init__(self, script: subprocess.Popen[str]) -> None:
        """See `tutorial_script`."""
        self._script = script

    def approve(self, batches: list[str]) -> float:
        """Approve these batches; approvals a second. Raises BenchmarkBrokenError."""
        assert self._script.stdin is not None
        assert self._script.stdout is not None
        print(*batches, file=self._script.stdin, flush=True)
        if not (seconds := self._script.stdout.readline()):
            raise BenchmarkBrokenError("the tutorial's script ended")
        return len(batches) / float(seconds)


@contextmanager
def tutorial_script(system: PracticeSystem) -> Iterator[TutorialScript]:
    """The tutorial's script, at work on the system's portal; it ends no later than the system."""
    environment = practice_environment(system.folder, system.folder.parent)
    if found := browser.find():
        environment |= found.settings()
    pictures = system.folder / "tutorial"
    pictures.mkdir()
    portal = system.portal
    told = [portal.url, portal.username, portal.password, str(pictures)]
    script = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.tutorial_script", *told],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield TutorialScript(script)
    finally:
        # The end of its input is the end of its work.
        script.communicate(timeout=20)


def take(batches: Iterator[str], number: int) -> list[str]:
    """The next `number` batches."""
    return list(islice(batches, number))


def _moment(text: str) -> datetime:
    # Python 3.10 does not read the Z.
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
