"""Making virtual environments: real ones, from a lock that names no package."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from launcher.environment import ROOT, Environment
from launcher.errors import LauncherError

PREPARE = """
import sys
from pathlib import Path
from launcher.environment import Environment
root = Path(sys.argv[1])
Environment(root / ".venv", root / "requirements.txt", root).prepare()
"""


def an_environment(root: Path) -> Environment:
    """An environment not yet made, whose lock names nothing and so needs no network."""
    root.mkdir(exist_ok=True)
    lock = root / "requirements.txt"
    lock.write_text("# nothing\n")
    return Environment(root / ".venv", lock, root)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment not yet made."""
    return an_environment(tmp_path)


@dataclass(frozen=True)
class History:
    """How an environment was made: one start was killed in the middle, then two came at once."""

    environment: Environment
    was_ready: bool
    """After the first start."""
    had_temporary: bool
    """The first start left the temporary files of its installers."""
    statuses: list[int]
    said: str
    """Both by the two starts."""


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """An environment that was made with obstacles, once for all tests: making one takes seconds."""
    environment = an_environment(tmp_path_factory.mktemp("pattern"))
    killed = prepare_elsewhere(environment.root)
    wait_for((environment.folder / "pyvenv.cfg").exists)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    (environment.folder / "half-a-package").touch()
    was_ready, had_temporary = environment.is_ready(), temporary_of(environment).is_dir()
    starts = [prepare_elsewhere(environment.root) for _ in range(2)]
    said = "".join(start.communicate(timeout=60)[1] for start in starts)
    statuses = [start.returncode for start in starts]
    return History(environment, was_ready, had_temporary, statuses, said)


@pytest.fixture
def made(history: History, tmp_path: Path) -> Environment:
    """An environment that was made."""
    shutil.copytree(history.environment.root, tmp_path / "made", symlinks=True)
    return an_environment(tmp_path / "made")


def temporary_of(environment: Environment) -> Path:
    """Where installers put their temporary files."""
    return environment.root / "data" / "setup.venv.temporary"


def prepare_elsewhere(root: Path) -> subprocess.Popen[str]:
    """Begin to make the environment of `root` in a process, and a session, of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", PREPARE, str(root)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds, at most half a minute."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_environment_is_made_once(made: Environment) -> None:
    """A second start skips the installation."""
    # Given an environment that was made
    installed_at = made.stamp.stat().st_mtime_ns

    # When it is prepared again
    made.prepare()

    # Then nothing was installed again
    assert made.is_ready()
    assert made.stamp.stat().st_mtime_ns == installed_at


def test_a_changed_lock_is_installed(made: Environment) -> None:
    """After a pull with new dependencies the next start brings them."""
    # Given an environment made from an older lock
    made.lock.write_text("# still nothing\n")
    assert not made.is_ready()

    # When it is prepared
    made.prepare()

    # Then it holds the new lock
    assert made.is_ready()


def test_two_starts_at_once_make_one_environment(history: History) -> None:
    """The second waits for the first and finds the work done."""
    assert history.statuses == [0, 0]
    assert history.said.count("setting up .venv") == 1
    assert history.environment.is_ready()


def test_an_interrupted_installation_heals(history: History) -> None:
    """Whatever half a package was left is cleared away."""
    # Given a start that was killed in the middle of the installation
    assert not history.was_ready
    assert history.had_temporary

    # When somebody starts again, Then the environment is whole and new, and what installers left
    # is gone
    assert history.environment.is_ready()
    assert not (history.environment.folder / "half-a-package").exists()
    assert not temporary_of(history.environment).exists()


def test_an_environment_whose_python_vanished_is_made_anew(made: Environment) -> None:
    """A machine's upgrade may take the old Python away."""
    # Given an environment that points to a Python that is gone
    made.python.unlink()
    made.python.symlink_to("/nowhere/python3")

    # When it is prepared
    made.prepare()

    # Then it works again
    assert made.is_ready()


def test_a_folder_that_is_no_environment_is_left_alone(environment: Environment) -> None:
    """We delete only what is ours."""
    # Given somebody's folder in the environment's place
    environment.folder.mkdir()
    (environment.folder / "thesis.txt").touch()

    # When the environment is prepared
    with pytest.raises(LauncherError, match="no virtual environment; move it away"):
        environment.prepare()

    # Then the folder is untouched
    assert (environment.folder / "thesis.txt").exists()


def test_a_package_that_cannot_be_had_is_told_in_one_line(made: Environment) -> None:
    """What the installer said is in the log, its last word in the message."""
    # Given a lock whose hash is wrong for its file
    package = made.root / "thing.tar.gz"
    package.write_bytes(b"no package")
    made.lock.write_text(f"thing @ {package.as_uri()} --hash=sha256:{'0' * 64}\n")

    # When the environment is prepared
    # Then the error is one line that names the log
    with pytest.raises(LauncherError, match=r"failed: .+setup\.log") as failure:
        made.prepare()
    assert "\n" not in str(failure.value)


def test_without_ensurepip_the_person_is_told_what_to_type(environment: Environment) -> None:
    """Debian keeps it in a package of its own; here no one may install that."""
    # Given a Python without ensurepip, and neither uv nor apt-get on PATH
    bare = environment.root / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    (packages,) = bare.glob("lib/python*/site-packages")
    (packages / "bare.pth").write_text("import sys; sys.modules['ensurepip'] = None\n")

    # When it makes the environment
    start = subprocess.run(
        [bare / "bin" / "python", "-m", "launcher.environment"],
        env={**os.environ, "PATH": "/nowhere"},
        cwd=_a_tree_without_environment(environment.root),
        capture_output=True,
        text=True,
    )

    # Then one line says what to type
    assert start.returncode == 1
    assert "type: sudo apt-get install python3" in start.stderr.splitlines()[-1]


def _a_tree_without_environment(folder: Path) -> Path:
    """A checkout in which nothing was set up yet."""
    tree = folder / "tree"
    shutil.copytree(ROOT / "launcher", tree / "launcher")
    (tree / "requirements.txt").write_text("# nothing\n")
    return tree
