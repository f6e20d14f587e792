"""What can be done with a batch, and how the portal answers."""

from __future__ import annotations

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from automation_service.profile.locator import Locator
from automation_service.profile.part import Part
from automation_service.profile.step import Step


class Approve(Part):
    """How a batch is approved from its page, and how the portal then says yes or no.

    `passing` lists texts in what `refused` shows that speak of passing trouble instead of a
    reason against the batch.
    """

    steps: tuple[Step, ...]
    success: Locator
    refused: Locator
    passing: tuple[str, ...] = ()

    @field_validator("steps")
    @classmethod
    def _end_with_the_effect(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        if [step.effect for step in steps] != [False] * (len(steps) - 1) + [True]:
            raise PydanticCustomError(
                "steps", "exactly one step has 'effect: true', and it is the last"
            )
        return steps
