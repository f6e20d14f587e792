"""An intent is written before a click, only by the claim's holder, and closed once."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from shared.contracts import Verdict
from shared.record import Record, claims, intents, tables
from shared.utils import utc_now
from tests.integration.record.given import ACTION, PORTAL, TERMS, claimed, planned


def test_a_stated_intent_is_kept_with_all_its_terms(record: Record) -> None:
    before = utc_now()
    held = claimed(record, planned(record, ["a"]).id)

    with record.write() as connection:
        intent = intents.state(connection, held, TERMS)

    assert (intent.fence, intent.attempt) == (held.fence, 1)
    assert (intent.click_budget, intent.settle) == (TERMS.click_budget, TERMS.settle)
    assert before <= intent.stated_at <= utc_now()
    with record.read() as connection:
        assert intents.without_verdict(connection, held) == (intent,)
        row = connection.execute(select(tables.intents)).one()
    assert (row.portal, row.action, row.key, row.item_id) == (PORTAL, ACTION, "a", held.item.id)
    assert (row.session, row.browser, row.permit_ends) == ("a session", "a browser", 1234.5)
    assert (row.verdict, row.verdict_at) == (None, None)


def test_every_intent_has_a_marker_of_its_own_that_fits_a_remark(record: Record) -> None:
    held = claimed(record, planned(record, ["a"]).id)

    with record.write() as connection:
        markers = {intents.state(connection, held, TERMS).marker for _ in range(50)}

    assert len(markers) == 50
    assert all(marker.isascii() and marker.startswith("AAB-") for marker in markers)
    assert max(map(len, markers)) <= 20


def test_stating_an_intent_is_a_sign_of_life(record: Record) -> None:
    held = claimed(record, planned(record, ["a"]).id)
    with record.write() as connection:
        (sign,) = claims.held(connection)
        intents.state(connection, held, TERMS)

        assert claims.release_silent(connection, sign) is None


def test_whoever_takes_a_batch_next_finds_its_open_intents_oldest_first(record: Record) -> None:
    # Given a batch in two tasks, with an intent of a slot that died
    one, other = planned(record, ["a", "b"]), planned(record, ["a"])
    first = claimed(record, one.id)
    with record.write() as connection:
        stated = [intents.state(connection, first, TERMS)]
        claims.release_slot(connection, first.slot_id)

    # When a slot takes it for the other task, and states one of its own
    second = claimed(record, other.id, "slot-2")
    with record.write() as connection:
        stated.append(intents.state(connection, second, TERMS))

    # Then both are open, whoever stated them; another batch has none
    neighbour = claimed(record, one.id, "slot-3")
    assert neighbour.item.key == "b"
    with record.read() as connection:
        assert intents.without_verdict(connection, second) == tuple(stated)
        assert intents.without_verdict(connection, neighbour) == ()
    assert [intent.fence for intent in stated] == [1, 2]


def test_a_verdict_closes_all_open_intents_of_the_batch_and_no_others(record: Record) -> None:
    task = planned(record, ["a", "b"])
    held, neighbour = claimed(record, task.id), claimed(record, task.id)
    with record.write() as connection:
        for claim in (held, held, neighbour):
            intents.state(connection, claim, TERMS)

    with record.write() as connection:
        intents.close(connection, held, Verdict.NOT_TAKEN)

    with record.read() as connection:
        assert intents.without_verdict(connection, held) == ()
        assert len(intents.without_verdict(connection, neighbour)) == 1


def test_a_verdict_once_given_stands(record: Record) -> None:
    # Given an intent that was found not taken, and a later one
    held = claimed(record, planned(record, ["a"]).id)
    with record.write() as connection:
        intents.state(connection, held, TERMS)
        intents.close(connection, held, Verdict.NOT_TAKEN)
        intents.state(connection, held, replace(TERMS, session="another session"))

    # When the later one gets its verdict, Then the first keeps its own
    with record.write() as connection:
        intents.close(connection, held, Verdict.TAKEN)
        intents.close(connection, held, Verdict.UNKNOWN)
    with record.read() as connection:
        rows = connection.execute(select(tables.intents).order_by(tables.intents.c.id)).all()
    assert [row.verdict for row in rows] == ["not_taken", "taken"]
    assert all(row.verdict_at is not None for row in rows)
