"""Making virtual environments: real ones, from a lock that names no package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
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


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment that was made, to be copied only: making one takes seconds."""
    environment = an_environment(tmp_path_factory.mktemp("pattern"))
    environment.prepare()
    return environment


@pytest.fixture
def made(pattern: Environment, tmp_path: Path) -> Environment:
    """An environment that was made."""
    shutil.copytree(pattern.root, tmp_path / "made", symlinks=True)
    return an_environment(tmp_path / "made")


def prepare_elsewhere(root: Path, python: Path | str = sys.executable) -> subprocess.Popen[str]:
    """Begin to make the environment of `root` in a process of its own."""
    return subprocess.Popen(
        [python, "-c", PREPARE, str(root)], cwd=ROOT, stderr=subprocess.PIPE, text=True
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


def test_two_starts_at_once_make_one_environment(environment: Environment) -> None:
    """The second waits for the first and finds the work done."""
    # Given two starts at the same moment
    starts = [prepare_elsewhere(environment.root) for _ in range(2)]

    # When both have ended
    said = "".join(start.communicate(timeout=60)[1] for start in starts)

    # Then both succeeded, and the environment was made once
    assert [start.returncode for start in starts] == [0, 0]
    assert said.count("setting up .venv") == 1
    assert environment.is_ready()


def test_an_interrupted_installation_heals(environment: Environment) -> None:
    """Whatever half a package was left is cleared away."""
    # Given a start that was killed in the middle of the installation
    start = prepare_elsewhere(environment.root)
    wait_for((environment.folder / "pyvenv.cfg").exists)
    start.kill()
    start.communicate()
    assert not environment.is_ready()
    (environment.folder / "half-a-package").touch()
    assert (environment.root / "data" / "setup.venv.temporary").is_dir()

    # When somebody starts again
    environment.prepare()

    # Then the environment is whole and new, and what installers left is gone
    assert environment.is_ready()
    assert not (environment.folder / "half-a-package").exists()
    assert not (environment.root / "data" / "setup.venv.temporary").exists()


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
