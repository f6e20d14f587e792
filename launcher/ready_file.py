"""The file in which a process says that it serves, and where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class ReadyFile:
    """A JSON object with the writer's `pid`, written whole once the writer serves."""

    def __init__(self, path: Path) -> None:
        """`path` need not exist yet."""
        self.path = path
        self.content: dict[str, Any] = {}

    @property
    def known(self) -> bool:
        """Tell whether it was read once."""
        return bool(self.content)

    def is_from(self, pid: int) -> bool:
        """Tell whether process `pid` wrote it, and remember what it says."""
        try:
            found = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return False
        if found.get("pid") != pid:
            return False
        self.content = found
        return True

    def clear(self) -> None:
        """Remove what an earlier process left; what it said stays remembered."""
        self.path.unlink(missing_ok=True)
