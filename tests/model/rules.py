"""What the record allows: the rules of claims, intents, outcomes and tasks as pure functions.

The model checker runs on these, and a property test holds the real record against them on both
databases (tests/integration/record/test_protocol_machine.py): so the record that the model was
checked with is the record we have. Each function returns the book afterwards, or None where the
record refuses.
"""

from __future__ import annotations

from typing import NamedTuple

from shared.contracts import Verdict
from shared.task_state import ItemStatus, TaskState, transition

SERVED = (TaskState.RUNNING, TaskState.CANCELLING)

Intents = tuple[tuple[int, Verdict | None], ...]


class Line(NamedTuple):
    """One item and the claim on its batch. `holder` stands for slot and fence together."""

    status: ItemStatus = ItemStatus.NEW
    holder: int | None = None
    attempts: int = 0
    intents: Intents = ()

    @property
    def open_intents(self) -> tuple[int, ...]:
        """Marks of the intents without verdict, oldest first."""
        return tuple(mark for mark, verdict in self.intents if verdict is None)


class Book(NamedTuple):
    """A task and its items. `error`: it was noted why the task cannot go on."""

    lines: tuple[Line, ...]
    state: TaskState = TaskState.RUNNING
    error: bool = False

    def having(self, place: int, line: Line) -> Book:
        """The book with another line at this place."""
        return self._replace(lines=(*self.lines[:place], line, *self.lines[place + 1 :]))


def goes_on(book: Book) -> bool:
    """True if the task was neither cancelled nor failed by another item."""
    return book.state is TaskState.RUNNING and not book.error


def claim(book: Book, place: int, holder: int | None) -> Book | None:
    """Take an item that nobody works on."""
    line = book.lines[place]
    if line.status is not ItemStatus.NEW or book.state not in SERVED:
        return None
    taken = line._replace(status=ItemStatus.IN_PROGRESS, holder=holder, attempts=line.attempts + 1)
    return book.having(place, taken)


def release(book: Book, place: int) -> Book | None:
    """Take the claim from whoever holds it."""
    line = book.lines[place]
    if line.holder is None:
        return None
    return book.having(place, line._replace(status=ItemStatus.NEW, holder=None))


def state_intent(book: Book, place: int, holder: int | None, mark: int) -> Book | None:
    """Note "about to click", under the fence, while the task is to go on."""
    line = book.lines[place]
    if line.holder != holder or not goes_on(book):
        return None
    return book.having(place, line._replace(intents=(*line.intents, (mark, None))))


def close_intents(book: Book, place: int, holder: int | None, verdict: Verdict) -> Book | None:
    """Give every open intent this verdict, under the fence."""
    line = book.lines[place]
    if line.holder != holder:
        return None
    return book.having(place, line._replace(intents=_closed(line.intents, verdict)))


def give_back(book: Book, place: int, holder: int | None) -> Book | None:
    """Let the item be tried again, under the fence."""
    return release(book, place) if book.lines[place].holder == holder else None


def record(
    book: Book,
    place: int,
    holder: int | None,
    status: ItemStatus,
    verdict: Verdict | None,
    *,
    fails_task: bool = False,
) -> Book | None:
    """Write an outcome under the fence; `fails_task`: and that the task cannot go on."""
    if book.lines[place].holder != holder:
        return None
    return end(book, place, status, verdict, fails_task=fails_task)


def end(
    book: Book,
    place: int,
    status: ItemStatus,
    verdict: Verdict | None,
    *,
    fails_task: bool = False,
) -> Book:
    """Write an outcome, whoever asks; the last one ends the task."""
    if fails_task:
        book = _end_unbegun(book, ItemStatus.FAILED)._replace(error=True)
    line = book.lines[place]
    intents = line.intents if verdict is None else _closed(line.intents, verdict)
    ended = line._replace(status=status, holder=None, intents=intents)
    return conclude(book.having(place, ended))


def cancel(book: Book, *, skip_open: bool = False) -> Book | None:
    """Stop the task before its next item; what may have been clicked is left to be read.

    `skip_open` skips that as well, which the record never does.
    """
    if book.state in (TaskState.CANCELLING, TaskState.CANCELLED):
        return book
    if book.state.is_final:
        return None
    book = book._replace(state=transition(book.state, TaskState.CANCELLING), error=True)
    return conclude(_end_unbegun(book, ItemStatus.SKIPPED, skip_open=skip_open))


def conclude(book: Book) -> Book:
    """Make the task final if every item has its outcome."""
    if not all(line.status.is_outcome for line in book.lines):
        return book
    if book.state is TaskState.CANCELLING:
        wanted = TaskState.CANCELLED
    else:
        wanted = TaskState.FAILED if book.error else TaskState.COMPLETED
    return book._replace(state=transition(book.state, wanted))


def _end_unbegun(book: Book, status: ItemStatus, *, skip_open: bool = False) -> Book:
    for place, line in enumerate(book.lines):
        if line.status is ItemStatus.NEW and (skip_open or not line.open_intents):
            book = book.having(place, line._replace(status=status))
    return book


def _closed(intents: Intents, verdict: Verdict) -> Intents:
    return tuple((mark, given or verdict) for mark, given in intents)
