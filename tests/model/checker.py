"""Visits every state a small model can reach, nearest first, and tells how a promise was broken.

A model is a function from a state to the steps that may follow. States are hashable values that
hold no history, so that two ways to the same situation are one state and the search ends.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

State = TypeVar("State", bound=Hashable)

CAN_END = "every run can end"
A_TICK = "a tick passes"


@dataclass(frozen=True)
class Model(Generic[State]):
    """What is to be searched.

    `broken` names the promises that a state breaks. `same` maps states that differ in names only
    to one of them. `is_final` tells where a run may end.
    """

    initial: State
    steps: Callable[[State], Iterable[tuple[str, State]]]
    broken: Callable[[State], Iterable[str]]
    is_final: Callable[[State], bool]
    same: Callable[[State], State] = lambda state: state


@dataclass(frozen=True)
class Report:
    """What a search found: how many states, and the shortest way to the first broken promise."""

    states: int
    broken: str | None = None
    trace: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The trace with the time of each step, as a person would read it."""
        if self.broken is None:
            return f"{self.states} states, every promise kept"
        lines, now = [f"{self.states} states, broken: {self.broken}"], 0
        for step in self.trace:
            if step == A_TICK:
                now += 1
            else:
                lines.append(f"    t={now}  {step}")
        return "\n".join(lines)


def check(model: Model[State], only: str | None = None) -> Report:
    """Search until a promise is broken or every state was seen; `only`: heed this one alone.

    That every run can end is looked at last, when all is known that can be reached.
    """
    search = _Search(model)
    for number in search.visit():
        for promise in model.broken(search.states[number]):
            if only in (None, promise):
                return Report(len(search.states), promise, search.way_to(number))
    if only in (None, CAN_END):
        endless = search.first_without_an_end()
        if endless is not None:
            return Report(len(search.states), CAN_END, search.way_to(endless))
    return Report(len(search.states))


class _Search(Generic[State]):
    """The states seen so far, numbered in the order of their distance from the first."""

    def __init__(self, model: Model[State]) -> None:
        self._model = model
        first = model.same(model.initial)
        self.states = [first]
        self._numbers = {first: 0}
        self._came_from = [0]
        self._led_from: list[list[int]] = [[]]

    def visit(self) -> Iterable[int]:
        """Each state's number, once; what follows from it is found out afterwards."""
        steps, same, numbers = self._model.steps, self._model.same, self._numbers
        number = 0
        while number < len(self.states):
            yield number
            for _, following in steps(self.states[number]):
                state = same(following)
                known = numbers.setdefault(state, len(self.states))
                if known == len(self.states):
                    self.states.append(state)
                    self._came_from.append(number)
                    self._led_from.append([])
                self._led_from[known].append(number)
            number += 1

    def first_without_an_end(self) -> int | None:
        """The nearest state from which no final one can be reached."""
        pending = [n for n, state in enumerate(self.states) if self._model.is_final(state)]
        ends = set(pending)
        while pending:
            for before in self._led_from[pending.pop()]:
                if before not in ends:
                    ends.add(before)
                    pending.append(before)
        return next((n for n in range(len(self.states)) if n not in ends), None)

    def way_to(self, number: int) -> tuple[str, ...]:
        """The steps from the first state, replayed so that names stay the same throughout."""
        way = [number]
        while way[-1] != 0:
            way.append(self._came_from[way[-1]])
        state, told = self._model.initial, []
        for following in way[-2::-1]:
            wanted = self.states[following]
            label, state = next(
                (label, next_state)
                for label, next_state in self._model.steps(state)
                if self._model.same(next_state) == wanted
            )
            told.append(label)
        return tuple(told)
