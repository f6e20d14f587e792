"""A third, tiny model: doorbells that are lost, doubled and late, and workers that die.

One task of one item. The broker may lose or double any message at any time; the record alone
knows what is left to do, and a watcher gives up doorbells that nobody answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shared.task_state import ItemStatus
from tests.model import rules
from tests.model.checker import Model

ONE_HAND = "a batch is in one live worker's hands at most"
MOST_BELLS = 3
"""More doorbells of one task at once bring nothing that three do not: each is answered alone."""

Step = tuple[str, "Line"]


class Bell(NamedTuple):
    """One doorbell. `slot`: unsent, waiting, given up, serving, dead (nobody knows yet) or over."""

    slot: str
    copies: int = 0
    holds: bool = False


class Line(NamedTuple):
    """The task in the record, and its doorbells."""

    book: rules.Book
    bells: tuple[Bell, ...] = ()


def model_of(*, re_ring: bool) -> Model[Line]:
    """`re_ring`: doorbells that nobody answers are given up, so that others are rung."""

    def steps(line: Line) -> Iterator[Step]:
        yield from _ring(line)
        for place, bell in enumerate(line.bells):
            for told, book, changed in _happens(line.book, bell, re_ring=re_ring):
                bells = (*line.bells[:place], changed, *line.bells[place + 1 :])
                yield told, Line(book, _in_use(bells))

    return Model(
        initial=Line(rules.Book((rules.Line(),))),
        steps=steps,
        broken=_broken,
        is_final=lambda line: line.book.state.is_final,
    )


def _ring(line: Line) -> Iterator[Step]:
    """The dispatcher notes a doorbell while the item is free and none is under way."""
    is_free = line.book.lines[0].status is ItemStatus.NEW
    under_way = any(bell.slot not in ("given up", "over") for bell in line.bells)
    if is_free and not under_way and len(line.bells) < MOST_BELLS:
        yield (
            "the dispatcher notes a doorbell",
            Line(line.book, _in_use((*line.bells, Bell("unsent")))),
        )


def _happens(
    book: rules.Book, bell: Bell, *, re_ring: bool
) -> Iterator[tuple[str, rules.Book, Bell]]:
    if bell.slot == "unsent":
        yield "the doorbell is sent", book, Bell("waiting", 1)
        yield "the dispatcher dies before it rings", book, Bell("waiting")
    if bell.copies:
        fewer = bell._replace(copies=bell.copies - 1)
        yield "the broker loses a doorbell", book, fewer
        if bell.copies == 1:
            yield "the broker doubles a doorbell", book, bell._replace(copies=2)
        if bell.slot in ("waiting", "given up"):
            yield "a worker answers a doorbell", book, fewer._replace(slot="serving")
        else:
            yield "a worker finds a doorbell answered before", book, fewer
    if bell.slot == "waiting" and re_ring:
        yield "the watcher gives a doorbell up", book, bell._replace(slot="given up")
    if bell.slot == "serving":
        yield from _serves(book, bell)
    if bell.slot == "dead":
        released = rules.release(book, 0) if bell.holds else book
        assert released is not None
        yield "the watcher buries a worker", released, bell._replace(slot="over", holds=False)


def _serves(book: rules.Book, bell: Bell) -> Iterator[tuple[str, rules.Book, Bell]]:
    yield "a worker dies", book, bell._replace(slot="dead")
    if bell.holds:
        ended = rules.end(book, 0, ItemStatus.DONE, None)
        yield "a worker ends the item", ended, bell._replace(holds=False)
        return
    taken = rules.claim(book, 0, 0)
    if taken is not None:
        line = taken.lines[0]._replace(attempts=0)
        yield "a worker claims the item", taken.having(0, line), bell._replace(holds=True)
    yield "a worker leaves", book, bell._replace(slot="over")


def _in_use(bells: tuple[Bell, ...]) -> tuple[Bell, ...]:
    """Doorbells that can still do something: what is over and under way no more is forgotten."""
    past = ("given up", "over")
    return tuple(sorted(bell for bell in bells if bell.slot not in past or bell.copies))


def _broken(line: Line) -> Iterator[str]:
    if sum(bell.holds for bell in line.bells) > 1:
        yield ONE_HAND
