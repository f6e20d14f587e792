"""What can be done with a batch, and how the portal answers."""

from __future__ import annotations

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from automation_service.profile.locator import Locator
from automation_service.profile.part import Part
from automation_service.profile.step import Step


class Approve(Part):
    """How a batch is approved from its page, and how the portal then says yes or no."""

    steps: tuple[Step, ...] = Field(description="What to do, in order.")
    success: Locator = Field(description="The portal says yes. A hint: what counts is read back.")
    refused: Locator = Field(description="The portal says no, in words that are the reason.")
    passing: tuple[str, ...] = Field(
        default=(),
        description="Texts in what `refused` shows that mean trouble and no reason.",
    )

    @field_validator("steps")
    @classmethod
    def _end_with_the_effect(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        if [step.effect for step in steps] != [False] * (len(steps) - 1) + [True]:
            raise PydanticCustomError(
                "steps", "exactly one step has 'effect: true', and it is the last"
            )
        return steps
