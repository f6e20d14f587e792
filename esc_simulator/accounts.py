"""Accounts: who may sign in, and when an account is locked."""

import hashlib
import hmac
import os
from dataclasses import dataclass
from enum import Enum

from esc_simulator.database import Database, now

WRONG_PASSWORDS_UNTIL_LOCKED = 5

_HASH_ROUNDS = 50_000


class LoginVerdict(Enum):
    """What the portal says to a sign-in."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    LOCKED = "locked"


@dataclass(frozen=True)
class LoginAnswer:
    """The verdict, and how many wrong passwords are left before the account is locked."""

    verdict: LoginVerdict
    attempts_left: int


class Accounts:
    """Checks passwords. An account locked by wrong passwords stays locked over restarts."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def set_password(self, username: str, password: str) -> None:
        """Create the account, or give it this password. A lock stays."""
        salt = os.urandom(16)
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?)",
                (username, salt, _hash(password, salt)),
            )

    def log_in(self, username: str, password: str) -> LoginAnswer:
        """Check the password and count the attempt.

        Names without an account are counted and locked like the others, so that the answer
        does not tell which names exist.
        """
        right = self._password_is_right(username, password)
        with self._database.writing() as connection:
            row = connection.execute(
                "SELECT in_a_row FROM wrong_passwords WHERE username = ?", (username,)
            ).fetchone()
            wrong_in_a_row = row["in_a_row"] if row else 0
            locked = wrong_in_a_row >= WRONG_PASSWORDS_UNTIL_LOCKED
            if not locked:
                wrong_in_a_row = 0 if right else wrong_in_a_row + 1
                connection.execute(
                    "INSERT OR REPLACE INTO wrong_passwords VALUES (?, ?)",
                    (username, wrong_in_a_row),
                )
            accepted = right and not locked
            connection.execute(
                "INSERT INTO login_attempts (username, at, succeeded) VALUES (?, ?, ?)",
                (username, now(), accepted),
            )
        attempts_left = WRONG_PASSWORDS_UNTIL_LOCKED - wrong_in_a_row
        if accepted:
            return LoginAnswer(LoginVerdict.ACCEPTED, attempts_left)
        return LoginAnswer(
            LoginVerdict.WRONG if attempts_left else LoginVerdict.LOCKED, attempts_left
        )

    def unlock(self, username: str) -> None:
        """Lift the lock, as the helpdesk would."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM wrong_passwords WHERE username = ?", (username,))

    def _password_is_right(self, username: str, password: str) -> bool:
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT salt, password_hash FROM accounts WHERE username = ?", (username,)
            ).fetchone()
        if row is None:
            return False
        return hmac.compare_digest(row["password_hash"], _hash(password, row["salt"]))


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _HASH_ROUNDS)
