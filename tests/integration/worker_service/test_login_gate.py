"""One login at a time, and none after a refusal, over several slots on one record."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from automation_service.portal import Credentials
from shared.errors import AccountLocked, LoginRefused, TimeIsUp
from shared.record import Record, logins, migrate, tables
from worker_service.login_gate import RecordLoginGate

PORTAL = "http://portal.example"
OFFICER = Credentials("officer", "right")


@pytest.fixture
def record(database_url: str) -> Iterator[Record]:
    found = Record(database_url)
    migrate(found)
    yield found
    found.close()


def test_slots_log_in_one_after_another(record: Record) -> None:
    inside: list[int] = []
    most: list[int] = []

    def log_in(number: int) -> None:
        with RecordLoginGate(record, PORTAL, OFFICER, f"slot {number}").turn():
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    slots = [threading.Thread(target=log_in, args=(number,)) for number in range(6)]
    for slot in slots:
        slot.start()
    for slot in slots:
        slot.join(timeout=60)

    assert most == [1] * 6


def test_after_one_refusal_nobody_tries_the_same_password(record: Record) -> None:
    first = RecordLoginGate(record, PORTAL, OFFICER, "slot 1")
    with first.turn():
        first.refused(LoginRefused("Invalid user name or password."))

    with (
        pytest.raises(LoginRefused, match="Invalid user name or password"),
        RecordLoginGate(record, PORTAL, OFFICER, "slot 2").turn(),
    ):
        pytest.fail("The turn was given after a refusal.")


def test_a_locked_account_stays_locked_for_everyone(record: Record) -> None:
    first = RecordLoginGate(record, PORTAL, OFFICER, "slot 1")
    with first.turn():
        first.refused(AccountLocked("Locked."))

    with (
        pytest.raises(AccountLocked),
        RecordLoginGate(record, PORTAL, OFFICER, "slot 2").turn(),
    ):
        pytest.fail("The turn was given for a locked account.")


def test_a_corrected_password_is_tried(record: Record) -> None:
    wrong = RecordLoginGate(record, PORTAL, Credentials("officer", "wrong"), "slot 1")
    with wrong.turn():
        wrong.refused(LoginRefused("No."))

    entered = False
    with RecordLoginGate(record, PORTAL, OFFICER, "slot 2").turn():
        entered = True

    assert entered


def test_the_turn_of_a_dead_slot_is_free_with_it(record: Record) -> None:
    turn = RecordLoginGate(record, PORTAL, OFFICER, "dead slot").turn()
    turn.__enter__()
    with record.write() as connection:
        logins.free(connection, "dead slot")

    entered = False
    with RecordLoginGate(record, PORTAL, OFFICER, "slot 2").turn():
        entered = True

    assert entered


def test_the_record_never_holds_the_password(record: Record) -> None:
    with RecordLoginGate(record, PORTAL, Credentials("officer", "hunter2-secret"), "s").turn():
        pass

    with record.read() as connection:
        rows = connection.execute(tables.logins.select()).all()

    assert "hunter2-secret" not in repr(rows)


def test_waiting_for_a_turn_ends_when_nobody_wants_it_any_more(record: Record) -> None:
    def is_over() -> None:
        raise TimeIsUp

    waiting = RecordLoginGate(record, PORTAL, OFFICER, "slot 2", is_over)

    with (
        RecordLoginGate(record, PORTAL, OFFICER, "slot 1").turn(),
        pytest.raises(TimeIsUp),
        waiting.turn(),
    ):
        pytest.fail("The turn was given twice.")
