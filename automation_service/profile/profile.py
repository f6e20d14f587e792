"""One portal as the automation sees it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from automation_service.profile.action import Action
from automation_service.profile.batch import Batch
from automation_service.profile.certificates import Certificates
from automation_service.profile.fault import did_you_mean, unknown_placeholder
from automation_service.profile.key_form import KeyForm
from automation_service.profile.locator import Locator
from automation_service.profile.login import Login
from automation_service.profile.lookup import Lookup
from automation_service.profile.part import Part
from automation_service.profile.pending import Pending
from automation_service.profile.placeholder import (
    Place,
    fill_path,
    placeholders,
    texts_in,
)
from automation_service.profile.reports import Reports
from automation_service.profile.session import Session
from automation_service.profile.site import Site
from automation_service.profile.step import Step, every_step
from automation_service.profile.timings import Reclick, Timings
from shared.contracts import Condition
from shared.errors import ProfileMismatch

ACTION_NAME = r"^[a-z][a-z0-9_]*$"
ActionName = Annotated[str, Field(pattern=ACTION_NAME)]
"""What a task type asks for: small letters, digits and underscores."""
_HANDLING_SECONDS = 1.0
"""What steps take at the least, beside waiting for turns."""


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
    actions: dict[ActionName, Action] = Field(
        description="What can be done with a batch, by the names that task types ask for."
    )
    lookup: Lookup | None = Field(
        default=None,
        description="Only where the address of a batch's page is not made of the batch's id: "
        "where the batch is found.",
    )
    pending: Pending = Field(description="The batches that wait.")
    certificates: Certificates | None = Field(
        default=None,
        description="Where the certificates of a batch's trainees are; without it there are none.",
    )
    reports: Reports | None = Field(
        default=None, description="Where reports are asked for; without it there are none."
    )

    ways: str | None = Field(
        default=None,
        pattern=r"^[a-z][a-z0-9_]*\.py$",
        description="A Python file beside this one, for what a profile cannot say about logging "
        "in, listing and finding; see profiles.md.",
    )

    _sha256: str = PrivateAttr(default="")
    _ways_file: Path | None = PrivateAttr(default=None)
    _contents: dict[str, bytes] = PrivateAttr(default_factory=dict)

    @property
    def version(self) -> str:
        """The first 12 hex digits of `sha256`."""
        return self._sha256[:12]

    @property
    def sha256(self) -> str:
        """The SHA-256 of the file this was read from, and of its companions, in hex digits."""
        return self._sha256

    @property
    def ways_file(self) -> Path | None:
        """Where the file is that `ways` names."""
        return self._ways_file

    @property
    def companions(self) -> tuple[str, ...]:
        """The files beside this one that belong to it: its `ways`, and what steps upload."""
        ways = () if self.ways is None else (self.ways,)
        steps = (step for action in self.actions.values() for step in every_step(action.steps))
        uploads = {step.file: None for step in steps if step.file and step.content is None}
        return (*ways, *uploads)

    @property
    def joins_hosts(self) -> bool:
        """True if something is looked for in a frame, and hosts are listed that may send it."""
        said = self.model_dump(exclude={"site", "key_forms"})
        return bool(self.site.hosts) and _has_word(said, "frame")

    def companion(self, name: str) -> bytes:
        """What was in a file of `companions` when the profile was read."""
        return self._contents[name]

    def made_of(self, sha256: str, folder: Path, contents: Mapping[str, bytes]) -> Profile:
        """The same, read from files with this digest, of which these lie beside it in `folder`."""
        made = self.model_copy()
        made._sha256 = sha256
        made._ways_file = None if self.ways is None else folder / self.ways
        made._contents = dict(contents)
        return made

    @model_validator(mode="after")
    def _know_every_state(self) -> Profile:
        for name, action in self.actions.items():
            known = sorted(set(self.batch_for(action).words.values()))
            for state in (*action.allowed, action.becomes):
                if state not in known:
                    raise PydanticCustomError(
                        "state",
                        "the action '{name}' speaks of the state '{state}', which none of "
                        "the words means; {known}",
                        {"name": name, "state": state, "known": did_you_mean(state, known)},
                    )
            if action.becomes in action.allowed:
                raise PydanticCustomError(
                    "state",
                    "the action '{name}' is allowed in '{state}', which it becomes: then nobody "
                    "could tell whether it was done",
                    {"name": name, "state": action.becomes},
                )
        return self

    @model_validator(mode="after")
    def _log_in_on_pages_we_load(self) -> Profile:
        if not self.session.each_page:
            return self
        if self.login.http:
            raise PydanticCustomError("session", "'each_page' is of a form, and 'login' has none")
        for name, action in self.actions.items():
            if any(step.crosses for step in action.steps):
                raise PydanticCustomError(
                    "session",
                    "with 'each_page' no step leads to another page, which would ask to log in "
                    "between two steps; the action '{name}' has one that does",
                    {"name": name},
                )
        return self

    @model_validator(mode="after")
    def _leave_time_for_the_pace(self) -> Profile:
        per_second = self.site.pace.requests_per_second
        if per_second is None:
            return self
        for name, action in self.actions.items():
            turns = 1 + sum(step.crosses for step in action.steps)
            needed = turns / per_second + _HANDLING_SECONDS
            if needed > self.timings.click_budget:
                raise PydanticCustomError(
                    "pace",
                    "the action '{name}' asks the portal {turns} times after the look; at this "
                    "pace that takes {needed} s, more than its click_budget",
                    {"name": name, "turns": turns, "needed": round(needed, 1)},
                )
        return self

    def action(self, name: str) -> Action:
        """What the portal calls by this name can be done with a batch.

        Raises ProfileMismatch naming the known ones if the profile does not say how.
        """
        if name not in self.actions:
            known = ", ".join(self.actions)
            raise ProfileMismatch(
                f"The profile {self.name} does not say how to {name} a batch; it knows: {known}."
            )
        return self.actions[name].called(name)

    def batch_for(self, action: Action) -> Batch:
        """The batch's page as this action looks at it."""
        if action.status is None:
            return self.batch
        return self.batch.model_copy(update={"status": action.status, "words": action.words})

    def batch_elsewhere(self, action: Action) -> Batch | None:
        """The page on which this action looks for a batch that is missing on its own, if any."""
        other = self.batch.elsewhere
        if other is None or action.status is not None:
            return None
        return self.batch.model_copy(update={"elsewhere": None, **dict(other)})

    def condition_of(self, shown: str, action: Action) -> Condition:
        """What a status word of the portal means for this action."""
        state = self.batch_for(action).state_of(shown)
        if state == action.becomes:
            return Condition.DONE
        allowed = state in action.allowed
        return Condition.MAY_BE_DONE if allowed else Condition.MAY_NOT_BE_DONE

    def shows_marks(self, action: Action) -> bool:
        """True if our marker is written where a history can show it again."""
        other = self.batch.elsewhere
        has_history = self.batch.history or (other and other.history)
        return action.marks and has_history is not None

    def canonical_key(self, text: str) -> str:
        """`text`, stripped, in the spelling the portal itself prints."""
        key = text.strip()
        for form in self.key_forms:
            if re.fullmatch(form.match, key):
                return form.becomes.format(key=key)
        return key

    @model_validator(mode="after")
    def _have_an_address_for_every_batch(self) -> Profile:
        known = ("key", *(self.lookup.names if self.lookup else ()))
        used = placeholders(self.batch.path)
        is_led = _has_placeholder(_said_in(self.batch.open))
        unscoped = () if used or is_led else self._unscoped()
        other = self.batch.elsewhere
        if other and not _has_placeholder((other.path, other.printed_key, *_said_in(other.open))):
            unscoped += ("batch.elsewhere.printed_key",)
        if unscoped or (self.ways is None and not set(used) <= set(known)):
            raise PydanticCustomError(
                "path",
                "the path of a batch needs a placeholder, and one that is known: {known}{instead}",
                {
                    "known": ", ".join(f"{{{name}}}" for name in known),
                    "instead": _instead(unscoped),
                },
            )
        return self

    def _unscoped(self) -> tuple[str, ...]:
        """What would be another batch's on a page that shows them all, as no placeholder is in it.

        The address of such a page leads to no certain batch.
        """
        told: dict[str, Iterable[Locator | str]] = {
            "printed_key": (self.batch.printed_key,),
            "status": (self.batch.status,),
        }
        for name, action in self.actions.items():
            steps = every_step(action.steps)
            told[f"actions.{name}.steps"] = [
                at for step in steps for at in (step.at, step.names_batch, step.go) if at
            ]
            if action.status is not None:
                told[f"actions.{name}.status"] = (action.status,)
        return tuple(name for name, parts in told.items() if not _has_placeholder(parts))

    def check_placeholders(self, content: Any) -> None:
        """Refuse placeholders in what concerns a batch that nobody will fill in.

        `content` is what the profile was made of. Raises ValidationError with their places.
        """
        if self.ways is not None:
            # Its author's own class finds what they stand for.
            return
        found = ("key", *(self.lookup.names if self.lookup else ()))
        known = {
            "batch": found,
            "lookup": ("key", "page"),
            "actions": (*found, *self.batch.columns, "remark"),
        }

        def names_at(part: str, place: Place) -> tuple[str, ...]:
            return ("key",) if (part, *place[:1]) == ("batch", "elsewhere") else known[part]

        faults = [
            unknown_placeholder((part, *place), name, names_at(part, place))
            for part in known
            for place, text in texts_in(content.get(part))
            for name in placeholders(text)
            if name not in names_at(part, place)
        ]
        if faults:
            raise ValidationError.from_exception_data("Profile", faults)

    def batch_path(self, values: dict[str, str]) -> str:
        """The path of the batch's page: `values` has `key`, and what the lookup found."""
        return fill_path(self.batch.path, values)


def _said_in(steps: tuple[Step, ...]) -> list[Locator | str]:
    return [at for step in every_step(steps) for at in (step.at, step.text, step.option) if at]


def _has_placeholder(parts: Iterable[Locator | str]) -> bool:
    said = (part if isinstance(part, str) else part.model_dump(mode="json") for part in parts)
    return any(placeholders(text) for part in said for _, text in texts_in(part))


def _instead(unscoped: tuple[str, ...]) -> str:
    return f". Where one page shows all, it is needed in: {', '.join(unscoped)}" if unscoped else ""


def _has_word(said: Any, word: str) -> bool:
    if isinstance(said, dict):
        return bool(said.get(word)) or any(_has_word(inner, word) for inner in said.values())
    return isinstance(said, list | tuple) and any(_has_word(inner, word) for inner in said)
