"""A sign that the portal gives after something was done."""

from __future__ import annotations

from pydantic import Field

from automation_service.profile.expression import Expression
from automation_service.profile.locator import Locator


class Signal(Locator):
    """A sign of how something went: what shows there, if it was not there before in these words."""

    says: Expression | None = Field(
        default=None,
        description="A regular expression that is found in its text: tells signals apart that "
        "share a box.",
    )
    gone: bool = Field(
        default=False,
        description="The sign is that nothing usable is there any more: a button that is gone or "
        "disabled. It only counts on the page where the step was taken, or once the window with "
        "that page has closed by itself.",
    )
    unnamed: bool = Field(
        default=False,
        description="On a page that came after the step, words count that name the batch. With "
        "`unnamed` words that name none count too if that page prints the batch's id: for a form "
        "that comes again with what is wrong. Not for words that a portal shows on whatever page "
        "comes next.",
    )
