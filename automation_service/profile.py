"""What a portal looks like, as data: the model of a profile and how one is read.

A profile is YAML 1.2. A fault in it stops the start with the file, the line, the column and what
would have been allowed there.
"""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from automation_service.yaml_document import YamlDocument, read_yaml
from shared.contracts import Condition
from shared.errors import ConfigurationError

PROFILES = Path(__file__).resolve().parent / "profiles"


class Part(BaseModel):
    """A piece of a profile: unknown fields are faults, and nothing changes after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _know_every_field(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for name in given:
                if name not in cls.model_fields:
                    known = ", ".join(cls.model_fields)
                    raise PydanticCustomError(
                        "unknown_field",
                        "unknown field '{field}'; known here are: {known}",
                        {"field": name, "known": known},
                    )
        return given


class Locator(Part):
    """Where on a page something is: a CSS selector or an XPath, either alone or narrowed.

    `text` is the element's whole text with runs of white space squeezed to one blank; `attribute`
    names the attribute to read in place of the text (`value` means what a field holds now).
    A plain string in YAML is a CSS selector.
    """

    css: str | None = None
    xpath: str | None = None
    text: str | None = None
    attribute: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _take_plain_css(cls, given: Any) -> Any:
        return {"css": str(given)} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _be_one_or_the_other(self) -> Locator:
        if bool(self.css) == bool(self.xpath):
            raise PydanticCustomError("locator", "a locator has either css or xpath")
        return self

    def __str__(self) -> str:
        """The locator as a person would write it in a message."""
        narrowed = f" with the text {self.text!r}" if self.text else ""
        return f"{self.css or self.xpath}{narrowed}"


class KeyForm(Part):
    """A spelling of a batch id that people use, and the portal's own spelling of it.

    `match` is a regular expression for the whole key; `becomes` is a format string in which
    `key` is what was given, as in "BATCH{key:0>3}".
    """

    match: str
    becomes: str

    @field_validator("match")
    @classmethod
    def _be_an_expression(cls, given: str) -> str:
        try:
            re.compile(given)
        except re.error as error:
            raise PydanticCustomError(
                "expression", "not a regular expression: {why}", {"why": str(error)}
            ) from None
        return given

    @field_validator("becomes")
    @classmethod
    def _be_a_form(cls, given: str) -> str:
        try:
            given.format(key="1")
        except (LookupError, ValueError, AttributeError) as error:
            raise PydanticCustomError(
                "form", "not a form with {place}: {why}", {"place": "{key}", "why": str(error)}
            ) from None
        return given


class Reclick(str, Enum):
    """Whether a batch is tried again once the portal shows that a click did not take."""

    AFTER_SETTLE = "after_settle"
    NEVER = "never"


class Timings(Part):
    """Seconds. `click_budget` and `settle` are C and S of the approval protocol.

    `step` is how long the portal may take to show what one step brings; without it the browser's
    own timeout counts.
    """

    click_budget: float = Field(gt=0, le=600)
    settle: float = Field(gt=0, le=3600)
    step: float | None = Field(default=None, gt=0, le=600)


class Session(Part):
    """How a page tells that we are logged in, and how it tells that we no longer are."""

    logged_in: Locator
    lost: Locator


class Login(Part):
    """The login form. `locked` is a text in the refusal that means the account is locked."""

    path: str
    username: Locator
    password: Locator
    submit: Locator
    success: Locator
    refused: Locator
    locked: str | None = None


class History(Part):
    """A batch's history on its page: a row each, whose cells are found inside the row.

    `ready` is there once the history has arrived. `approval` is what a line says in `what` when
    it tells of an approval.
    """

    ready: Locator
    row: Locator
    who: Locator
    when: Locator
    what: Locator
    remark: Locator
    approval: str


class Batch(Part):
    """A batch's own page.

    `path` has `{key}` where the batch's id goes. `printed_key` is where the page prints the id:
    only a page that prints exactly the id asked for is the right one. `words` says what each of
    the portal's status words means; a word not listed is never approved.
    """

    path: str
    printed_key: Locator
    missing: Locator
    status: Locator
    words: dict[str, Condition]
    columns: dict[str, Locator] = Field(default_factory=dict)
    history: History | None = None

    @field_validator("path")
    @classmethod
    def _have_a_place_for_the_key(cls, given: str) -> str:
        if given.count("{key}") != 1:
            raise PydanticCustomError(
                "path", "the path needs {place} exactly once", {"place": "{key}"}
            )
        return given


class Step(Part):
    """One thing to do: click something, or fill a field with the remark and our marker.

    `effect` marks the one click that has the effect; no layer ever repeats it.
    """

    click: Locator | None = None
    fill: Locator | None = None
    value: Literal["remark"] = Field(default="remark", alias="with")
    effect: bool = False

    @model_validator(mode="after")
    def _be_one_thing(self) -> Step:
        if (self.click is None) == (self.fill is None):
            raise PydanticCustomError("step", "a step has either click or fill")
        if self.effect and self.click is None:
            raise PydanticCustomError("step", "the step with the effect is a click")
        return self

    @property
    def at(self) -> Locator:
        """What the step uses."""
        at = self.click or self.fill
        assert at is not None
        return at


class Approve(Part):
    """How a batch is approved from its page, and how the portal then says yes or no.

    `passing` lists texts in what `refused` shows that speak of passing trouble instead of a
    reason against the batch.
    """

    steps: tuple[Step, ...]
    success: Locator
    refused: Locator
    passing: tuple[str, ...] = ()

    @field_validator("steps")
    @classmethod
    def _end_with_the_effect(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        if [step.effect for step in steps] != [False] * (len(steps) - 1) + [True]:
            raise PydanticCustomError(
                "steps", "exactly one step has 'effect: true', and it is the last"
            )
        return steps


class Pending(Part):
    """The list of batches that wait, oldest first, in pages.

    `ready` is there once the rows have arrived; `empty` in its place when there are none. `next`
    is absent, hidden or disabled on the last page.
    """

    path: str
    ready: Locator
    empty: Locator
    row: Locator
    key: Locator
    next: Locator


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


def load_profile(path: Path) -> Profile:
    """Read a profile.

    Raises ConfigurationError with the file, line and column of what is wrong.
    """
    document = read_yaml(path)
    try:
        profile = Profile.model_validate(document.content)
    except ValidationError as error:
        faults = [_describe(document, fault) for fault in error.errors()]
        raise ConfigurationError("; ".join(faults)) from None
    profile._sha256 = document.sha256
    return profile


def builtin_profile(name: str) -> Profile:
    """The profile called `name` among those that come with the project.

    Raises ConfigurationError naming the known ones if there is none of that name.
    """
    known = sorted(path.stem for path in PROFILES.glob("*.yaml"))
    if name not in known:
        raise ConfigurationError(f"There is no profile {name!r}; known are: {', '.join(known)}.")
    return load_profile(PROFILES / f"{name}.yaml")


def _describe(document: YamlDocument, fault: ErrorDetails) -> str:
    place = list(fault["loc"])
    name = ".".join(str(part) for part in place) or "profile"
    if fault["type"] == "unknown_field":
        place.append(fault["ctx"]["field"])
    return f"{document.where(place)}: {name}: {fault['msg']}"
