"""`python -m automation_service.evidence verify DIR`: checks a folder of evidence, offline.

Prints one line a fault; the exit status is 0 if there is none, 1 if there are some, and 2 if the
check could not be made.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from automation_service.evidence.verification import verify
from shared.config import load_settings
from shared.errors import ConfigurationError
from shared.seal import PUBLIC_KEY_FILE, PublicKey

SOUND, FAULTY, NOT_CHECKED = 0, 1, 2


class KeyNotFound(Exception):
    """There is no public key to check with; the message says what to do."""


def main(arguments: Sequence[str]) -> int:
    """Check a folder; the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        key = _key(asked.key)
    except KeyNotFound as error:
        print(f"cannot check: {error}", file=sys.stderr)
        return NOT_CHECKED
    found = verify(asked.folder, key)
    for fault in found.faults:
        print(fault)
    if found.faults:
        return FAULTY
    number = "" if found.seal is None else f", seal {found.seal}"
    print(
        f"sound: task {found.task_id}{number}, {found.files} files, signed with key {found.key_id}"
    )
    return SOUND


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m automation_service.evidence")
    command = parser.add_subparsers(dest="command", required=True).add_parser(
        "verify", help="hold a task's folder against its manifest, and that against its signature"
    )
    command.add_argument("folder", metavar="DIR", type=Path, help="such as results/TASK_ID")
    command.add_argument(
        "--key",
        metavar="FILE_OR_BASE64",
        help="the public key: base64, or a file with that, PEM, or the answer of "
        f"GET /evidence/key; else {PUBLIC_KEY_FILE} in the data folder here",
    )
    return parser


def _key(given: str | None) -> PublicKey:
    if given is None:
        return _own_key()
    try:
        is_file = Path(given).is_file()
        return PublicKey.read(Path(given).read_text(encoding="utf-8") if is_file else given)
    except (OSError, ValueError):
        raise KeyNotFound(f"{given[:80]!r} is neither a public key nor a file with one") from None


def _own_key() -> PublicKey:
    try:
        place = load_settings().data_dir / PUBLIC_KEY_FILE
        return PublicKey.read(place.read_text(encoding="utf-8"))
    except ConfigurationError as error:
        raise KeyNotFound(f"{error}; or give --key") from None
    except (OSError, ValueError):
        raise KeyNotFound(f"no public key in {place}; give --key") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
