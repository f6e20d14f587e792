"""A second, tiny model: two workers end the last two items of a task at the same moment.

A transaction sees what was committed when it counts, and its own writing. With the task's row
locked first, as the record does it, the second counts after the first has committed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shared.task_state import ItemStatus, TaskState, transition
from tests.model import rules
from tests.model.checker import Model

ENDS_ONCE = "a task ends once, with all its items"

Step = tuple[str, "Ledger"]


class Ledger(NamedTuple):
    """The task as committed, and what each worker's open transaction counted, None without one."""

    book: rules.Book
    counted: tuple[int | None, int | None] = (None, None)
    locked: bool = False
    final_events: int = 0

    @property
    def finished(self) -> int:
        """Outcomes that are committed."""
        return sum(line.status.is_outcome for line in self.book.lines)


def model_of(*, in_lock: bool) -> Model[Ledger]:
    """Two items in the hands of two workers; `in_lock`: they lock the task before they count."""

    def steps(ledger: Ledger) -> Iterator[Step]:
        for me in (0, 1):
            if ledger.book.lines[me].status is ItemStatus.NEW:
                taken = _in_hand(ledger.book, me)
                yield f"worker {me} takes its item again", ledger._replace(book=taken)
            elif ledger.counted[me] is not None:
                yield f"worker {me} commits", _commit(ledger, me)
                yield f"worker {me} dies; nothing was written", _die(ledger, me)
            elif not ledger.book.lines[me].status.is_outcome and not (in_lock and ledger.locked):
                counting = _with_count(ledger, me, ledger.finished + 1)
                yield (
                    f"worker {me} writes its outcome and counts {ledger.finished + 1} of 2",
                    counting._replace(locked=True),
                )

    return Model(
        initial=Ledger(_both_in_hand()),
        steps=steps,
        broken=_broken,
        is_final=lambda ledger: ledger.book.state.is_final,
    )


def _both_in_hand() -> rules.Book:
    return _in_hand(_in_hand(rules.Book((rules.Line(), rules.Line())), 0), 1)


def _in_hand(book: rules.Book, me: int) -> rules.Book:
    """Attempts are not counted here: there would be no end of them."""
    taken = rules.claim(book, me, me)
    assert taken is not None
    return taken.having(me, taken.lines[me]._replace(attempts=0))


def _with_count(ledger: Ledger, me: int, count: int | None) -> Ledger:
    counted = (count, ledger.counted[1]) if me == 0 else (ledger.counted[0], count)
    return ledger._replace(counted=counted)


def _commit(ledger: Ledger, me: int) -> Ledger:
    line = ledger.book.lines[me]
    ended = line._replace(status=ItemStatus.DONE, holder=None)
    book, final_events = ledger.book.having(me, ended), ledger.final_events
    if ledger.counted[me] == len(book.lines):
        book = book._replace(state=transition(book.state, TaskState.COMPLETED))
        final_events += 1
    committed = ledger._replace(book=book, final_events=final_events, locked=False)
    return _with_count(committed, me, None)


def _die(ledger: Ledger, me: int) -> Ledger:
    book = rules.release(ledger.book, me)
    assert book is not None
    return _with_count(ledger._replace(book=book, locked=False), me, None)


def _broken(ledger: Ledger) -> Iterator[str]:
    is_whole = ledger.finished == len(ledger.book.lines)
    if ledger.final_events > 1 or (ledger.book.state.is_final and not is_whole):
        yield ENDS_ONCE
