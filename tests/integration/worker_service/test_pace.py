"""A portal's pace: so many requests a second, hours, and sessions, over all workers."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from automation_service.profile import Profile
from shared.contracts import Claim, ItemOutcome
from shared.errors import ClaimLost
from shared.record import Record, slots
from shared.task_state import ItemStatus, TaskState
from shared.utils import new_id, utc_now
from tests.integration.automation_service.pages import PROFILE
from tests.integration.worker_service.office import Office, stamped, stamping
from worker_service.admission import Admission
from worker_service.context import TaskContext
from worker_service.pace import RecordPacer
from worker_service.registry import TaskDefinition

PORTAL = "https://letters.example"
PER_SECOND = 20.0


@pytest.fixture
def office(tmp_path: Path, database_url: str) -> Office:
    return Office(tmp_path, database_url)


def profile_with(**pace: Any) -> Profile:
    return Profile.model_validate({**PROFILE, "site": {"pace": pace}})


def stamping_as_officer(profile: Profile, stamp: Any = stamped) -> TaskDefinition[Any]:
    """Letters that are stamped by an officer who needs the portal for it."""

    def enter(context: TaskContext) -> None:
        admission = Admission(context.record, context.browser, context.task_id, context.slot_id)
        admission.enter(profile, PORTAL, "officer")

    return stamping(stamp, enter=enter)


def maintenance(begins: timedelta, ends: timedelta) -> dict[str, Any]:
    """Hours from and until so long after now."""
    now = utc_now()
    times = {"begins": (now + begins).time(), "ends": (now + ends).time()}
    return {name: f"{moment:%H:%M:%S}" for name, moment in times.items()} | {"zone": "UTC"}


def test_slots_together_keep_to_the_pace_of_a_portal(office: Office) -> None:
    # Given four slots that ask as fast as they may
    moments: list[float] = []

    def ask() -> None:
        pacer = RecordPacer(office.record, PORTAL, PER_SECOND, {})
        for _ in range(5):
            assert pacer.turn()
            moments.append(time.monotonic())

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(60)

    # Then all their requests took as long as that many take
    assert len(moments) == 20
    assert max(moments) - min(moments) >= (len(moments) - 1) / PER_SECOND * 0.95


def test_a_turn_that_does_not_come_in_time_is_not_taken(office: Office) -> None:
    pacer = RecordPacer(office.record, PORTAL, 0.05, {})
    assert pacer.turn()

    assert not pacer.turn(time.monotonic() + 0.1)


def test_waiting_for_a_turn_ends_when_nobody_wants_the_item(office: Office) -> None:
    def is_lost() -> None:
        raise ClaimLost("It is not ours any more.")

    pacer = RecordPacer(office.record, PORTAL, 0.05, {}, is_lost)
    assert pacer.turn()

    with pytest.raises(ClaimLost):
        pacer.turn()


def test_a_portal_without_a_pace_is_asked_at_once(office: Office) -> None:
    pacer = RecordPacer(office.record, PORTAL, None, {})

    began = time.monotonic()
    assert all(pacer.turn() for _ in range(1000))

    assert time.monotonic() - began < 1


def test_a_task_waits_while_its_portal_has_maintenance_and_goes_on_then(office: Office) -> None:
    # Given a portal whose hours began a minute ago
    hours = maintenance(timedelta(minutes=-1), timedelta(minutes=2))
    closed = stamping_as_officer(profile_with(maintenance=[hours]))
    task_id = office.accept("a", "b")

    # When slots answer its doorbells
    for _ in range(2):
        assert office.serve(task_id, closed) == "running"

    # Then it waits and says so, once, and no attempt is counted
    waiting = office.task(task_id)
    assert "has its maintenance hours until" in str(waiting.waits_for)
    logged = [it.data["message"] for it in office.events(task_id) if it.type.value == "log"]
    assert logged.count(waiting.waits_for) == 1
    assert {it.status for it in office.items(task_id).values()} == {ItemStatus.NEW}
    assert {it.attempts for it in office.items(task_id).values()} == {0}
    assert waiting.delay is not None

    # And when they are over it goes on
    assert office.serve(task_id, stamping_as_officer(profile_with())) == "completed"
    assert {it.attempts for it in office.items(task_id).values()} == {1}
    assert office.task(task_id).waits_for is None


def test_what_was_begun_before_maintenance_is_brought_to_its_end(office: Office) -> None:
    # Given hours that begin while a letter is being stamped
    hours = maintenance(timedelta(seconds=2), timedelta(minutes=2))
    profile = profile_with(maintenance=[hours])

    def stamp_slowly(claim: Claim) -> ItemOutcome:
        while profile.site.pace.opens_at(utc_now()) is None:
            time.sleep(0.05)
        return stamped(claim)

    task_id = office.accept("a", "b")

    # When a slot serves the task
    office.serve(task_id, stamping_as_officer(profile, stamp_slowly))

    # Then that letter is stamped, and the next one waits
    by_status = {key: item.status for key, item in office.items(task_id).items()}
    assert by_status == {"a": ItemStatus.DONE, "b": ItemStatus.NEW}
    assert office.task(task_id).state is TaskState.RUNNING


def test_a_slot_without_a_seat_gives_its_item_back_and_does_not_wait(office: Office) -> None:
    # Given an account that may have one session, and a slot that uses it
    profile = profile_with(sessions_per_account=1)
    inside, done = threading.Event(), threading.Event()

    def stamp_when_told(claim: Claim) -> ItemOutcome:
        inside.set()
        assert done.wait(30)
        return stamped(claim)

    first, second = office.accept("a"), office.accept("b")
    definition = stamping_as_officer(profile, stamp_when_told)
    slot = threading.Thread(target=office.serve, args=(first, definition))
    slot.start()
    assert inside.wait(30)

    # When another slot answers for another task
    assert office.serve(second, stamping_as_officer(profile), pid=2) == "running"

    # Then that one waits, untried, and says for what
    assert office.items(second)["b"].attempts == 0
    assert "All 1 sessions that officer may have" in str(office.task(second).waits_for)

    # And goes on once the seat is free
    done.set()
    slot.join(30)
    assert office.serve(second, stamping_as_officer(profile), pid=2) == "completed"


def test_the_seat_of_a_dead_worker_is_free(office: Office) -> None:
    # Given a slot that died in the only seat
    profile = profile_with(sessions_per_account=1)

    dead, task_id = office.accept("a"), office.accept("b")
    slot_id = new_id()
    with office.record.write() as connection:
        slots.ring(connection, dead, [slot_id])
        slots.start(connection, slot_id, "w", 1)
    _sit_down(office.record, slot_id, dead, profile)
    assert office.serve(task_id, stamping_as_officer(profile), pid=2) == "running"

    # When its end is written, by whoever saw it die
    with office.record.write() as connection:
        slots.end(connection, slot_id)

    # Then another one may log in
    assert office.serve(task_id, stamping_as_officer(profile), pid=2) == "completed"


def _sit_down(record: Record, slot_id: str, task_id: str, profile: Profile) -> None:
    class NoBrowser:
        name = None

    admission = Admission(record, NoBrowser(), task_id, slot_id)  # type: ignore[arg-type]
    admission.enter(profile, PORTAL, "officer")
