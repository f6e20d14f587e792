"""A batch's own page and what stands on it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from automation_service.profile.locator import Locator
from automation_service.profile.part import Part
from automation_service.profile.step import LeadingSteps
from automation_service.profile.value import Value

State = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
"""A batch's state in a word of ours: small letters, digits and underscores."""


class History(Part):
    """A batch's history on its page: a row each, whose cells are found inside the row."""

    ready: Locator = Field(description="What is there once the history has arrived.")
    row: Locator = Field(description="Every line of it.")
    who: Value = Field(description="Who did it.")
    when: Value = Field(description="When, in the portal's words.")
    what: Value = Field(description="What was done: an action's `recorded`.")
    remark: Value = Field(description="The remark, where our marker is looked for.")


class Shown(Part):
    """A page that shows a batch."""

    path: str = Field(
        description="Where it is: `{key}` where the batch's id goes, or else something that the "
        "lookup finds, such as `{id}`. Without any it is one page that shows all: then what is "
        "read and used there names the batch, as in `#row-{key}`."
    )
    open: LeadingSteps = Field(
        default=(),
        description="Steps that lead to the batch from the page at `path`, where no address leads "
        "there: a search, a click in a menu or on a row. They have no effect, and are taken for "
        "each look.",
    )
    printed_key: Value = Field(
        description="Where the page prints the id: only a page that prints exactly the id asked "
        "for is the right one."
    )
    ready: Locator | None = Field(
        default=None, description="What is there once the page is complete."
    )
    missing: Locator | None = Field(
        default=None,
        description="What shows, and not for a moment only, if there is no such batch. An answer "
        "such as 404 says so too.",
    )
    status: Value = Field(description="The portal's word for the batch's status.")
    columns: dict[str, Value] = Field(
        default_factory=dict, description="What else is read, by the name it has in the result."
    )
    history: History | None = Field(
        default=None, description="The batch's history, where the page shows one."
    )

    @model_validator(mode="after")
    def _read_nothing_into_half_a_page(self) -> Shown:
        if self.status.otherwise is not None and self.ready is None:
            raise PydanticCustomError(
                "status",
                "a status that counts where nothing is found needs 'ready': what is there once "
                "the page is complete",
            )
        return self


class Elsewhere(Shown):
    """Where a batch is once it has left the page that `batch` names.

    Queues are so: what was decided is no longer there, and shows in another list. Only `{key}` may
    stand in its path and locators; its words mean what the batch's own do.
    """


class Batch(Shown):
    """A batch's own page."""

    words: dict[str, State] = Field(
        description="The state that each of the portal's words means, in whatever case the portal "
        "writes it: a word of ours such as `pending`, that actions speak of. In a state that is "
        "not listed nothing is ever done."
    )
    elsewhere: Elsewhere | None = Field(
        default=None,
        description="Where a batch is looked for that is missing on its page, as queues forget "
        "what was decided; it is missing if it is not there either. Not for an action that has a "
        "`status` of its own.",
    )

    @field_validator("words")
    @classmethod
    def _mean_one_thing(cls, given: dict[str, str]) -> dict[str, str]:
        seen: dict[str, str] = {}
        for word in given:
            twin = seen.setdefault(word.casefold(), word)
            if twin != word:
                raise PydanticCustomError(
                    "words",
                    "'{one}' and '{other}' are one word: case does not count",
                    {"one": twin, "other": word},
                )
        return given

    def listed(self, shown: str) -> str | None:
        """The word of `words` that the portal shows so, in whatever case; None if it lists none."""
        return next((word for word in self.words if word.casefold() == shown.casefold()), None)

    def state_of(self, shown: str) -> str | None:
        """The state that a status word of the portal means; None for one that is not listed."""
        word = self.listed(shown)
        return None if word is None else self.words[word]
