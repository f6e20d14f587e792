"""The command line of the practice portal."""

import argparse
import asyncio
import math
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from esc_simulator.database import OtherWorldError
from esc_simulator.options import Options
from esc_simulator.server import serve
from esc_simulator.world import World

Number = TypeVar("Number", int, float)


def _numbers(
    kind: Callable[[str], Number], fits: Callable[[Number], bool], allowed: str
) -> Callable[[str], Number]:
    """What reads a number that fits, and otherwise says what is allowed."""

    def read(text: str) -> Number:
        with suppress(ValueError):
            if fits(number := kind(text)):
                return number
        raise argparse.ArgumentTypeError(f"{text!r} is not {allowed}")

    return read


_at_least_one = _numbers(int, lambda number: number >= 1, "a whole number, 1 or more")
_any = _numbers(int, lambda _: True, "a whole number")
_port = _numbers(int, lambda number: 0 <= number <= 65535, "a port, 0 to 65535")
_not_negative = _numbers(float, lambda number: 0 <= number < math.inf, "a number, 0 or more")
_positive = _numbers(float, lambda number: 0 < number < math.inf, "a number, more than 0")


def read_options(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line; a wrong one ends the program with a message and status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m esc_simulator",
        description="A practice ESC portal, with its truth on a second port for tests.",
    )
    add = parser.add_argument
    add("--batches", type=_at_least_one, default=500, help="how many batches there are (500)")
    add("--seed", type=_any, default=7, help="the same seed gives the same batches (7)")
    add("--pending-only", action="store_true", help="every batch is pending and approvable")
    add("--host", default="127.0.0.1", help="where the portal listens (127.0.0.1)")
    add("--port", type=_port, default=8100, help="the portal's port, 0 for a free one (8100)")
    add("--truth-port", type=_port, default=8101, help="the truth's port, loopback only (8101)")
    add("--database", type=Path, help="SQLite file to keep (default: one that is removed)")
    add("--username", default="officer", help="the officer's user name (officer)")
    add("--password", default="practice", help="the officer's password (practice)")
    add("--latency-ms", type=_not_negative, default=0.0, help="added to every page (0)")
    add("--session-minutes", type=_positive, default=30.0, help="until an idle session ends (30)")
    add("--ready-file", type=Path, help="JSON written here once both ports listen")
    found = parser.parse_args(arguments)
    return Options(
        world=World(found.batches, found.seed, found.pending_only),
        host=found.host,
        port=found.port,
        truth_port=found.truth_port,
        database=found.database,
        username=found.username,
        password=found.password,
        latency_seconds=found.latency_ms / 1000,
        session_seconds=found.session_minutes * 60,
        ready_file=found.ready_file,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the practice portal until SIGTERM or SIGINT and return the exit status."""
    options = read_options(arguments)
    try:
        asyncio.run(serve(options))
    except sqlite3.Error as error:
        print(f"practice portal: database {options.database}: {error}", file=sys.stderr)
        return 1
    except (OSError, OtherWorldError) as error:
        print(f"practice portal: {error}", file=sys.stderr)
        return 1
    return 0
