"""Whatever processes do in whatever order, the record answers as the rules of the model do."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection as Pipe
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Connection, select

from shared.contracts import ItemOutcome, Verdict
from shared.errors import ClaimLost, NothingClicked, StateConflict, TransitionRefused
from shared.record import Record, claims, intents, items, outcomes, steering, tables, tasks
from shared.record.claims import HeldClaim
from shared.record.conclusion import conclude
from shared.task_state import ALLOWED_TRANSITIONS, ItemStatus, TaskState
from shared.utils import new_id
from tests.integration.record.given import ACTION, TERMS, planned
from tests.model import rules
from tests.model.rules import Book, Line

PROCESSES = 3
KEYS = ("a", "b")
SECONDS = 60.0
DOINGS = (
    *("claim", "claim", "state", "state", "release", "give back", "close"),
    *("finish", "cancel"),
)
ENDINGS = (ItemStatus.DONE, ItemStatus.REFUSED, ItemStatus.FAILED, ItemStatus.UNVERIFIED)


class _TakenBackError(Exception):
    """Rolls a transaction back."""


# -- what a process is asked to do to the record ------------------------------------------------


def claim(connection: Connection, task_id: str, slot_id: str) -> HeldClaim | None:
    """As bookkeeping.claim_next does."""
    task = tasks.lock(connection, task_id)
    assert task is not None
    if task.state not in rules.SERVED:
        return None
    return claims.take_next(connection, task_id, slot_id)


def release(connection: Connection, held: HeldClaim) -> bool:
    """Bury the slot."""
    return bool(claims.release_slot(connection, held.slot_id))


def give_back(connection: Connection, held: HeldClaim) -> bool:
    """Let the item be tried again."""
    claims.give_back(connection, held, None, None)
    return True


def state_intent(connection: Connection, held: HeldClaim) -> bool:
    """Be about to click."""
    intents.state(connection, held, TERMS)
    return True


def close_intents(connection: Connection, held: HeldClaim, verdict: Verdict) -> bool:
    """Know what became of every click."""
    intents.close(connection, held, verdict)
    return True


def finish(
    connection: Connection,
    held: HeldClaim,
    status: ItemStatus,
    verdict: Verdict | None,
    fails_task: bool,
) -> bool:
    """Write an outcome, as bookkeeping.finished and task_failed do."""
    task = tasks.lock(connection, held.item.task_id)
    assert task is not None
    if fails_task:
        steering.fail(connection, task, "broken", "It cannot go on.", None)
        task = tasks.lock(connection, task.id)
        assert task is not None
    outcomes.record(connection, held, ItemOutcome(status, "", verdict=verdict))
    conclude(connection, tasks.count_finished(connection, task, 1), None)
    return True


def cancel(connection: Connection, task_id: str) -> bool:
    """Have the task cancelled."""
    task = tasks.lock(connection, task_id)
    assert task is not None
    steering.cancel(connection, task, "somebody")
    return True


def retry(connection: Connection, task_id: str) -> str:
    """Have what did not succeed tried again; the new task's id."""
    task = tasks.lock(connection, task_id)
    assert task is not None
    return steering.retry(connection, task, "somebody", None).id


def may_become(connection: Connection, task_id: str, wanted: TaskState) -> bool:
    """Try to move the task, and take it back."""
    task = tasks.lock(connection, task_id)
    assert task is not None
    tasks.set_state(connection, task, wanted)
    raise _TakenBackError


def serve(url: str, pipe: Pipe) -> None:
    """Be a process that does to the record what it is told, one transaction for each."""
    record = Record(url)
    while (call := pipe.recv()) is not None:
        work, arguments = call
        try:
            with record.write() as connection:
                answer = work(connection, *arguments)
        except _TakenBackError:
            answer = True
        except (ClaimLost, NothingClicked, StateConflict, TransitionRefused):
            answer = None
        except Exception as error:  # the test has to hear of it, whatever it is
            answer = error
        pipe.send(answer)
    record.close()


# -- what the rules say of it -------------------------------------------------------------------


class Choice(NamedTuple):
    """What somebody does, and all that the different doings may have to choose.

    Who holds what after two things at once is chance; so nothing of it decides what is drawn.
    """

    what: str
    which: int
    verdict: Verdict
    is_said: bool
    status: ItemStatus
    fails_task: bool


class Expected(NamedTuple):
    """The book, and how often each batch was claimed."""

    book: Book
    fences: tuple[int, ...]


class Call(NamedTuple):
    """What a process is asked to do, and what the rules say of it: the answer, and the book."""

    work: Callable[..., Any]
    arguments: tuple[Any, ...]
    ruled: Callable[[Expected], tuple[Any, Expected]]


def _place(held: HeldClaim) -> int:
    return KEYS.index(held.item.key)


def _by_rule(change: Callable[[Book], Book | None]) -> Callable[[Expected], tuple[Any, Expected]]:
    def ruled(before: Expected) -> tuple[Any, Expected]:
        book = change(before.book)
        return (None, before) if book is None else (True, before._replace(book=book))

    return ruled


def _claims(before: Expected) -> tuple[Any, Expected]:
    for place, fence in enumerate(before.fences):
        book = rules.claim(before.book, place, fence + 1)
        if book is not None:
            fences = list(before.fences)
            fences[place] += 1
            return (KEYS[place], fence + 1), Expected(book, tuple(fences))
    return None, before


def _releases(held: HeldClaim) -> Callable[[Expected], tuple[Any, Expected]]:
    def ruled(before: Expected) -> tuple[Any, Expected]:
        if before.book.lines[_place(held)].holder != held.fence:
            return False, before
        book = rules.release(before.book, _place(held))
        assert book is not None
        return True, before._replace(book=book)

    return ruled


def _plain(answer: Any) -> Any:
    """An answer as the rules give it."""
    if isinstance(answer, Exception):
        raise answer
    return (answer.item.key, answer.fence) if isinstance(answer, HeldClaim) else answer


class Protocol(RuleBasedStateMachine):
    """Slots, watchers and callers, each in any process, late or not, two at a time or one."""

    def __init__(self, record: Record, processes: Sequence[Pipe]) -> None:
        super().__init__()
        self.record = record
        self.processes = processes
        self.portal = f"https://{new_id()}.example.org"
        self.task_id = planned(record, KEYS, self.portal).id
        self.expected = Expected(Book((Line(),) * len(KEYS)), (0,) * len(KEYS))
        self.held: list[HeldClaim] = []

    def _do(self, *calls: Call) -> list[Any]:
        """All at once, each in its process: as if one had come after the other, either way."""
        for pipe, call in zip(self.processes, calls, strict=False):
            pipe.send((call.work, call.arguments))
        answers = []
        for pipe, _ in zip(self.processes, calls, strict=False):
            assert pipe.poll(SECONDS), "a process did not answer"
            answers.append(pipe.recv())
        self.held += [each for each in answers if isinstance(each, HeldClaim)]
        given = [_plain(answer) for answer in answers]
        found = self._found()
        orders = [range(len(calls)), range(len(calls) - 1, -1, -1)]
        for order in orders:
            ruled, after = self._ruled(calls, order)
            if (ruled, after.book) == (given, found):
                self.expected = after
                return answers
        ruled, after = self._ruled(calls, orders[0])
        assert (given, found) == (ruled, after.book)
        return answers

    def _ruled(self, calls: Sequence[Call], order: Sequence[int]) -> tuple[list[Any], Expected]:
        answers: list[Any] = [None] * len(calls)
        after = self.expected
        for number in order:
            answers[number], after = calls[number].ruled(after)
        return answers, after

    def _found(self) -> Book:
        """The book as the record has it."""
        with self.record.read() as connection:
            task = tasks.get(connection, self.task_id)
            assert task is not None
            lines = tuple(self._line(connection, item) for item in self._items(connection))
        return Book(lines, task.state, task.error is not None)

    def _items(self, connection: Connection) -> Sequence[Any]:
        mine = tables.items.c.task_id == self.task_id
        return connection.execute(select(tables.items).where(mine).order_by("position")).all()

    def _line(self, connection: Connection, item: Any) -> Line:
        claim = tables.claims.c
        holder = connection.execute(
            select(claim.fence).where(claim.item_id == item.id, claim.holder.is_not(None))
        ).scalar_one_or_none()
        intent = tables.intents.c
        own = select(intent.verdict).where(intent.item_id == item.id).order_by(intent.id)
        verdicts = connection.execute(own).scalars()
        stated = tuple(
            (mark, None if verdict is None else Verdict(verdict))
            for mark, verdict in enumerate(verdicts)
        )
        return Line(ItemStatus(item.status), holder, item.attempts, stated)

    def _call(self, choice: Choice) -> Call:
        """One of the things that a slot, a watcher or a caller does."""
        if choice.what == "cancel":
            return Call(cancel, (self.task_id,), _by_rule(rules.cancel))
        if choice.what == "claim" or not self.held:
            return Call(claim, (self.task_id, new_id()), _claims)
        held = self.held[choice.which % len(self.held)]
        place, fence, verdict = _place(held), held.fence, choice.verdict
        if choice.what == "release":
            return Call(release, (held,), _releases(held))
        if choice.what == "give back":
            return Call(
                give_back, (held,), _by_rule(lambda book: rules.give_back(book, place, fence))
            )
        if choice.what == "state":

            def stated(book: Book) -> Book | None:
                return rules.state_intent(book, place, fence, len(book.lines[place].intents))

            return Call(state_intent, (held,), _by_rule(stated))
        if choice.what == "close":
            closed = _by_rule(lambda book: rules.close_intents(book, place, fence, verdict))
            return Call(close_intents, (held, verdict), closed)
        said = verdict if choice.is_said else None
        status, fails = choice.status, choice.fails_task
        recorded = _by_rule(
            lambda book: rules.record(book, place, fence, status, said, fails_task=fails)
        )
        return Call(finish, (held, status, said, fails), recorded)

    choices = st.builds(
        Choice,
        st.sampled_from(DOINGS),
        st.integers(0, 5),
        st.sampled_from(Verdict),
        st.booleans(),
        st.sampled_from(ENDINGS),
        st.booleans(),
    )

    @rule(choice=choices)
    def do(self, choice: Choice) -> None:
        """One thing."""
        self._do(self._call(choice))

    @rule(one=choices, other=choices)
    def do_at_once(self, one: Choice, other: Choice) -> None:
        """Two things at once, in two processes."""
        self._do(self._call(one), self._call(other))

    @rule(wanted=st.sampled_from(TaskState))
    def try_to_move(self, wanted: TaskState) -> None:
        """No process can move a task where the table does not lead."""

        def ruled(before: Expected) -> tuple[Any, Expected]:
            return wanted in ALLOWED_TRANSITIONS[before.book.state] or None, before

        self._do(Call(may_become, (self.task_id, wanted), ruled))

    @rule()
    def retry(self) -> None:
        """What failed or is unverified is tried again once, in a task of its own."""
        lines, state = self.expected.book.lines, self.expected.book.state
        left = any(line.status in steering.RETRIED for line in lines)
        allowed = state.is_final and left
        pipe = self.processes[-1]
        pipe.send((retry, (self.task_id,)))
        successor = pipe.recv()
        assert (successor is not None) == allowed, successor
        if allowed:
            self._begin_again(_plain(successor))

    def _begin_again(self, task_id: str) -> None:
        with self.record.write() as connection:
            task = tasks.lock(connection, task_id)
            assert task is not None
            task = tasks.set_state(connection, task, TaskState.RUNNING)
            items.insert(connection, task_id, self.portal, ACTION, list(KEYS))
            tasks.set_planned(connection, task, len(KEYS), task.params)
        self.task_id = task_id
        self.expected = self.expected._replace(book=Book((Line(),) * len(KEYS)))

    @invariant()
    def the_record_agrees(self) -> None:
        """Nothing else has changed either."""
        assert self._found() == self.expected.book


@contextmanager
def _process(url: str) -> Iterator[Pipe]:
    context = multiprocessing.get_context("forkserver")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(url, there), daemon=True)
    process.start()
    there.close()
    try:
        yield here
    finally:
        here.send(None)
        process.join(SECONDS)
        process.kill()
        here.close()


@pytest.mark.timeout(120)
def test_the_record_answers_as_the_rules_of_the_model_do(record: Record, record_url: str) -> None:
    with ExitStack() as stack:
        processes = [stack.enter_context(_process(record_url)) for _ in range(PROCESSES)]

        class ProtocolInThisRecord(Protocol):
            def __init__(self) -> None:
                super().__init__(record, processes)

        run_state_machine_as_test(
            ProtocolInThisRecord,
            settings=settings(
                max_examples=10,
                stateful_step_count=20,
                deadline=None,
                derandomize=True,
                phases=[Phase.generate],  # what two processes do at once cannot be made smaller
                suppress_health_check=list(HealthCheck),
            ),
        )
