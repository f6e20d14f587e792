"""The commands of ./run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

from launcher.checks import run_benchmarks, run_faults, run_lint, run_tests
from launcher.demo import run_demo
from launcher.errors import LauncherError
from launcher.lock import tell
from launcher.up import run_up

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
ALL_ARGUMENTS = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}

Batches = Annotated[int, typer.Option(min=1, max=10_000, help="How many batches to approve.")]
Keep = Annotated[bool, typer.Option("--keep", help="Leave everything running until Ctrl-C.")]


@app.command()
def demo(batches: Batches = 25, keep: Keep = False) -> None:
    """Approve batches of a practice portal in a real browser and prove each one."""
    _finish(lambda: run_demo(batches, keep, Console()))


@app.command(context_settings=ALL_ARGUMENTS)
def test(context: typer.Context) -> None:
    """Run every test; --database postgresql keeps records there, all else is pytest's own.

    Paths begin at the project's root, wherever the command is typed.
    """
    _finish(lambda: run_tests(context.args))


@app.command()
def up() -> None:
    """Run orchestrator, worker, Flower and Redis for real work, as .env says, until Ctrl-C."""
    _finish(run_up)


@app.command()
def lint() -> None:
    """Check style, types, import rules and dependencies."""
    _finish(run_lint)


@app.command(context_settings=ALL_ARGUMENTS)
def bench(context: typer.Context) -> None:
    """Measure how fast it is; options are those of tests.benchmarks."""
    _finish(lambda: run_benchmarks(context.args))


@app.command(context_settings=ALL_ARGUMENTS)
def faults(context: typer.Context) -> None:
    """Break the system on purpose and judge what it says; options are those of tests.faults."""
    _finish(lambda: run_faults(context.args))


def _finish(command: Callable[[], int]) -> None:
    """Run a command and leave with its status; a failure is told in a line, a Ctrl-C is none."""
    try:
        status = command()
    except (LauncherError, OSError) as error:
        tell(str(error))
        status = 1
    except KeyboardInterrupt:
        status = 130
    raise typer.Exit(status)
