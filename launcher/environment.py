"""Makes a virtual environment hold what a lock names, once.

`python -m launcher.environment` runs before anything is installed, under whatever Python the
machine has, so this module and what it imports use the standard library only.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from launcher import debian
from launcher.commands import run_logged
from launcher.errors import LauncherError
from launcher.lock import held, tell

ROOT = Path(__file__).resolve().parent.parent
UNFINISHED = b"unfinished\n"
THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class Environment:
    """A virtual environment and the lock it must match."""

    folder: Path
    lock: Path
    root: Path = ROOT

    @property
    def python(self) -> Path:
        """The interpreter inside."""
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        """A copy of the lock that was installed last, whole."""
        return self.folder / "installed.txt"

    def prepare(self) -> None:
        """Install the lock unless that was done before.

        Safe to call from several processes at once, and after one was killed half-way.
        Raises LauncherError in one line when it cannot be done.
        """
        if self.is_ready():
            return
        name = self.folder.name
        # The lock file is also the journal of the installation.
        with held(self.root / "data" / f"setup{name}.lock", f"making {name}") as journal:
            if not self.is_ready():
                self._install(journal)

    def is_ready(self) -> bool:
        """Tell whether the environment works and holds exactly this lock."""
        try:
            return self.stamp.read_bytes() == self.lock.read_bytes() and self.version() is not None
        except OSError:
            return False

    def version(self) -> str | None:
        """The environment's Python as "3.11", None if it does not run or is too old."""
        test = "import sys; print('%d.%d' % sys.version_info[:2] * (sys.version_info >= (3, 10)))"
        try:
            asked = subprocess.run([self.python, "-Ic", test], capture_output=True, text=True)
        except OSError:
            return None
        version = asked.stdout.strip()
        packages = self.folder / "lib" / f"python{version}" / "site-packages"
        # A machine upgraded to another Python leaves our packages where no one looks.
        return version if version and packages.is_dir() else None

    def _install(self, journal: int) -> None:
        log = self.root / "logs" / "setup.log"
        log.parent.mkdir(exist_ok=True)
        self._clear_ruins(journal)
        os.pwrite(journal, UNFINISHED, 0)
        self.stamp.unlink(missing_ok=True)
        name = self.folder.name
        tell(f"setting up {name} from {self.lock.name} with Python {THIS_PYTHON}, once")
        with self._temporary_folder() as temporary:
            environment = {**os.environ, "TMPDIR": str(temporary)}
            for command in self._steps(log):
                # The installer inherits the lock: should we be killed, nobody starts beside it.
                run_logged(command, log, environment=environment, keep_open=[journal])
        shutil.copyfile(self.lock, self.stamp)
        os.ftruncate(journal, 0)

    @contextmanager
    def _temporary_folder(self) -> Iterator[Path]:
        """Where installers put what they leave behind when they are ended; the next start finds it.

        Only who holds the lock may use it.
        """
        folder = self.root / "data" / f"setup{self.folder.name}.temporary"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _clear_ruins(self, journal: int) -> None:
        """Remove what an interrupted installation or a vanished Python left behind."""
        if not self.folder.exists():
            return
        unfinished = os.pread(journal, len(UNFINISHED), 0) == UNFINISHED
        if not unfinished and self.version() is not None:
            return
        if not unfinished and not (self.folder / "pyvenv.cfg").exists():
            raise LauncherError(f"{self.folder} is no virtual environment; move it away")
        shutil.rmtree(self.folder)

    def _steps(self, log: Path) -> Iterator[list[str | Path]]:
        uv = shutil.which("uv")
        if not self.python.exists():
            if uv is None:
                _ensure_venv_module(log)
            make = [uv, "venv", "--python"] if uv else []
            yield [*make, sys.executable, *([] if uv else ["-m", "venv"]), self.folder]
        if uv:
            install: list[str | Path] = [uv, "pip", "install", "--python", self.python]
        else:
            install = [self.python, "-m", "pip", "install", "--disable-pip-version-check"]
        yield [*install, "--require-hashes", "-r", self.lock]


def _ensure_venv_module(log: Path) -> None:
    """Debian keeps `venv`'s other half in a package of its own."""
    if importlib.util.find_spec("ensurepip") is not None:
        return
    package = f"python{THIS_PYTHON}-venv"
    if sys.base_prefix != "/usr" or not debian.may_install():
        raise LauncherError(
            f"{sys.executable} cannot make virtual environments; type: "
            f"sudo apt-get install {package} (or set PYTHON to another Python)"
        )
    tell(f"installing {package}")
    debian.install([package], log)


def main() -> int:
    """Make the project's own environment; the exit status of `python -m launcher.environment`."""
    environment = Environment(ROOT / ".venv", ROOT / "requirements.txt")
    try:
        environment.prepare()
        held = environment.version()
        if os.environ.get("PYTHON") and held != THIS_PYTHON:
            raise LauncherError(
                f"PYTHON is {THIS_PYTHON} but .venv was made with {held}: delete .venv first"
            )
    except (LauncherError, OSError) as error:
        tell(str(error))
        return 1
    except KeyboardInterrupt:
        tell("interrupted")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
