"""`./run lint`, `test`, `bench` and `faults`: programs of others, run in the right environment."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import NoReturn

from launcher import browser, postgresql
from launcher.environment import ROOT, Environment
from launcher.errors import LauncherError

CHECKS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "black": ["-m", "black", "--check", "."],
    "flake8": ["-m", "flake8", "."],
    "mypy": ["-m", "mypy", "--strict", "."],
    "import-linter": ["-c", "from importlinter.cli import lint_imports_command as lint; lint()"],
    "deptry": ["-m", "deptry", "--no-ansi", "."],
}
SILENT = "nothing said"


def run_lint() -> int:
    """Run every check and show what the failing ones say; 0 when all pass."""
    environment = Environment(ROOT / ".venv-lint", ROOT / "requirements-lint.txt")
    environment.prepare()
    failed = []
    for name, arguments in CHECKS.items():
        command = [str(environment.python), *arguments]
        checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        print(f"{'ok    ' if checked.returncode == 0 else 'FAILED'} {name}", flush=True)
        if checked.returncode != 0:
            failed.append(name)
            print(f"{checked.stdout}{checked.stderr}".rstrip() or SILENT, flush=True)
    if failed:
        raise LauncherError(f"lint failed: {', '.join(failed)}")
    return 0


def run_tests(arguments: Sequence[str]) -> NoReturn:
    """Become pytest, with a browser at hand, and PostgreSQL where the arguments ask for it."""
    if _asks_for_postgresql(arguments):
        postgresql.ensure()
    _become(["-m", "pytest", *arguments])


def run_benchmarks(arguments: Sequence[str]) -> NoReturn:
    """Become the benchmarks, with a browser at hand."""
    _become(["-m", "tests.benchmarks", *arguments])


def run_faults(arguments: Sequence[str]) -> NoReturn:
    """Become the fault suite, with what it needs at hand."""
    if _asks_for_postgresql(arguments):
        postgresql.ensure()
    _become(["-m", "tests.faults", *arguments])


def _asks_for_postgresql(arguments: Sequence[str]) -> bool:
    given = " ".join(arguments).replace("=", " ").split()
    return ("--database", postgresql.NAME) in itertools.pairwise(given)


def _become(arguments: Sequence[str]) -> NoReturn:
    environment = {**os.environ, **browser.ensure().settings()}
    os.chdir(ROOT)
    os.execve(sys.executable, [sys.executable, *arguments], environment)
