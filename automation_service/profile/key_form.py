"""How people spell a batch's id, and how the portal does."""

from __future__ import annotations

import re

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from automation_service.profile.part import Part


class KeyForm(Part):
    """A spelling of a batch id that people use, and the portal's own spelling of it."""

    match: str = Field(description="A regular expression for the whole of what was given.")
    becomes: str = Field(
        description="The portal's spelling; `{key}` is what was given, as in `BATCH{key:0>3}`."
    )

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
