"""`python -m shared.record restore FILE`: brings a backup back into an empty deployment.

Into the record and the results folder that the settings name. The exit status is 0 if it was, 1 if
it was not, and 2 if the settings cannot be read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from shared.backup.format import UnusableBackup
from shared.backup.restoring import Restored, restore
from shared.config import load_settings
from shared.errors import ConfigurationError
from shared.record import Record, why_no_record


def main(arguments: Sequence[str]) -> int:
    """Restore; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m shared.record")
    command = parser.add_subparsers(dest="command", required=True).add_parser(
        "restore", help="bring a backup back into a deployment that has nothing yet"
    )
    command.add_argument("backup", metavar="FILE", type=Path, help="such as backup-...zip")
    asked = parser.parse_args(arguments)
    try:
        settings = load_settings()
    except ConfigurationError as error:
        print(f"restore: {error.message}", file=sys.stderr)
        return 2
    record = Record(settings.database)
    try:
        restored = restore(asked.backup, record, settings.results_dir, settings.data_dir)
    except UnusableBackup as error:
        print(f"restore: {asked.backup}: {error.message}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"restore: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    except (SQLAlchemyError, ConfigurationError) as error:
        print(f"restore: {why_no_record(error)}", file=sys.stderr)
        return 1
    finally:
        record.close()
    print(_told(restored))
    return 0


def _told(restored: Restored) -> str:
    contents = restored.contents
    lines = [
        f"restored the backup of {contents.made_at}: {contents.rows.get('tasks', 0)} tasks, "
        f"{contents.rows.get('events', 0)} events, {len(contents.files)} files"
    ]
    if contents.left_out:
        lines.append(f"not in it: {', '.join(contents.left_out)}")
    if restored.unfinished:
        lines.append(
            f"{restored.unfinished} tasks were not finished and go on once a worker starts; "
            "see to it that the old deployment does not run any more"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
