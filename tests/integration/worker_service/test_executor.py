"""One slot at work, on a real record, with task types of the tests' own."""

from __future__ import annotations

import time

from shared.contracts import (
    Claim,
    EventType,
    ItemOutcome,
)
from shared.errors import (
    ApplicationError,
    BatchRefused,
    ClaimLost,
    LoginRefused,
)
from shared.record import claims, slots, tables
from shared.task_state import ItemStatus, TaskState
from shared.utils import new_id, utc_now
from tests.integration.worker_service.office import (
    TERMS,
    LetterParams,
    Office,
    plan_letters,
    stamped,
    stamping,
)
from worker_service.context import TaskContext
from worker_service.registry import Plan


def test_a_task_is_planned_worked_off_and_completed_in_one_turn(office: Office) -> None:
    task_id = office.accept("a", "b", "c")

    state = office.serve(task_id, stamping(stamped))

    assert state == "completed"
    done = office.task(task_id)
    assert (done.state, done.total, done.finished, done.progress) == (
        TaskState.COMPLETED,
        3,
        3,
        100,
    )
    assert done.result is not None
    assert done.result["message"] == "3 stamped"
    assert {item.status for item in office.items(task_id).values()} == {ItemStatus.DONE}


def test_the_history_tells_every_step_once_and_in_order(office: Office) -> None:
    task_id = office.accept("a", "b")

    office.serve(task_id, stamping(stamped))

    history = office.events(task_id)
    assert [event.id for event in history] == list(range(1, len(history) + 1))
    assert [event.type.value for event in history] == [
        "status",
        "status",
        *("log", "progress"),
        *("item", "log", "progress"),
        *("item", "log", "progress"),
        "status",
        "completed",
    ]
    shown = [event.data["progress"] for event in history if event.type is EventType.PROGRESS]
    assert shown == sorted(shown)
    assert history[4].data["status"] == "stamped"
    assert history[5].data["message"] == "a: stamped (a stamped)"
    assert task_id in office.told


def test_a_doorbell_that_comes_twice_is_answered_once(office: Office) -> None:
    task_id = office.accept("a")
    slot_id = new_id()
    with office.record.write() as connection:
        slots.ring(connection, task_id, [slot_id])
    executor = office.executor(stamping(stamped))

    answers = [executor.serve(slot_id, task_id), executor.serve(slot_id, task_id)]

    assert answers == ["completed", "answered before"]


def test_a_doorbell_nobody_rang_does_nothing(office: Office) -> None:
    assert office.executor(stamping(stamped)).serve(new_id(), new_id()) == "answered before"


def test_a_letter_the_office_refuses_is_an_outcome_not_a_failure(office: Office) -> None:
    task_id = office.accept("a", "b")

    def stamp(claim: Claim) -> ItemOutcome:
        if claim.key == "a":
            raise BatchRefused("No postage.")
        return stamped(claim)

    office.serve(task_id, stamping(stamp))

    assert office.task(task_id).state is TaskState.COMPLETED
    refused = office.items(task_id)["a"]
    assert (refused.status, refused.detail, refused.attempts) == (
        ItemStatus.REFUSED,
        "No postage.",
        1,
    )


def test_passing_trouble_is_tried_again_later_and_holds_up_nobody(office: Office) -> None:
    task_id = office.accept("a", "b")
    tries: list[str] = []

    def stamp(claim: Claim) -> ItemOutcome:
        tries.append(claim.key)
        if tries == ["a"]:
            raise ApplicationError("The ink is wet.")
        return stamped(claim)

    first = office.serve(task_id, stamping(stamp))
    put_off = office.items(task_id)["a"]
    office.make_due(task_id)
    second = office.serve(task_id, stamping(stamp))

    assert (first, second) == ("running", "completed")
    assert tries == ["a", "b", "a"]
    assert put_off.status is ItemStatus.NEW
    assert put_off.delay is not None
    assert office.items(task_id)["a"].attempts == 2
    lines = [e.data["message"] for e in office.events(task_id) if e.type is EventType.LOG]
    assert any("The ink is wet." in line for line in lines)


def test_attempts_are_spent_and_the_item_says_so(office: Office) -> None:
    task_id = office.accept("a")

    def stamp(claim: Claim) -> ItemOutcome:
        raise ApplicationError("The ink is wet.")

    for _ in range(2):
        office.serve(task_id, stamping(stamp), max_attempts=2)
        office.make_due(task_id)

    failed = office.items(task_id)["a"]
    assert failed.status is ItemStatus.FAILED
    assert office.task(task_id).state is TaskState.COMPLETED
    assert "2 attempts" in failed.detail


def test_an_error_nobody_foresaw_does_not_stop_the_slot(office: Office) -> None:
    task_id = office.accept("a", "b")

    def stamp(claim: Claim) -> ItemOutcome:
        if claim.key == "a":
            raise ZeroDivisionError
        return stamped(claim)

    office.serve(task_id, stamping(stamp), max_attempts=1)

    assert office.items(task_id)["a"].status is ItemStatus.FAILED
    assert office.items(task_id)["b"].status is ItemStatus.DONE


def test_a_refused_login_ends_the_task_and_accounts_for_every_item(office: Office) -> None:
    task_id = office.accept("a", "b", "c")

    def stamp(claim: Claim) -> ItemOutcome:
        if claim.key == "b":
            raise LoginRefused("Wrong password.")
        return stamped(claim)

    office.serve(task_id, stamping(stamp))

    ended = office.task(task_id)
    assert (ended.state, ended.error, ended.error_code) == (
        TaskState.FAILED,
        "Wrong password.",
        "login_refused",
    )
    statuses = [item.status for item in office.items(task_id).values()]
    assert statuses == [ItemStatus.DONE, ItemStatus.FAILED, ItemStatus.FAILED]
    last = office.events(task_id)[-1]
    assert (last.type, last.data["error"]) == (EventType.FAILED, "Wrong password.")


def test_an_announced_click_is_never_called_failed(office: Office) -> None:
    task_id = office.accept("a")

    def stamp(claim: Claim) -> ItemOutcome:
        claim.state_intent(TERMS)
        raise LoginRefused("Signed out in the middle.")

    office.serve(task_id, stamping(stamp))

    assert office.items(task_id)["a"].status is ItemStatus.UNVERIFIED


def test_a_later_task_learns_of_a_click_that_nobody_has_read(office: Office) -> None:
    # Given a task that ended before anybody had read what became of its click
    first = office.accept("a")
    seen: list[int] = []

    def stamp(claim: Claim) -> ItemOutcome:
        seen.append(len(claim.open_intents))
        if len(seen) == 1:
            claim.state_intent(TERMS)
            raise LoginRefused("Signed out in the middle.")
        return stamped(claim)

    office.serve(first, stamping(stamp))
    assert office.items(first)["a"].status is ItemStatus.UNVERIFIED

    # When another task is about the same batch
    office.serve(office.accept("a"), stamping(stamp))

    # Then it is told of the click, and has to read it before it makes one of its own
    assert seen == [0, 1]


def test_whoever_comes_next_learns_of_an_open_intent(office: Office) -> None:
    task_id = office.accept("a")
    seen: list[int] = []

    def stamp(claim: Claim) -> ItemOutcome:
        seen.append(len(claim.open_intents))
        if claim.attempt == 1:
            claim.state_intent(TERMS)
            raise ApplicationError("The browser died.")
        return stamped(claim)

    office.serve(task_id, stamping(stamp))
    office.make_due(task_id)
    office.serve(task_id, stamping(stamp))

    assert seen == [0, 1]


def test_the_old_holder_of_a_claim_can_announce_and_record_nothing(office: Office) -> None:
    """The claim is released under the holder's hands and taken by another slot."""
    task_id = office.accept("a")
    lost: list[str] = []

    def stamp(claim: Claim) -> ItemOutcome:
        with office.record.write() as connection:
            (sign,) = claims.held(connection)
            claims.release_silent(connection, sign)
            claims.take_next(connection, task_id, "another slot")
        try:
            claim.state_intent(TERMS)
        except ClaimLost as error:
            lost.append(str(error))
        return stamped(claim)

    office.serve(task_id, stamping(stamp))

    assert lost
    assert office.items(task_id)["a"].status is ItemStatus.IN_PROGRESS
    assert office.items(task_id)["a"].slot_id == "another slot"
    with office.record.read() as connection:
        assert connection.execute(tables.outcomes.select()).all() == []


def test_a_slot_from_which_an_item_was_taken_leaves(office: Office) -> None:
    task_id = office.accept("a", "b")
    stamped_by_us: list[str] = []

    def stamp(claim: Claim) -> ItemOutcome:
        stamped_by_us.append(claim.key)
        with office.record.write() as connection:
            (sign,) = claims.held(connection)
            claims.release_silent(connection, sign)
        return stamped(claim)

    office.serve(task_id, stamping(stamp))

    assert stamped_by_us == ["a"]
    assert {item.status for item in office.items(task_id).values()} == {ItemStatus.NEW}


def test_an_item_that_kills_its_worker_is_given_up(office: Office) -> None:
    """A worker that dies leaves an attempt behind and no decision."""
    task_id = office.accept("poison", "b")
    office.draining.set()
    office.serve(task_id, stamping(stamped))
    office.draining.clear()
    for _ in range(3):
        with office.record.write() as connection:
            claims.take_next(connection, task_id, "dead slot")
            claims.release_slot(connection, "dead slot")

    office.serve(task_id, stamping(stamped))

    given_up = office.items(task_id)["poison"]
    assert given_up.status is ItemStatus.FAILED
    assert "died" in given_up.detail


def test_planning_that_fails_for_good_fails_the_task_with_the_reason(office: Office) -> None:
    task_id = office.accept("a")

    def plan(params: LetterParams, context: TaskContext) -> Plan:
        raise LoginRefused("Wrong password.")

    office.serve(task_id, stamping(stamped, plan))

    ended = office.task(task_id)
    assert (ended.state, ended.error) == (TaskState.FAILED, "Wrong password.")


def test_planning_is_tried_again_after_passing_trouble(office: Office) -> None:
    task_id = office.accept("a")
    tries: list[int] = []

    def plan(params: LetterParams, context: TaskContext) -> Plan:
        tries.append(1)
        if len(tries) == 1:
            raise ApplicationError("Slow.")
        return plan_letters(params, context)

    first = office.serve(task_id, stamping(stamped, plan))
    delay = office.task(task_id).delay
    second = office.serve(task_id, stamping(stamped, plan))

    assert (first, second) == ("running", "completed")
    assert delay is not None
    assert delay > 0


def test_a_plan_without_items_completes_the_task(office: Office) -> None:
    task_id = office.accept()

    office.serve(task_id, stamping(stamped))

    ended = office.task(task_id)
    assert ended.state is TaskState.COMPLETED
    assert ended.result is not None
    assert ended.result["message"] == "Nothing to do"


def test_what_another_open_task_works_on_is_left_out_of_a_plan_by_choice(office: Office) -> None:
    def plan(params: LetterParams, context: TaskContext) -> Plan:
        return Plan(
            "https://letters.example",
            "stamp",
            ["a", "b", "c", "d"],
            lambda keys: {"letters": list(keys)},
            leave_out_open=True,
            at_most=2,
        )

    first = office.accept("a")
    office.draining.set()
    office.serve(first, stamping(stamped))
    office.draining.clear()
    second = office.accept("x")

    office.serve(second, stamping(stamped, plan))

    assert list(office.items(second)) == ["b", "c"]
    assert office.task(second).params == {"letters": ["b", "c"]}


def test_a_slot_leaves_when_its_turn_is_over_and_another_task_waits(office: Office) -> None:
    long = office.accept("a", "b", "c")
    other = office.accept("x")
    with office.record.write() as connection:
        slots.ring(connection, other, [new_id()])

    state = office.serve(long, stamping(stamped), turn_seconds=0)

    assert state == "running"
    assert [item.status for item in office.items(long).values()].count(ItemStatus.NEW) == 2
    due = office.task(long).next_ring_at
    assert due is not None
    assert due <= utc_now()


def test_a_slot_keeps_its_turn_while_nobody_else_waits(office: Office) -> None:
    task_id = office.accept("a", "b", "c")

    assert office.serve(task_id, stamping(stamped), turn_seconds=0) == "completed"


def test_a_worker_told_to_leave_finishes_the_item_in_hand_and_no_other(office: Office) -> None:
    task_id = office.accept("a", "b")

    def stamp(claim: Claim) -> ItemOutcome:
        office.draining.set()
        return stamped(claim)

    state = office.serve(task_id, stamping(stamp))

    assert state == "running"
    statuses = [item.status for item in office.items(task_id).values()]
    assert statuses == [ItemStatus.DONE, ItemStatus.NEW]
    with office.record.read() as connection:
        assert slots.live(connection) == []
        assert claims.held(connection) == []


def test_a_lease_nobody_could_renew_counts_as_lost(office: Office) -> None:
    task_id = office.accept("a")
    lost: list[bool] = []

    def stamp(claim: Claim) -> ItemOutcome:
        with office.record.write() as connection:
            (sign,) = claims.held(connection)
            claims.release_silent(connection, sign)
        try:
            claim.wait_until(time.monotonic() + 20)
        except ClaimLost:
            lost.append(True)
        return stamped(claim)

    office.serve(task_id, stamping(stamp), lease_seconds=0.3)

    assert lost[0]
