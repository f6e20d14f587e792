"""The truth counts what is in the database."""

import pytest

from esc_simulator.accounts import Accounts
from esc_simulator.batch import BatchStatus
from esc_simulator.batch_register import BatchRegister
from esc_simulator.database import Database
from esc_simulator.later import Later
from esc_simulator.truth import Truth


@pytest.fixture
def truth(database: Database) -> Truth:
    return Truth(database, Later())


def test_a_fresh_world_has_one_approval_for_each_approved_batch(truth: Truth) -> None:
    summary = truth.summary()

    assert summary["batches"] == 60
    assert summary["approvals"] == summary["approved"] > 0
    assert summary["double_approved"] == 0
    assert summary["approve_posts"] == summary["logins"] == summary["failed_logins"] == 0


def test_a_batch_approved_twice_counts_as_double_approved(truth: Truth, database: Database) -> None:
    before = truth.summary()
    register = BatchRegister(database)

    for batch_id in ("BATCH001", "BATCH001", "BATCH002"):
        register.decide(batch_id, BatchStatus.APPROVED, "officer", "")

    after = truth.summary()
    assert after["approved"] == before["approved"] + 2
    assert after["pending"] == before["pending"] - 2
    assert after["approvals"] == before["approvals"] + 3
    assert after["double_approved"] == 1


def test_sign_ins_are_counted_by_outcome(truth: Truth, database: Database) -> None:
    accounts = Accounts(database)
    accounts.set_password("officer", "practice")

    for password in ("wrong", "practice", "worse"):
        accounts.log_in("officer", password)

    summary = truth.summary()
    assert (summary["logins"], summary["failed_logins"]) == (1, 2)


def test_a_batch_shows_its_approvals_and_the_requests_that_arrived(
    truth: Truth, database: Database
) -> None:
    register = BatchRegister(database)
    for _ in range(3):
        register.note_post("BATCH001", "approve")
    register.decide("BATCH001", BatchStatus.APPROVED, "officer", "Looks fine")

    (batch,) = truth.batches("BATCH001")

    (approval,) = batch["approvals"]
    assert (approval["by"], approval["remark"]) == ("officer", "Looks fine")
    assert [line["what"] for line in batch["history"]] == ["Submitted", "Approved"]
    assert batch["posts"] == 3
    assert batch["status"] == "Approved"
    assert truth.summary()["approve_posts"] == 3


def test_all_batches_come_in_the_order_of_their_numbers(truth: Truth) -> None:
    numbers = [batch["number"] for batch in truth.batches()]

    assert numbers == list(range(1, 61))


def test_a_batch_tells_why_it_would_be_refused(truth: Truth) -> None:
    refusals = [batch["refusal"] for batch in truth.batches() if batch["refusal"]]

    assert any("no trainer" in refusal for refusal in refusals)
    assert any("seats exceeded" in refusal for refusal in refusals)
