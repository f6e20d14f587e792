"""Logins: one at a time for one account, and none after a refusal."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from shared.record import Record, logins
from shared.record.logins import Account, LoginRow
from shared.record.persistence import persist
from tests.integration.record.processes import DEADLINE_SECONDS, together

ACCOUNT = Account("https://esc.example.org", "officer", "ab" * 32)
PROCESSES = 4
TURNS = 5


def log_in_in_turn(url: str, holder: str, marks: Path) -> int:
    """Take turns to log in; a file marks each, which the system refuses to make twice."""
    record = Record(url)
    turns = 0
    deadline = time.monotonic() + DEADLINE_SECONDS
    while turns < TURNS:
        assert time.monotonic() < deadline, "the turn did not come"
        row = persist(record, lambda connection: logins.get(connection, ACCOUNT))
        if row.holder is not None or not _take(record, holder, row):
            time.sleep(0.005)
            continue
        mark = marks / "logging-in"
        mark.touch(exist_ok=False)
        time.sleep(0)  # somebody else's turn, if he thinks that it is his
        mark.unlink()
        persist(record, lambda connection: logins.free(connection, holder))
        turns += 1
    record.close()
    return turns


def _row(record: Record, account: Account = ACCOUNT) -> LoginRow:
    with record.write() as connection:
        return logins.get(connection, account)


def _take(record: Record, holder: str, seen: LoginRow) -> bool:
    return persist(record, lambda connection: logins.take(connection, ACCOUNT, holder, seen))


def test_a_new_account_is_free_and_not_refused(record: Record) -> None:
    assert _row(record) == _row(record) == LoginRow(0, None, None, None)


def test_processes_that_want_to_log_in_together_do_so_one_at_a_time(
    record: Record, record_url: str, tmp_path: Path
) -> None:
    turns = together(
        log_in_in_turn, [(record_url, f"slot-{n}", tmp_path) for n in range(PROCESSES)]
    )

    assert turns == [TURNS] * PROCESSES
    assert _row(record) == LoginRow(PROCESSES * TURNS, None, None, None)


def test_whoever_saw_an_older_row_has_no_turn(record: Record) -> None:
    seen = _row(record)
    assert _take(record, "slot-1", seen)

    assert not _take(record, "slot-2", seen)
    assert _row(record) == LoginRow(1, "slot-1", None, None)


def test_a_turn_can_be_taken_from_a_holder_that_is_dead(record: Record) -> None:
    _take(record, "dead", _row(record))

    assert _take(record, "slot-2", _row(record))
    assert _row(record) == LoginRow(2, "slot-2", None, None)


def test_a_holder_that_lost_its_turn_frees_nothing_of_the_next_one_s(record: Record) -> None:
    _take(record, "stalled", _row(record))
    _take(record, "slot-2", _row(record))

    with record.write() as connection:
        logins.free(connection, "stalled")

    assert _row(record).holder == "slot-2"


def test_after_a_refusal_nobody_tries_this_password_again(record: Record) -> None:
    # Given a slot whose login was refused, and another one that waits
    _take(record, "slot-1", _row(record))
    with record.write() as connection:
        logins.refuse(connection, ACCOUNT, "login_refused", "Wrong password.")
        logins.free(connection, "slot-1")

    # When that one wants its turn, Then there is none; and the first reason stands
    row = _row(record)
    assert row == LoginRow(1, None, "login_refused", "Wrong password.")
    assert not _take(record, "slot-2", row)
    with record.write() as connection:
        logins.refuse(connection, ACCOUNT, "account_locked", "Locked.")
    assert _row(record).refused == "login_refused"


def test_a_changed_password_another_account_and_another_portal_are_free(record: Record) -> None:
    _row(record)
    with record.write() as connection:
        logins.refuse(connection, ACCOUNT, "login_refused", "Wrong password.")

    for other in (
        replace(ACCOUNT, credential="cd" * 32),
        replace(ACCOUNT, account="deputy"),
        replace(ACCOUNT, portal="https://other.example.org"),
    ):
        assert _row(record, other).refused is None
