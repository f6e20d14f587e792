"""A list of batches on the portal: how it is read, page by page."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from automation_service.profile.locator import Locator
from automation_service.profile.part import Part
from automation_service.profile.placeholder import placeholders
from automation_service.profile.step import LeadingSteps
from automation_service.profile.value import Value


class Listing(Part):
    """A list of batches: a table, or cards. Its further pages are found in one way, or in none."""

    path: str = Field(
        description="Where the list is. `{page}` stands for the page's number where the address "
        "has it."
    )
    open: LeadingSteps = Field(
        default=(),
        description="Steps that lead to the list from the page at `path`, where no address leads "
        "there. They have no effect.",
    )
    ready: Locator | None = Field(
        default=None,
        description="What is there once the rows have arrived; without it the first row.",
    )
    empty: Locator | None = Field(
        default=None,
        description="What shows in their place when there are none. With it, a list without rows "
        "that does not show this is still filling; so is one that has shown it for less than half "
        "a second.",
    )
    busy: Locator | None = Field(
        default=None, description="What shows while rows are still arriving."
    )
    row: Locator = Field(description="Every row or card of the list.")
    key: Value = Field(description="The batch's id, inside its row.")
    next: Locator | None = Field(
        default=None,
        description="The link or button to the next page, or to more rows; absent, hidden or "
        "disabled at the end, or leading to the last page again.",
    )
    back: Locator | None = Field(
        default=None,
        description="The link or button back to the first page, of a list that opens where it was "
        "left; absent, hidden or disabled on the first page.",
    )
    first_page: Literal[0, 1] | None = Field(
        default=None, description="The first page's number, where `path` has `{page}`."
    )
    scrolls: bool = Field(
        default=False,
        description="True if more rows arrive as the list, or each page of it, is scrolled.",
    )

    known_in_path: ClassVar[tuple[str, ...]] = ()
    """What may stand in `path` beside the page's number."""

    @property
    def goes_on(self) -> bool:
        """True if it may have further pages, or more rows."""
        return self.next is not None or self.first_page is not None or self.scrolls

    @model_validator(mode="after")
    def _come_to_an_end(self) -> Listing:
        if self.ready is None and self.empty is None:
            raise PydanticCustomError(
                "listing", "how does a list without rows show? give 'ready' or 'empty'"
            )
        unknown = set(placeholders(self.path)) - {"page", *self.known_in_path}
        if unknown:
            raise PydanticCustomError(
                "listing",
                "unknown placeholder '{unknown}' in the path; known here are: {known}",
                {"unknown": min(unknown), "known": ", ".join(("page", *self.known_in_path))},
            )
        numbered = self.first_page is not None
        if numbered is not ("{page}" in self.path):
            raise PydanticCustomError(
                "listing",
                "'first_page' goes with {place} in the path, and {place} with 'first_page'",
                {"place": "{page}"},
            )
        if numbered and self.next is not None:
            raise PydanticCustomError(
                "listing", "further pages are found by one of next, first_page"
            )
        if self.back is not None and self.next is None:
            raise PydanticCustomError("listing", "'back' goes with 'next'")
        return self
