"""Holds a slot to its time: its browser is ended from outside, and after a grace it itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from automation_service.keeper import Keeper
from worker_service.time_board import Place

_ITEM = "item"
"""The deadline by which the keeper ends the browser, whatever an item is waiting for."""


class TimeLimits:
    """The time a slot has for what it has in hand; any thread may move it.

    Moments are those of `time.monotonic()`.
    """

    def __init__(self, keeper: Keeper, place: Place) -> None:
        """`keeper` stands by the slot's browser, `place` is where the slot's parent looks."""
        self._keeper = keeper
        self._place = place

    @contextmanager
    def browser_until(self, moment: float) -> Iterator[None]:
        """Whatever is done inside, there is no browser any more from this moment on."""
        with self._keeper.deadline(_ITEM, moment):
            yield

    @contextmanager
    def busy(self, moment: float, item_id: int = 0) -> Iterator[None]:
        """Whatever is done inside is done by then, or this process is ended a little later.

        `item_id` is the item that is worked on, 0 if it is none.
        """
        with self._place.busy(item_id, moment):
            yield

    def let_take(self, moment: float) -> None:
        """What is in hand may take until another moment."""
        self._place.move(moment)
        self._keeper.set(_ITEM, moment)
