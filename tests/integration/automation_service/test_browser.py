"""A browser's processes: announced before they do anything, and none of them ever left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from automation_service.browser import Browser, BrowserOptions, BrowserProcess, reap
from automation_service.browser_process import TEMPORARY
from shared.errors import BrowserDied

MakeOptions = Callable[..., BrowserOptions]

PATIENCE = 30

STARTER = """
import json, pathlib, sys
from automation_service.browser import Browser, BrowserOptions
binary, driver, folder = sys.argv[1:]
folder = pathlib.Path(folder)
options = BrowserOptions(True, binary, driver, 20, folder, folder / "downloads", 10)
found = []
browser = Browser(options, found.append)
print(found[0].group, found[0].started, found[0].user_data_dir, file=sys.stderr, flush=True)
sys.stdin.read()
"""


def living(process: BrowserProcess) -> list[psutil.Process]:
    """Everything that runs in the browser's session or with its folder."""
    found = []
    for candidate in psutil.process_iter():
        try:
            if candidate.status() == psutil.STATUS_ZOMBIE:
                continue
            in_session = os.getsid(candidate.pid) == process.group
            if in_session or process.user_data_dir in " ".join(candidate.cmdline()):
                found.append(candidate)
        except (psutil.Error, OSError):
            continue
    return found


@pytest.fixture
def announced() -> Iterator[list[BrowserProcess]]:
    """What was announced; ended with the test whatever happened in it."""
    processes: list[BrowserProcess] = []
    yield processes
    for process in processes:
        reap(process)


@pytest.fixture
def browser(
    make_options: MakeOptions, tmp_path: Path, announced: list[BrowserProcess]
) -> Iterator[Browser]:
    browser = Browser(make_options(tmp_path / "browsers"), announced.append)
    yield browser
    browser.quit()


def test_a_browser_that_quits_leaves_no_process_and_no_folder(browser: Browser) -> None:
    process = browser.process
    temporary = Path(process.user_data_dir, TEMPORARY).readlink()
    assert browser.alive()
    assert len(living(process)) > 2

    browser.quit()

    assert living(process) == []
    assert not Path(process.user_data_dir).exists()
    assert not temporary.exists()
    assert not browser.alive()


def test_a_browser_starts_however_long_the_path_for_temporary_files_is(
    make_options: MakeOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("a" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))

    browser = Browser(make_options(deep / "browsers"), lambda process: None)
    browser.quit()

    assert not browser.alive()


def test_the_driver_is_announced_before_it_starts_a_browser(
    make_options: MakeOptions, tmp_path: Path, announced: list[BrowserProcess]
) -> None:
    names: list[str] = []

    def announce(process: BrowserProcess) -> None:
        announced.append(process)
        names.extend(found.name() for found in living(process))

    Browser(make_options(tmp_path), announce).quit()

    assert names == ["chromedriver"]


def test_nothing_is_left_when_the_announcement_fails(
    make_options: MakeOptions, tmp_path: Path, announced: list[BrowserProcess]
) -> None:
    def announce(process: BrowserProcess) -> None:
        announced.append(process)
        raise RuntimeError("the record cannot be reached")

    with pytest.raises(RuntimeError):
        Browser(make_options(tmp_path / "browsers"), announce)

    assert living(announced[0]) == []
    assert list((tmp_path / "browsers").iterdir()) == []


@pytest.mark.parametrize("fault", ["binary", "driver"])
def test_a_browser_that_does_not_start_says_so_and_leaves_nothing(
    make_options: MakeOptions, tmp_path: Path, announced: list[BrowserProcess], fault: str
) -> None:
    good = make_options(tmp_path / "browsers")
    nothing = "/bin/false"
    options = replace(good, binary=nothing) if fault == "binary" else replace(good, driver=nothing)

    with pytest.raises(BrowserDied, match="did not start"):
        Browser(options, announced.append)

    assert [living(process) for process in announced] in ([], [[]])
    assert list(good.temp_dir.iterdir()) == []


@pytest.mark.timeout(60)
def test_a_driver_that_stands_still_holds_nobody_up(browser: Browser) -> None:
    process = browser.process
    psutil.Process(process.group).send_signal(signal.SIGSTOP)

    browser.quit()

    assert living(process) == []
    assert not Path(process.user_data_dir).exists()


@pytest.mark.parametrize("victim", ["driver", "browser"])
def test_reaping_leaves_nothing_after_a_part_was_killed(browser: Browser, victim: str) -> None:
    process = browser.process
    temporary = Path(process.user_data_dir, TEMPORARY).readlink()
    assert list(temporary.iterdir())
    driver = psutil.Process(process.group)
    (main,) = driver.children()
    (driver if victim == "driver" else main).kill()

    reap(process)

    assert living(process) == []
    assert not Path(process.user_data_dir).exists()
    assert not temporary.exists()
    assert not browser.alive()


def test_reaping_leaves_nothing_after_a_worker_and_its_keeper_were_killed(
    make_options: MakeOptions, tmp_path: Path, announced: list[BrowserProcess]
) -> None:
    # Given the browser of a worker that was killed, after the keeper that would have ended it
    options = make_options(tmp_path / "browsers")
    arguments = [options.binary, options.driver, str(options.temp_dir)]
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stderr is not None
        group, started, folder = worker.stderr.readline().split()
        announced.append(BrowserProcess(int(group), float(started), folder))
        (keeper,) = [
            child
            for child in psutil.Process(worker.pid).children()
            if "automation_service.keeper" in child.cmdline()
        ]
        keeper.kill()
        worker.kill()
        worker.wait()
    assert len(living(announced[0])) > 2

    # When it is reaped
    ended = reap(announced[0])

    # Then nothing is left, and there is nothing more to reap
    assert ended > 2
    assert living(announced[0]) == []
    assert not Path(folder).exists()
    assert reap(announced[0]) == 0


def test_reaping_spares_whoever_got_the_number_since(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        try:
            started = psutil.Process(stranger.pid).create_time() - 3600
            folder = tmp_path / "browser"
            folder.mkdir()

            ended = reap(BrowserProcess(stranger.pid, started, str(folder)))

            assert ended == 0
            assert stranger.poll() is None
            assert not folder.exists()
        finally:
            stranger.kill()


def test_a_browser_that_hangs_is_told_within_its_time_and_never_used_again(
    make_options: MakeOptions, tmp_path: Path, announced: list[BrowserProcess]
) -> None:
    browser = Browser(make_options(tmp_path, timeout=1), announced.append)
    try:
        for part in living(browser.process):
            part.send_signal(signal.SIGSTOP)
        began = time.monotonic()

        assert not browser.alive()

        assert time.monotonic() - began < PATIENCE
        assert not browser.alive()
    finally:
        browser.quit()
    assert living(announced[0]) == []
