"""One portal as the automation sees it."""

from __future__ import annotations

import re
from urllib.parse import quote

from pydantic import Field, PrivateAttr

from automation_service.profile.action import Approve
from automation_service.profile.batch import Batch
from automation_service.profile.key_form import KeyForm
from automation_service.profile.login import Login
from automation_service.profile.part import Part
from automation_service.profile.pending import Pending
from automation_service.profile.session import Session
from automation_service.profile.timings import Reclick, Timings


class Profile(Part):
    """One portal as the automation sees it."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    key_forms: tuple[KeyForm, ...] = ()
    timings: Timings
    reclick: Reclick = Reclick.NEVER
    session: Session
    login: Login
    batch: Batch
    approve: Approve
    pending: Pending

    _sha256: str = PrivateAttr(default="")

    @property
    def version(self) -> str:
        """The first 12 hex digits of `sha256`."""
        return self._sha256[:12]

    @property
    def sha256(self) -> str:
        """The SHA-256 of the file this was read from, in hex digits."""
        return self._sha256

    @property
    def marks_remarks(self) -> bool:
        """True if our marker is written where a history can show it again."""
        fills = any(step.fill for step in self.approve.steps)
        return fills and self.batch.history is not None

    def canonical_key(self, text: str) -> str:
        """`text`, stripped, in the spelling the portal itself prints."""
        key = text.strip()
        for form in self.key_forms:
            if re.fullmatch(form.match, key):
                return form.becomes.format(key=key)
        return key

    def batch_path(self, key: str) -> str:
        """The path of the batch's page; nothing in `key` can leave its place in the path."""
        return self.batch.path.replace("{key}", quote(key, safe="", errors="replace"))
