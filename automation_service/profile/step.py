"""One thing to do on a page."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from automation_service.profile.locator import Locator
from automation_service.profile.part import Part


class Step(Part):
    """One thing to do: click something, or fill a field with the remark and our marker.

    `effect` marks the one click that has the effect; no layer ever repeats it.
    """

    click: Locator | None = Field(default=None, description="What to click.")
    fill: Locator | None = Field(default=None, description="Which field to fill.")
    value: Literal["remark"] = Field(
        default="remark", alias="with", description="With what: the remark and our marker."
    )
    effect: bool = Field(default=False, description="True for the step that has the effect.")

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
