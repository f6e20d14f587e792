"""Where on a page something is."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from automation_service.profile.part import Part


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
