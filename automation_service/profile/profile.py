"""One portal as the automation sees it."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field, PrivateAttr, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from automation_service.profile.action import Approve
from automation_service.profile.batch import Batch
from automation_service.profile.fault import unknown_placeholder
from automation_service.profile.key_form import KeyForm
from automation_service.profile.login import Login
from automation_service.profile.lookup import Lookup
from automation_service.profile.part import Part
from automation_service.profile.pending import Pending
from automation_service.profile.placeholder import (
    fill_path,
    placeholders,
    texts_in,
)
from automation_service.profile.reports import Reports
from automation_service.profile.session import Session
from automation_service.profile.site import Site
from automation_service.profile.timings import Reclick, Timings


class Profile(Part):
    """One portal as the automation sees it."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$", description="Small letters, digits and hyphens."
    )
    title: str = Field(description="What people call the portal.")
    key_forms: tuple[KeyForm, ...] = Field(
        default=(), description="Spellings of ids; the first that fits counts."
    )
    site: Site = Field(default=Site(), description="Where the portal is, and how it is used.")
    timings: Timings = Field(description="How long things take.")
    reclick: Reclick = Field(
        default=Reclick.NEVER,
        description="Whether a batch is tried again once the portal shows, after the settle time, "
        "that a click did not take. With `never` it ends unverified for a person to look at.",
    )
    session: Session = Field(description="How a page tells whether we are logged in.")
    login: Login = Field(description="How one logs in.")
    batch: Batch = Field(description="A batch's own page.")
    approve: Approve = Field(description="How a batch is approved.")
    lookup: Lookup | None = Field(
        default=None,
        description="Only where the address of a batch's page is not made of the batch's id: "
        "where the batch is found.",
    )
    pending: Pending = Field(description="The batches that wait.")
    reports: Reports | None = Field(
        default=None, description="Where reports are asked for; without it there are none."
    )

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

    @model_validator(mode="after")
    def _have_an_address_for_every_batch(self) -> Profile:
        found = self.lookup.names if self.lookup else ()
        used = placeholders(self.batch.path)
        known = ("key", *found)
        if not used or not set(used) <= set(known):
            raise PydanticCustomError(
                "path",
                "the path of a batch needs a placeholder, and one that is known: {known}",
                {"known": ", ".join(f"{{{name}}}" for name in known)},
            )
        return self

    def check_placeholders(self, content: Any) -> None:
        """Refuse placeholders in the batch's part that nobody will fill in.

        `content` is what the profile was made of. Raises ValidationError with their places.
        """
        known = ["key", *(self.lookup.names if self.lookup else ())]
        faults = [
            unknown_placeholder((part, *place), name, known)
            for part in ("batch", "lookup")
            for place, text in texts_in(content.get(part))
            for name in placeholders(text)
            if name not in (*known, "page")
        ]
        if faults:
            raise ValidationError.from_exception_data("Profile", faults)

    def batch_path(self, values: dict[str, str]) -> str:
        """The path of the batch's page: `values` has `key`, and what the lookup found."""
        return fill_path(self.batch.path, values)
