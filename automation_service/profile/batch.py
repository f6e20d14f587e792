"""A batch's own page and what stands on it."""

from __future__ import annotations

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from automation_service.profile.locator import Locator
from automation_service.profile.part import Part
from shared.contracts import Condition


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
