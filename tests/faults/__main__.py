"""`python -m tests.faults`: break the system on purpose, again and again, and judge what it says.

The exit status is 0 only if nothing was approved twice, said untruly, lost or left behind, and
every sabotage was noticed.
"""

from __future__ import annotations

import argparse
import re
import sys

from rich.console import Console

from launcher.errors import LauncherError
from launcher.interruption import Interruption
from tests.faults.grid import cells
from tests.faults.random_rounds import plan_for
from tests.faults.safeguard_cases import SAFEGUARDS
from tests.faults.suite import Suite
from tests.faults.system_under_fault import DATABASES
from tests.faults.table import show

INTERRUPTED = 130
PARTS = ("grid", "random", "safeguards", "model")


def main() -> int:
    """Run what was asked for and show the table."""
    options = _options()
    suite = Suite(options.database, lambda line: print(line, flush=True))
    status = 0
    with Interruption():
        try:
            _run(suite, options)
        except LauncherError as error:
            print(f"faults: {error}", file=sys.stderr)
            status = 1
        except KeyboardInterrupt:
            print("faults: interrupted", file=sys.stderr)
            status = INTERRUPTED
    console = Console(width=None if sys.stdout.isatty() else 130)
    show(suite.results, console)
    return status or int(not suite.results.good)


def _run(suite: Suite, options: argparse.Namespace) -> None:
    parts = options.only or PARTS
    plans = list(cells(options.database)) if "grid" in parts else []
    if "random" in parts:
        numbers = range(1, options.rounds + 1)
        plans += [plan_for(options.seed, number, options.database) for number in numbers]
    suite.run([plan for plan in plans if options.match.search(plan.name)])
    if "safeguards" in parts:
        suite.show([each for each in SAFEGUARDS if options.match.search(each.plan.name)])
    if "model" in parts:
        suite.search_the_model()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="random rounds (default 20)")
    parser.add_argument("--seed", type=int, default=7, help="of the random rounds (default 7)")
    parser.add_argument("--database", choices=DATABASES, default="sqlite", help="the record")
    parser.add_argument(
        "--only", choices=PARTS, action="append", help="this part; may be given again"
    )
    parser.add_argument(
        "--match",
        type=re.compile,
        default=re.compile(""),
        help="only rounds whose name this regular expression finds",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
