"""The demo itself, as a stranger types it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from launcher.environment import ROOT
from launcher.leftovers import MARK

Demos = Callable[..., subprocess.Popen[str]]

pytestmark = pytest.mark.timeout(300)

REAL_SETTINGS = {
    "ESC_BASE_URL": "http://127.0.0.1:9/the-real-portal",
    "ESC_USERNAME": "real-officer",
    "ESC_PASSWORD": "real-password",
    "DATABASE_URL": "postgresql://nowhere.invalid/real",
    "REDIS_URL": "redis://nowhere.invalid:1/0",
    "CELERY_BROKER_URL": "redis://nowhere.invalid:1/0",
    "API_KEY": "real-key",
}
"""What somebody who does real work in the same terminal may have exported."""


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A temporary folder for one demo; Chromium wants its path short."""
    folder = Path(tempfile.mkdtemp(prefix="demo-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def begin_demo(temporary: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start demos in a terminal in which somebody does real work; they end with the test."""
    begun: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> subprocess.Popen[str]:
        environment = {**os.environ, **REAL_SETTINGS, "TMPDIR": str(temporary)}
        environment.pop("ENV_FILE", None)
        begun.append(
            subprocess.Popen(
                [sys.executable, "-m", "launcher", "demo", *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return begun[-1]

    yield begin
    for demo in begun:
        if demo.poll() is None:
            demo.send_signal(signal.SIGINT)
            demo.communicate()


def read_until(demo: subprocess.Popen[str], word: str) -> str:
    """What the demo says up to and with the line that has `word`."""
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if word in line:
            return said
    raise AssertionError(f"the demo never said {word!r}: {said}")


def what_is_left(temporary: Path) -> list[str]:
    """Processes and files that a demo in `temporary` has left."""
    left = [str(path) for path in temporary.iterdir()]
    for process in psutil.process_iter():
        try:
            ours = process.environ().get(MARK, "").startswith(f"{temporary}/")
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                left.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return left


def test_the_demo_approves_every_batch_once_and_proves_it(
    begin_demo: Demos, temporary: Path
) -> None:
    """The main job, end to end, whatever real settings are exported."""
    # Given a terminal in which somebody does real work
    # When the demo is run there
    demo = begin_demo()
    said, _ = demo.communicate(timeout=280)

    # Then each of 25 batches is approved once by both counts, and nothing but evidence is left
    assert demo.returncode == 0, said
    assert "both counts agree: 25 batches, each approved exactly once and proved" in said
    assert len(re.findall(r"^ +\d+/25  BATCH\d+ approved", said, re.MULTILINE)) == 25
    evidence = _evidence_folder(said)
    assert len(list(evidence.glob("BATCH*"))) >= 50
    assert what_is_left(temporary) == []
    shutil.rmtree(evidence.parent)


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("starting", signal.SIGINT),
        ("has 3 pending", signal.SIGTERM),
        ("1/3", signal.SIGHUP),
    ],
)
def test_an_interrupted_demo_leaves_nothing(
    begin_demo: Demos, temporary: Path, moment: str, number: signal.Signals
) -> None:
    """No process, no browser, no temporary folder, at whatever moment."""
    # Given a demo at some moment
    demo = begin_demo("--batches", "3")
    said = read_until(demo, moment)

    # When it is interrupted, impatiently
    demo.send_signal(number)
    demo.send_signal(signal.SIGINT)
    rest, _ = demo.communicate(timeout=100)

    # Then it says so, with where its evidence is, and nothing else is left
    assert demo.returncode == 130, said + rest
    assert "interrupted" in rest
    assert what_is_left(temporary) == []
    if moment == "1/3" or " evidence " in rest:
        shutil.rmtree(_evidence_folder(rest))


def test_a_kept_demo_serves_until_it_is_interrupted(begin_demo: Demos, temporary: Path) -> None:
    """`--keep` is for exploring: the API and the portal stay."""
    # Given a demo that is kept
    demo = begin_demo("--batches", "1", "--keep")
    said = read_until(demo, "portal password")

    # When its portal and its documentation are opened
    addresses = re.findall(r"http://127\.0\.0\.1:\d+/(?:login|docs)", said)
    pages = [_open(address) for address in addresses]

    # Then both are there, until it is interrupted
    assert len(pages) == 2
    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=100)
    assert demo.returncode == 0, said
    assert what_is_left(temporary) == []
    shutil.rmtree(_evidence_folder(said).parent)


def _evidence_folder(said: str) -> Path:
    found = re.search(r"^ +evidence +(\S+)", said, re.MULTILINE)
    assert found, said
    return ROOT / found[1]


def _open(address: str) -> str:
    return httpx.get(address, trust_env=False).raise_for_status().text
