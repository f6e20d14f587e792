"""An action's steps, as they are taken: cut where another page comes or the page asks something."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from automation_service.dialogs import DialogRule
from automation_service.profile import Step, Value
from automation_service.profile.placeholder import fill_text


@dataclass(frozen=True)
class Leg:
    """Steps that are taken at one go, and the answers to what the last of them brings."""

    steps: tuple[Step, ...]
    answers: tuple[Step, ...] = ()
    first: int = 1
    """The number of the first of them in the action, from 1."""

    @property
    def crosses(self) -> bool:
        """True if it ends on another page."""
        return self.steps[-1].crosses

    def rules(self, values: dict[str, str], until: float) -> list[DialogRule]:
        """How its questions are answered, at the latest `until` (`time.monotonic()`).

        `values` stand for the placeholders in them.
        """
        return [_rule(step, values, until) for step in self.answers]


@dataclass(frozen=True)
class Route:
    """Legs without an effect; the steps right before the effect, on its page; and the effect.

    The effect is one step, or one and the answers to what it brings, of which the last counts.
    """

    legs: tuple[Leg, ...]
    approach: tuple[Step, ...]
    effect: Leg

    @property
    def crosses(self) -> bool:
        """True if the effect is on another page than the first step."""
        return any(leg.crosses for leg in self.legs)

    @property
    def names_batch(self) -> Value | Literal[False] | None:
        """Where the page with the effect names the batch."""
        return (*self.effect.steps, *self.effect.answers)[-1].names_batch


def route_of(steps: Sequence[Step], *, one_by_one: bool = False) -> Route:
    """The way through these steps, of which the last has the effect.

    `one_by_one`: each is a leg of its own.
    """
    *legs, effect = _legs(steps, one_by_one)
    *approach, last = effect.steps
    first = effect.first + len(approach)
    return Route(tuple(legs), tuple(approach), Leg((last,), effect.answers, first))


def legs_of(steps: Sequence[Step]) -> Iterator[Leg]:
    """The way through these steps, none of which has the effect."""
    return _legs(steps, one_by_one=False)


def _legs(steps: Sequence[Step], one_by_one: bool) -> Iterator[Leg]:
    """Cut after a step that crosses or hovers, around one that brings a question or a file."""
    waiting: list[Step] = []
    at = 0
    while at < len(steps):
        step = steps[at]
        end = at + 1
        while end < len(steps) and steps[end].answer:
            end += 1
        answers = tuple(steps[at + 1 : end])
        is_last = end == len(steps)
        alone = one_by_one or step.crosses or step.hover or step.save or (answers and not is_last)
        if alone and waiting:
            yield Leg(tuple(waiting), first=at + 1 - len(waiting))
            waiting = []
        waiting.append(step)
        if alone or is_last:
            yield Leg(tuple(waiting), answers, at + 2 - len(waiting))
            waiting = []
        at = end


def _rule(step: Step, values: dict[str, str], until: float) -> DialogRule:
    assert step.answer is not None
    assert step.says is not None
    says = re.compile(fill_text(step.says, values, re.escape))
    return DialogRule(step.answer, says, step.accept, fill_text(step.reply, values), until)
