"""What is read on a page: where it stands, and what of it counts."""

from __future__ import annotations

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from automation_service.profile.expression import Expression
from automation_service.profile.locator import Locator


class Value(Locator):
    """Something that is read: a locator, and what of the element counts.

    Without more it is the element's whole text. Runs of white space are one blank.
    """

    attribute: str | None = Field(
        default=None,
        description="The attribute to read, such as `class` or `href`. `value` means what a "
        "field holds now.",
    )
    property: str | None = Field(
        default=None, description="The DOM property to read, such as `checked`: `true` or `false`."
    )
    match: Expression | None = Field(
        default=None,
        description="A regular expression, found anywhere in what was read: its first group "
        "counts, or all that it matched. Where it matches nothing, nothing is read.",
    )
    otherwise: str | None = Field(
        default=None, description="What counts as read where nothing is found."
    )

    @model_validator(mode="after")
    def _read_one_thing(self) -> Value:
        if self.attribute and self.property:
            raise PydanticCustomError("value", "read either an attribute or a property")
        return self
