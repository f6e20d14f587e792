"""`python -m automation_service.profile`: checks a profile, offline, and prints the reference.

`check FILE` prints one line a fault; the exit status is 0 if there is none and 1 if there are some.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from automation_service.profile.document import load_profile
from automation_service.profile.reference import reference
from shared.errors import ConfigurationError

SOUND, FAULTY = 0, 1


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; the exit status."""
    asked = _parser().parse_args(arguments)
    if asked.command == "reference":
        print(reference(), end="")
        return SOUND
    return _check(asked.file)


def _check(file: Path) -> int:
    try:
        profile = load_profile(file)
    except ConfigurationError as error:
        print(error.message.replace(f"; {file.name}:", f"\n{file.name}:"))
        return FAULTY
    print(f"sound: profile {profile.name}, version {profile.version}")
    return SOUND


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m automation_service.profile")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="tell everything that is wrong in a profile")
    check.add_argument("file", metavar="FILE", type=Path, help="such as portals/orders.yaml")
    commands.add_parser("reference", help="print everything that a profile can say, in Markdown")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
