"""What can be done with a batch, and how the portal answers."""

from __future__ import annotations

from pydantic import Field, PrivateAttr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from automation_service.profile.part import Part
from automation_service.profile.signal import Signal
from automation_service.profile.step import EFFECTIVE, Step
from automation_service.profile.value import Value


class Outcomes(Part):
    """How the portal answers the step with the effect.

    The first signal that is newer than that step and speaks of this batch is heard. All are hints:
    what counts is read back after a fresh load. So none is needed; `refused` gives the reason that
    is reported when the batch turns out to be as it was.
    """

    success: Signal | None = Field(default=None, description="The portal says it was done.")
    already: Signal | None = Field(default=None, description="It says it was done before.")
    refused: Signal | None = Field(
        default=None, description="It says no, in words that are the reason."
    )
    error: Signal | None = Field(
        default=None, description="It failed, which says nothing about the batch."
    )
    passing: tuple[str, ...] = Field(
        default=(),
        description="Texts in what `refused` shows that speak of passing trouble instead of a "
        "reason against the batch.",
    )


class Action(Part):
    """Something that can be done with a batch, such as approving or rejecting it."""

    allowed: tuple[str, ...] = Field(
        min_length=1, description="The states in which it may be done, as `words` names them."
    )
    becomes: str = Field(
        description="The state that is its success. A batch that has it already is left alone."
    )
    status: Value | None = Field(
        default=None,
        description="Where the page says how far this is, if not in the batch's status.",
    )
    words: dict[str, str] = Field(
        default_factory=dict,
        description="With `status`: the state that each word there means, as for the batch's.",
    )
    recorded: str | None = Field(
        default=None,
        description="What a line of the batch's history says in `what` when it tells of this.",
    )
    steps: tuple[Step, ...] = Field(
        min_length=1,
        description="What to do on the batch's page, in order. Exactly one has `effect: true`: "
        "it is made once and by no layer repeated, and nothing comes after it.",
    )
    outcomes: Outcomes = Field(default=Outcomes(), description="How the portal answers.")

    _name: str = PrivateAttr(default="")

    @field_validator("steps")
    @classmethod
    def _end_with_the_effect(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        if [step.effect for step in steps] != [False] * (len(steps) - 1) + [True]:
            raise PydanticCustomError(
                "steps", "exactly one step has 'effect: true', and it is the last"
            )
        for before, step in zip((None, *steps), steps, strict=False):
            if step.answer and (before is None or not (before.answer or before.kind in EFFECTIVE)):
                raise PydanticCustomError(
                    "steps", "what is answered is what the step right before it brings"
                )
        return steps

    @model_validator(mode="after")
    def _have_words_for_its_own_status(self) -> Action:
        if bool(self.words) != (self.status is not None):
            raise PydanticCustomError("words", "'status' and 'words' of an action go together")
        return self

    @property
    def name(self) -> str:
        """What a task type asks for."""
        return self._name

    def called(self, name: str) -> Action:
        """The same under this name."""
        named = self.model_copy()
        named._name = name
        return named

    @property
    def done(self) -> str:
        """What a batch is once it is done, for sentences: "approved", "on hold"."""
        return self.becomes.replace("_", " ")

    @property
    def marks(self) -> bool:
        """True if a step writes our marker."""
        return any(step.marks for step in self.steps)
