"""Where on a page something is."""

from __future__ import annotations

from typing import Any

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from automation_service.profile.fault import did_you_mean
from automation_service.profile.part import Part
from automation_service.profile.role import ROLES, selector_of

WAYS = ("css", "xpath", "id", "name", "label", "role", "column", "any")
"""How a locator may look; with none of them it looks for its text."""


class Locator(Part):
    """Where on a page something is. A plain string in YAML is a CSS selector.

    It looks in one way, and is then narrowed by everything else that it says. Placeholders such as
    `{key}` stand for what is known when it is used, quoted for where they stand.
    """

    css: str | None = Field(
        default=None, description="A CSS selector; `:scope` is the row or region itself."
    )
    xpath: str | None = Field(
        default=None,
        description="An XPath. Inside a row or a region `//` begins there and not at the top.",
    )
    id: str | None = Field(default=None, description="The element's `id`.")
    name: str | None = Field(default=None, description="The element's `name`, as fields have it.")
    label: str | None = Field(
        default=None,
        description="The text that labels it: of a field's `<label>` or `aria-label`, of the "
        "`<dt>` before a `<dd>`, of the cell before a cell; of a `<label>` that is bound to no "
        "field and stands right before it. A colon or star at its end counts not, nor "
        "does case where nothing is called so exactly. A cell stands "
        "for the one field in it where something is filled in, chosen, ticked or its value read.",
    )
    role: str | None = Field(
        default=None, description="The ARIA role that it has of itself or by its `role`."
    )
    column: str | None = Field(
        default=None,
        description="The table column's heading, as for `label`: the cell below it in the row.",
    )
    any: tuple[Locator, ...] | None = Field(
        default=None,
        min_length=2,
        description="Alternatives: the first that finds something that "
        "shows, else the first that finds anything.",
    )
    named: str | None = Field(
        default=None,
        description="Its accessible name, exactly: what a screen reader calls it, or what it "
        "shows where a style sheet writes that in other letters.",
    )
    text: str | None = Field(
        default=None,
        description="Its whole text, white space squeezed to one blank; what a button says that "
        "is an `<input>`. Alone it finds the innermost elements with that text.",
    )
    starts: str | None = Field(
        default=None,
        description='What its text begins with; with a blank at its end, as in `"{key} "`, a '
        "word ends there.",
    )
    has: Locator | None = Field(
        default=None,
        description="What has to be in it: a row that has the batch's id in a cell, say.",
    )
    within: Locator | None = Field(
        default=None, alias="in", description="The row or region in which it is."
    )
    frame: Locator | None = Field(
        default=None,
        description="The `<iframe>` or `<frame>` in which it is, of any host in use; it may be in "
        "another.",
    )
    shadow: Locator | None = Field(
        default=None, description="The element in whose open shadow root it is."
    )
    unless: Locator | None = Field(
        default=None, description="While this shows on the page, nothing is found."
    )

    @model_validator(mode="before")
    @classmethod
    def _take_plain_css(cls, given: Any) -> Any:
        return {"css": str(given)} if isinstance(given, str) else given

    @field_validator("role")
    @classmethod
    def _know_the_role(cls, given: str | None) -> str | None:
        if given is not None and given not in ROLES:
            raise PydanticCustomError(
                "role",
                "unknown role '{role}'; {known}",
                {"role": given, "known": did_you_mean(given, list(ROLES))},
            )
        return given

    @model_validator(mode="after")
    def _look_in_one_way(self) -> Locator:
        ways = [way for way in WAYS if getattr(self, way)]
        if len(ways) > 1:
            raise PydanticCustomError(
                "locator",
                "a locator looks in one way, not by {ways}; what else is known of the element "
                "goes into text, starts, named, has, in, frame, shadow or unless",
                {"ways": " and ".join(ways)},
            )
        if not ways and not self.text and not self.starts:
            raise PydanticCustomError(
                "locator",
                "a locator has one of: {ways}, text, starts",
                {"ways": ", ".join(WAYS)},
            )
        if self.xpath and self.shadow:
            raise PydanticCustomError(
                "locator", "an XPath finds nothing in a shadow root; use css there"
            )
        return self

    @model_serializer(mode="wrap")
    def _say_what_is_said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        said: dict[str, Any] = {
            name: value for name, value in handler(self).items() if value is not None
        }
        if self.role:
            said["role"] = selector_of(self.role)
        return said

    def __str__(self) -> str:
        """The locator as a person would write it in a message."""
        if self.any:
            return " or ".join(str(one) for one in self.any)
        way = next((way for way in WAYS if getattr(self, way)), None)
        said = "" if way is None else str(getattr(self, way))
        if way not in ("css", "xpath", None):
            said = f"{way} {said!r}"
        for word, value in (("named", self.named), ("the text", self.text)):
            said += f" with {word} {value!r}" if value else ""
        said += f" beginning with {self.starts!r}" if self.starts else ""
        places = {
            "that has": self.has,
            "in": self.within,
            "in the shadow root of": self.shadow,
            "in frame": self.frame,
            "unless": self.unless,
        }
        for word, place in places.items():
            said += f" {word} {place}" if place else ""
        return said.strip()
