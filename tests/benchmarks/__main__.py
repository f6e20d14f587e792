"""`python -m tests.benchmarks`: how fast it is, as ratios to what it is compared with.

The exit status is 0 unless something breaks: how fast a machine is today is no test.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from launcher.errors import LauncherError
from launcher.interruption import Interruption
from tests.benchmarks import approvals, assign, slots
from tests.benchmarks.comparison import BenchmarkBrokenError, Comparison

COMPARISONS = {"approvals": approvals, "slots": slots, "assign": assign}
INTERRUPTED = 130


def main() -> int:
    """Measure what was asked for and show it."""
    parser = argparse.ArgumentParser(prog="./run bench", description="Measure how fast it is.")
    parser.add_argument("--only", choices=COMPARISONS, help="one comparison instead of all")
    parser.add_argument("--rounds", type=_rounds, help="how often, instead of as often as usual")
    options = parser.parse_args()
    status = 0
    made: list[Comparison] = []
    with Interruption():
        try:
            for name in [options.only] if options.only else COMPARISONS:
                _tell(f"{name}: ours against the reference, in turn")
                chosen = COMPARISONS[name]
                made.append(chosen.compare(options.rounds or chosen.ROUNDS, _tell))
        except (LauncherError, BenchmarkBrokenError) as error:
            print(f"bench: {error}", file=sys.stderr)
            status = 1
        except KeyboardInterrupt:
            print("bench: interrupted", file=sys.stderr)
            status = INTERRUPTED
    if made:
        _show(made)
    return status


def _tell(line: str) -> None:
    print(line, flush=True)


def _show(made: Sequence[Comparison]) -> None:
    print()
    for each in made:
        ratios = f"{each.ratio:.2f} times ({min(each.ratios):.2f} to {max(each.ratios):.2f})"
        verdict = "met" if each.ratio >= each.goal else "MISSED"
        print(each.title)
        print(f"  {ratios}, goal {each.goal:g}: {verdict}")
        print(f"  ours {each.ours:.4g} {each.unit}, reference {each.reference:.4g}")
        for note in each.notes:
            print(f"  {note}")


def _rounds(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 100:
        raise argparse.ArgumentTypeError("must be a number from 1 to 100")
    return number


if __name__ == "__main__":
    sys.exit(main())
