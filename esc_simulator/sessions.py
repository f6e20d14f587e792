"""Sessions: who is signed in, for how long, and with which CSRF token."""

import hmac
import secrets
import time
from dataclasses import dataclass

from esc_simulator.database import Database

# A session is prolonged at most this many times in its length, so that reading pages rarely writes.
_PROLONGINGS = 20


@dataclass(frozen=True)
class Session:
    """One signed-in browser."""

    session_id: str
    username: str
    csrf_token: str

    def owns_token(self, csrf_token: str) -> bool:
        """Tell whether the token sent with a form is this session's."""
        return hmac.compare_digest(self.csrf_token.encode(), csrf_token.encode())


class Sessions:
    """Opens, finds and ends sessions. One that is not used for its whole length expires."""

    def __init__(self, database: Database, length_seconds: float) -> None:
        """Work on `database`, with sessions that last `length_seconds` after their last use."""
        self._database = database
        self._length_seconds = length_seconds

    def open(self, username: str) -> Session:
        """Start a session for this user, and forget the expired ones."""
        started_at = time.time()
        session = Session(secrets.token_urlsafe(24), username, secrets.token_urlsafe(24))
        with self._database.writing() as connection:
            connection.execute("DELETE FROM sessions WHERE expires_at <= ?", (started_at,))
            connection.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?)",
                (
                    session.session_id,
                    session.username,
                    session.csrf_token,
                    started_at + self._length_seconds,
                ),
            )
        return session

    def find(self, session_id: str) -> Session | None:
        """Return the live session with this id and prolong it; None if there is none."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT * FROM sessions WHERE session_id = ?", (session_id,)
            ).fetchone()
        if row is None or row["expires_at"] <= time.time():
            return None
        expires_at = time.time() + self._length_seconds
        if expires_at - row["expires_at"] > self._length_seconds / _PROLONGINGS:
            with self._database.writing() as connection:
                connection.execute(
                    "UPDATE sessions SET expires_at = ? WHERE session_id = ?",
                    (expires_at, session_id),
                )
        return Session(row["session_id"], row["username"], row["csrf_token"])

    def end(self, session_id: str) -> None:
        """End this session, as signing out does."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM sessions WHERE session_id = ?", (session_id,))

    def end_all(self) -> int:
        """End every session and return how many there were."""
        with self._database.writing() as connection:
            return connection.execute("DELETE FROM sessions").rowcount
