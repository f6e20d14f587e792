"""Sessions open, last while they are used, and end."""

import pytest
import time_machine

from esc_simulator.database import Database
from esc_simulator.sessions import Sessions

LENGTH_SECONDS = 1800


@pytest.fixture
def sessions(database: Database) -> Sessions:
    return Sessions(database, LENGTH_SECONDS)


def test_an_open_session_is_found_with_its_user_and_token(sessions: Sessions) -> None:
    opened = sessions.open("officer")

    assert sessions.find(opened.session_id) == opened
    assert opened.username == "officer"


def test_every_session_has_its_own_id_and_token(sessions: Sessions) -> None:
    first, second = sessions.open("officer"), sessions.open("officer")

    assert first.session_id != second.session_id
    assert not first.owns_token(second.csrf_token)
    assert first.owns_token(first.csrf_token)


def test_a_session_that_is_not_used_expires(sessions: Sessions) -> None:
    with time_machine.travel(1_000_000, tick=False) as clock:
        session = sessions.open("officer")
        clock.shift(LENGTH_SECONDS)

        assert sessions.find(session.session_id) is None


def test_a_session_that_is_used_goes_on(sessions: Sessions) -> None:
    with time_machine.travel(1_000_000, tick=False) as clock:
        session = sessions.open("officer")
        for _ in range(5):
            clock.shift(LENGTH_SECONDS - 1)
            assert sessions.find(session.session_id) == session


def test_signing_out_ends_one_session(sessions: Sessions) -> None:
    ended, other = sessions.open("officer"), sessions.open("officer")

    sessions.end(ended.session_id)

    assert sessions.find(ended.session_id) is None
    assert sessions.find(other.session_id) == other


def test_all_sessions_end_at_once(sessions: Sessions) -> None:
    opened = [sessions.open("officer") for _ in range(3)]

    assert sessions.end_all() == 3
    assert [sessions.find(session.session_id) for session in opened] == [None] * 3


def test_expired_sessions_are_forgotten_when_the_next_one_opens(sessions: Sessions) -> None:
    with time_machine.travel(1_000_000, tick=False) as clock:
        sessions.open("officer")
        clock.shift(LENGTH_SECONDS)
        sessions.open("officer")

    assert sessions.end_all() == 1
