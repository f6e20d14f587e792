"""A decision that is shown late is stored and counted, and no page shows it yet."""

import time
from contextlib import closing
from pathlib import Path

import pytest

from esc_simulator.batch import BatchStatus
from esc_simulator.batch_register import BatchRegister
from esc_simulator.database import Database, open_database
from esc_simulator.later import Later
from esc_simulator.truth import Truth
from esc_simulator.world import World

AN_HOUR = 3600.0


@pytest.fixture
def register(database: Database) -> BatchRegister:
    return BatchRegister(database)


def _shown(register: BatchRegister, batch_id: str) -> tuple[str, list[str]]:
    batch = register.find(batch_id)
    assert batch is not None
    return batch.status.value, [entry.what for entry in register.history(batch_id)]


def test_pages_show_the_batch_as_it_was_and_the_truth_as_it_is(
    register: BatchRegister, database: Database
) -> None:
    before = (register.counts(), register.list_page(BatchStatus.PENDING, "", "id", 1))

    register.decide("BATCH001", BatchStatus.APPROVED, "officer", "", shown_after=AN_HOUR)

    assert _shown(register, "BATCH001") == ("Pending", ["Submitted"])
    assert (register.counts(), register.list_page(BatchStatus.PENDING, "", "id", 1)) == before
    (true,) = Truth(database, Later()).batches("BATCH001")
    assert (true["status"], len(true["approvals"])) == ("Approved", 1)


def test_its_time_come_the_decision_is_shown(register: BatchRegister) -> None:
    register.decide("BATCH001", BatchStatus.APPROVED, "officer", "", shown_after=1e-6)

    register.decide("BATCH002", BatchStatus.APPROVED, "officer", "", shown_after=AN_HOUR)

    # SQLite's clock counts whole milliseconds: for one it may still be hidden.
    deadline = time.monotonic() + 10
    while _shown(register, "BATCH001")[0] == "Pending":
        assert time.monotonic() < deadline
    assert _shown(register, "BATCH001") == ("Approved", ["Submitted", "Approved"])
    assert _shown(register, "BATCH002") == ("Pending", ["Submitted"])


def test_a_later_decision_that_is_shown_at_once_stands_alone(register: BatchRegister) -> None:
    register.decide("BATCH001", BatchStatus.APPROVED, "officer", "", shown_after=AN_HOUR)

    register.decide("BATCH001", BatchStatus.REJECTED, "s.kulkarni", "")

    assert _shown(register, "BATCH001") == ("Rejected", ["Submitted", "Rejected"])


def test_while_something_is_hidden_everything_else_is_shown_as_ever(
    register: BatchRegister,
) -> None:
    lists = [register.list_page(status, "", "id", 1) for status in BatchStatus]

    register.decide("BATCH001", BatchStatus.APPROVED, "officer", "", shown_after=AN_HOUR)

    assert [register.list_page(status, "", "id", 1) for status in BatchStatus] == lists


def test_a_restarted_portal_shows_nothing_earlier(tmp_path: Path) -> None:
    path = tmp_path / "portal.sqlite3"
    with closing(open_database(path, World(5, 7))) as database:
        register = BatchRegister(database)
        register.decide("BATCH001", BatchStatus.APPROVED, "officer", "", shown_after=AN_HOUR)

    with closing(open_database(path, World(5, 7))) as database:
        assert _shown(BatchRegister(database), "BATCH001") == ("Pending", ["Submitted"])


def test_a_file_kept_from_before_late_displays_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "portal.sqlite3"
    with closing(open_database(path, World(5, 7))) as database, database.writing() as connection:
        connection.execute("DROP TABLE late_displays")

    with closing(open_database(path, World(5, 7))) as database:
        assert _shown(BatchRegister(database), "BATCH001") == ("Pending", ["Submitted"])
