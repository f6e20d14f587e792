"""What a child inherits from our environment: the machine's facts, never anybody's settings."""

from __future__ import annotations

import os
from pathlib import Path

from launcher.leftovers import MARK

MACHINE_FACTS = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH")


def practice_environment(folder: Path, temporary: Path) -> dict[str, str]:
    """An environment that knows no portal, database, Redis or key but those added to it.

    Everything is left out that is not known to be harmless, so a setting that is new tomorrow
    cannot slip through. `folder` marks the process and its descendants as ours; temporary files
    go to `temporary`.
    """
    facts = {
        name: value
        for name, value in os.environ.items()
        if name in MACHINE_FACTS or name.startswith("LC_")
    }
    return {
        **facts,
        MARK: str(folder),
        "ENV_FILE": "",
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(temporary),
    }
