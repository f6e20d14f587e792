"""Passwords are checked and accounts locked."""

from contextlib import closing
from pathlib import Path

import pytest

from esc_simulator.accounts import Accounts, LoginVerdict
from esc_simulator.database import Database, open_database
from esc_simulator.world import World


@pytest.fixture
def accounts(database: Database) -> Accounts:
    accounts = Accounts(database)
    accounts.set_password("officer", "practice")
    return accounts


def _fail(accounts: Accounts, times: int, username: str = "officer") -> list[LoginVerdict]:
    return [accounts.log_in(username, "wrong").verdict for _ in range(times)]


def test_the_right_password_is_accepted(accounts: Accounts) -> None:
    assert accounts.log_in("officer", "practice").verdict is LoginVerdict.ACCEPTED


def test_a_wrong_password_is_refused_and_tells_how_many_are_left(accounts: Accounts) -> None:
    answer = accounts.log_in("officer", "wrong")

    assert answer.verdict is LoginVerdict.WRONG
    assert answer.attempts_left == 4


def test_the_fifth_wrong_password_locks_the_account(accounts: Accounts) -> None:
    assert _fail(accounts, 5) == [LoginVerdict.WRONG] * 4 + [LoginVerdict.LOCKED]


def test_a_locked_account_refuses_the_right_password(accounts: Accounts) -> None:
    _fail(accounts, 5)

    assert accounts.log_in("officer", "practice").verdict is LoginVerdict.LOCKED


def test_a_right_password_forgives_the_wrong_ones_before(accounts: Accounts) -> None:
    _fail(accounts, 4)
    accounts.log_in("officer", "practice")

    assert _fail(accounts, 4) == [LoginVerdict.WRONG] * 4


def test_locking_one_account_leaves_the_others_alone(accounts: Accounts) -> None:
    accounts.set_password("deputy", "practice")

    _fail(accounts, 5)

    assert accounts.log_in("deputy", "practice").verdict is LoginVerdict.ACCEPTED


def test_names_without_an_account_are_refused_and_locked_alike(accounts: Accounts) -> None:
    assert _fail(accounts, 5, "nobody") == _fail(accounts, 5, "officer")


def test_the_helpdesk_unlocks_an_account(accounts: Accounts) -> None:
    _fail(accounts, 5)

    accounts.unlock("officer")

    assert accounts.log_in("officer", "practice").verdict is LoginVerdict.ACCEPTED


def test_a_lock_survives_a_restart_and_a_new_password(tmp_path: Path) -> None:
    path = tmp_path / "portal.sqlite3"
    with closing(open_database(path, World(1, 7))) as database:
        _fail(Accounts(database), 5)

    with closing(open_database(path, World(1, 7))) as database:
        accounts = Accounts(database)
        accounts.set_password("officer", "practice")
        assert accounts.log_in("officer", "practice").verdict is LoginVerdict.LOCKED
