"""A task that is stopped meanwhile, attempts that are spent, words that come late or never."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from orchestrator_service.manifest import account_of
from shared.contracts import (
    Claim,
    Evidence,
    EvidenceKind,
    ItemOutcome,
    MissingPicture,
    Verdict,
)
from shared.errors import (
    BrowserDied,
    NothingClicked,
    TimeIsUp,
)
from shared.record import Record, claims, intents, slots, steering, tables, tasks
from shared.task_state import ItemStatus, TaskState
from shared.utils import new_id, utc_now
from tests.integration.worker_service.office import (
    TERMS,
    Office,
    stamped,
    stamping,
)
from worker_service.claim import RecordClaim

STOPPED = pytest.mark.parametrize(
    ("stop", "state", "status"),
    [
        (Office.cancel, TaskState.CANCELLED, ItemStatus.SKIPPED),
        (Office.fail, TaskState.FAILED, ItemStatus.FAILED),
    ],
)


@STOPPED
def test_a_task_stopped_while_an_item_is_reviewed_ends(
    office: Office, stop: Callable[[Office, str], None], state: TaskState, status: ItemStatus
) -> None:
    task_id = office.accept("a", "b")

    def show(claim: Claim) -> ItemOutcome:
        if claim.key == "b":
            stop(office, task_id)
        return ItemOutcome(ItemStatus.REVIEWED, "would be stamped")

    office.serve(task_id, stamping(stamped, show=show))

    assert office.task(task_id).state is state
    assert {item.status for item in office.items(task_id).values()} == {status}


@STOPPED
def test_nothing_is_announced_for_a_task_that_was_stopped_meanwhile(
    office: Office, stop: Callable[[Office, str], None], state: TaskState, status: ItemStatus
) -> None:
    task_id = office.accept("a")

    def stamp(claim: Claim) -> ItemOutcome:
        stop(office, task_id)
        claim.state_intent(TERMS)
        return stamped(claim)

    office.serve(task_id, stamping(stamp))

    assert (office.task(task_id).state, office.items(task_id)["a"].status) == (state, status)
    with office.record.read() as connection:
        assert connection.execute(tables.intents.select()).all() == []


def test_a_click_at_the_last_attempt_is_read_before_the_item_is_given_up(office: Office) -> None:
    task_id = office.accept("a")
    acted: list[bool] = []

    def stamp(claim: Claim) -> ItemOutcome:
        acted.append(claim.may_act)
        if not claim.open_intents:
            claim.state_intent(TERMS)
            raise BrowserDied
        return stamped(claim)

    office.serve(task_id, stamping(stamp), max_attempts=1)
    office.make_due(task_id)
    office.serve(task_id, stamping(stamp), max_attempts=1)

    assert acted == [True, False]
    assert office.items(task_id)["a"].status is ItemStatus.DONE


def test_what_cannot_be_read_after_the_last_attempt_ends_unverified_with_its_reason(
    office: Office,
) -> None:
    task_id = office.accept("a")

    def stamp(claim: Claim) -> ItemOutcome:
        if not claim.open_intents:
            claim.state_intent(TERMS)
        raise BrowserDied("The browser died.")

    for _ in range(4):
        office.serve(task_id, stamping(stamp), max_attempts=2)
        office.make_due(task_id)

    ended = office.items(task_id)["a"]
    assert (ended.status, ended.attempts) == (ItemStatus.UNVERIFIED, 4)
    assert "The browser died." in ended.detail
    assert "worker died" not in ended.detail


def test_a_click_that_did_not_take_at_the_last_attempt_says_what_failed(office: Office) -> None:
    task_id = office.accept("a")

    def stamp(claim: Claim) -> ItemOutcome:
        if claim.open_intents:
            claim.close_intents(Verdict.NOT_TAKEN)
            raise NothingClicked
        claim.state_intent(TERMS)
        raise BrowserDied("The browser died.")

    office.serve(task_id, stamping(stamp), max_attempts=1)
    office.make_due(task_id)
    office.serve(task_id, stamping(stamp), max_attempts=1)

    ended = office.items(task_id)["a"]
    assert ended.status is ItemStatus.FAILED
    assert ended.detail == "Given up after 1 attempts: The browser died."


def test_the_words_of_an_error_that_is_not_ours_reach_no_client(office: Office) -> None:
    task_id = office.accept("a")

    def stamp(claim: Claim) -> ItemOutcome:
        raise RuntimeError("SELECT secret FROM /home/worker")

    for _ in range(2):
        office.serve(task_id, stamping(stamp), max_attempts=2)
        office.make_due(task_id)

    ended = office.items(task_id)["a"]
    told = f"{ended} {office.task(task_id)} {office.events(task_id)}"
    assert "RuntimeError" in told
    assert "SELECT" not in told
    assert "/home/worker" not in told


class ForgetfulRecord(Record):
    """Loses the answer to a commit when it is told to."""

    loses_answer = False

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with super().write() as connection:
            yield connection
        if self.loses_answer:
            self.loses_answer = False
            raise OperationalError("COMMIT", {}, Exception("the server closed the connection"))


def test_an_intent_whose_answer_was_lost_is_stated_once(office: Office, database_url: str) -> None:
    office.record.close()
    office.record = record = ForgetfulRecord(database_url)
    task_id = office.accept("a")
    piece = Evidence(EvidenceKind.BEFORE, "a/b.jpg", "ab" * 32, 1, "image/jpeg", utc_now())

    def stamp(claim: Claim) -> ItemOutcome:
        claim.note_evidence(piece)
        record.loses_answer = True
        intent = claim.state_intent(TERMS)
        assert claim.open_intents == (intent,)
        return stamped(claim)

    office.serve(task_id, stamping(stamp))

    assert office.items(task_id)["a"].status is ItemStatus.DONE
    with record.read() as connection:
        assert len(connection.execute(tables.intents.select()).all()) == 1
        assert len(connection.execute(tables.artifacts.select()).all()) == 1


class LateWord(RecordClaim):
    """Is given more time at the very moment at which its renewer finds the time over."""

    given = False

    @property
    def over(self) -> str | None:
        why = super().over
        if why and not self.given and threading.current_thread() is not threading.main_thread():
            self.given = True
            self.resolve_only(time.monotonic() + 60)
        return why


def test_a_wait_that_was_cut_short_by_mistake_never_counts_as_waited(office: Office) -> None:
    task_id = office.accept("a")
    office.draining.set()
    office.serve(task_id, stamping(stamped))
    with office.record.write() as connection:
        held = claims.take_next(connection, task_id, new_id())
    assert held is not None
    claim = LateWord(office.record, held, (), 30, lambda _: None)
    claim.limit(time.monotonic())

    with claim:
        while not claim.given:
            time.sleep(0.01)
        with pytest.raises(TimeIsUp):
            claim.wait_until(time.monotonic() + 30)


@pytest.mark.parametrize("announced", [False, True])
def test_waiting_ends_with_the_task_unless_something_has_to_be_read(
    office: Office, announced: bool
) -> None:
    task_id = office.accept("a")
    ended: list[bool] = []

    def stamp(claim: Claim) -> ItemOutcome:
        if announced:
            claim.state_intent(TERMS)
        office.cancel(task_id)
        patience = time.monotonic() + (1 if announced else 30)
        while not ended and time.monotonic() < patience:
            try:
                claim.still_wanted()
            except NothingClicked:
                ended.append(True)
            time.sleep(0.01)
        return stamped(claim)

    office.serve(task_id, stamping(stamp), lease_seconds=0.9)

    assert bool(ended) is not announced


def test_why_a_picture_is_missing_is_recorded_and_told_in_the_manifest(office: Office) -> None:
    task_id = office.accept("a")

    def stamp(claim: Claim) -> ItemOutcome:
        claim.note_missing(MissingPicture(EvidenceKind.AFTER, "The disk is full.", utc_now()))
        return stamped(claim)

    office.serve(task_id, stamping(stamp))

    with office.record.read() as connection:
        (item,) = account_of(connection, task_id).told["items"]
    (missing,) = item["missing_pictures"]
    assert (missing["kind"], missing["reason"]) == ("after", "The disk is full.")


@pytest.mark.parametrize("announced", [False, True])
def test_an_item_whose_slot_was_ended_for_its_time_is_only_read_and_never_worked_on(
    office: Office, announced: bool
) -> None:
    # Given an item whose slot was ended in the middle of it, after a click or before
    task_id = office.accept("a")
    acted: list[bool] = []
    office.draining.set()
    office.serve(task_id, stamping(stamped))
    office.draining.clear()
    with office.record.write() as connection:
        held = claims.take_next(connection, task_id, "ended")
        assert held is not None
        if announced:
            intents.state(connection, held, TERMS, "marker")
        task = tasks.lock(connection, task_id)
        assert task is not None
        assert steering.end_item_time(connection, task, held.item.id, "ended")
        slots.end(connection, "ended")

    def stamp(claim: Claim) -> ItemOutcome:
        acted.append(claim.may_act)
        return stamped(claim)

    # When another slot takes it up
    office.serve(task_id, stamping(stamp))

    # Then it reads what became of the click, if there was one, and otherwise ends it
    ended = office.items(task_id)["a"]
    assert acted == ([False] if announced else [])
    if announced:
        assert ended.status is ItemStatus.DONE
    else:
        assert (ended.status, ended.error) == (ItemStatus.FAILED, steering.TOOK_TOO_LONG)
