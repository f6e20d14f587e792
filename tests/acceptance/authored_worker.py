"""A worker that also offers what an author wrote: the tasks below."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from contextlib import suppress
from typing import Literal

from shared.errors import ApplicationError
from worker_service.main import main
from worker_service.params import PortalParams, TaskParams
from worker_service.simple_task import simple_task
from worker_service.tasks import task_map
from worker_service.work import Work


class NoParams(TaskParams):
    """Nothing to say."""


@simple_task(name="stumble", title="Stumble", description="Fails at first.", side_effect="none")
def stumble(context: Work, params: NoParams) -> str:
    """Fail once, with a file in hand."""
    context.save_file("steps.txt", f"attempt {context.attempt}".encode())
    if context.attempt == 1:
        raise ApplicationError("A stone in the way.")
    return "Arrived \x00 after all"


@simple_task(name="babble", title="Babble", description="Returns no JSON.", side_effect="none")
def babble(context: Work, params: NoParams) -> dict[str, object]:
    """Return what JSON cannot hold."""
    return {"said": [object]}


class SaveAsParams(TaskParams):
    """What the file is to be called."""

    name: str


@simple_task(name="save_as", title="Save as", description="Saves a file.", side_effect="none")
def save_as(context: Work, params: SaveAsParams) -> None:
    """Save an empty file."""
    context.save_file(params.name, b"")


@simple_task(
    name="file_report",
    title="File report",
    description="Waits, as a report does.",
    side_effect="none",
    queue="reports",
)
def file_report(context: Work, params: NoParams) -> None:
    """Go on until somebody cancels it."""
    context.log("begun")
    context.wait(3600)


class DeafParams(TaskParams):
    """What it does not hear from."""

    way: Literal["program", "pattern", "loop"]


@simple_task(name="deaf", title="Deaf", description="Hears nothing.", side_effect="none")
def deaf(context: Work, params: DeafParams) -> None:
    """Never end, and never let anybody say so."""
    context.log("begun")
    if params.way == "program":
        with subprocess.Popen(["sleep", "3600"]) as program:
            context.log(f"started {program.pid}")
    elif params.way == "pattern":
        # Holds the interpreter's lock, so that no thread of the process runs any more.
        re.match("(a+)+$", "a" * 60 + "b")
    else:
        while True:
            with suppress(Exception):
                context.check()
            time.sleep(0.05)


class ThrowParams(TaskParams):
    """What to throw."""

    stones: list[int]


@simple_task(name="throw", title="Throw", description="Throws.", side_effect="none", items="stones")
def throw(context: Work, params: ThrowParams) -> None:
    """Fail for what is too heavy."""
    if int(context.item) > 100:
        raise ApplicationError("Too heavy today.")


class WalkParams(PortalParams):
    """Where to go, and whether ever to come back."""

    address: str
    look_at: str = "h1"
    stay: bool = False


@simple_task(
    name="walk", title="Walk", description="Opens a page.", side_effect="read", browser=True
)
def walk(context: Work, params: WalkParams) -> str:
    """Open a page, and perhaps hear nothing from then on."""
    context.browser.open(params.address)
    context.log("arrived")
    if params.stay:
        time.sleep(3600)
    return context.browser.text(params.look_at)


if __name__ == "__main__":
    own = (stumble, babble, save_as, deaf, file_report, throw, walk)
    task_map.update({one.name: one for one in own})
    sys.exit(main())
