"""The files that steps send, and what becomes of those that they bring."""

from __future__ import annotations

import mimetypes
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from automation_service.downloads import Download
from automation_service.file_kinds import FileKind
from automation_service.profile import Profile, Step

Keep = Callable[[Download, FileKind], None]
"""Keeps a file that came, before its folder is removed."""


def let_go(_: Download, __: FileKind) -> None:
    """Keep nothing."""


class Files:
    """What the steps of one profile send and bring."""

    def __init__(self, profile: Profile, keep: Keep = let_go) -> None:
        """`keep` is called with every file that a step brings."""
        self._profile = profile
        self.keep = keep

    def spelled(self, step: Step) -> dict[str, Any]:
        """What the page is told of the file that this step uploads."""
        name = str(step.file)
        content = b"" if step.content is not None else self._profile.companion(name)
        media = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return {"bytes": b64encode(content).decode(), "media": media}
