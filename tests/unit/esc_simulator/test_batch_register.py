"""Finding, listing and deciding batches."""

import pytest

from esc_simulator.batch import BatchStatus
from esc_simulator.batch_register import PAGE_SIZE, BatchRegister
from esc_simulator.database import Database


@pytest.fixture
def register(database: Database) -> BatchRegister:
    return BatchRegister(database)


def test_a_batch_is_found_by_exactly_its_id(register: BatchRegister) -> None:
    found = register.find("BATCH007")

    assert found is not None
    assert found.number == 7
    assert register.find("BATCH7") is None
    assert register.find("batch007") is None


def test_pages_hold_25_batches_and_the_last_one_the_rest(register: BatchRegister) -> None:
    pages = [register.list_page(None, "", "id", number) for number in (1, 2, 3)]

    assert [len(page.batches) for page in pages] == [PAGE_SIZE, PAGE_SIZE, 10]
    assert [(page.first, page.last) for page in pages] == [(1, 25), (26, 50), (51, 60)]
    assert {(page.pages, page.total) for page in pages} == {(3, 60)}


@pytest.mark.parametrize(("asked", "shown"), [(0, 1), (-4, 1), (99, 3)])
def test_a_page_outside_the_list_gives_the_nearest(
    register: BatchRegister, asked: int, shown: int
) -> None:
    assert register.list_page(None, "", "id", asked).page == shown


def test_oldest_come_first_unless_asked_otherwise(register: BatchRegister) -> None:
    oldest = register.list_page(None, "", "oldest", 1).batches
    newest = register.list_page(None, "", "newest", 1).batches

    assert [b.submitted_on for b in oldest] == sorted(b.submitted_on for b in oldest)
    assert [b.submitted_on for b in newest] == sorted(
        (b.submitted_on for b in newest), reverse=True
    )
    assert oldest[0].age_days > newest[0].age_days
    assert register.list_page(None, "", "by colour", 1).batches == oldest


def test_the_list_can_be_narrowed_to_one_status(register: BatchRegister) -> None:
    # Given at least one batch of every status
    register.decide("BATCH001", BatchStatus.FORWARDED, "system", "")

    for status in BatchStatus:
        listing = register.list_page(status, "", "id", 1)

        assert {batch.status for batch in listing.batches} == {status}
        assert listing.total == register.counts()[status]


def test_searching_finds_every_id_with_the_text_in_it(register: BatchRegister) -> None:
    found = register.list_page(None, "batch01", "id", 1).batches

    assert [batch.batch_id for batch in found] == [f"BATCH01{digit}" for digit in range(10)]


def test_search_text_has_no_wildcards(register: BatchRegister) -> None:
    assert register.list_page(None, "BATCH%", "id", 1).total == 0
    assert register.list_page(None, "BATCH___", "id", 1).total == 0


def test_an_empty_list_has_one_empty_page(register: BatchRegister) -> None:
    listing = register.list_page(None, "nothing like it", "id", 1)

    assert (listing.page, listing.pages, listing.first, listing.last) == (1, 1, 0, 0)


def test_approving_changes_the_status_and_is_told_in_the_history(register: BatchRegister) -> None:
    register.decide("BATCH001", BatchStatus.APPROVED, "officer", "Looks fine")

    batch = register.find("BATCH001")
    last = register.history("BATCH001")[-1]
    assert batch is not None
    assert batch.status is BatchStatus.APPROVED
    assert (last.who, last.what, last.remark) == ("officer", "Approved", "Looks fine")


def test_approving_twice_records_two_approvals(register: BatchRegister) -> None:
    register.decide("BATCH001", BatchStatus.APPROVED, "officer", "first")
    register.decide("BATCH001", BatchStatus.APPROVED, "officer", "second")

    remarks = [e.remark for e in register.history("BATCH001") if e.what == "Approved"]
    assert remarks == ["first", "second"]


def test_requests_to_approve_are_counted_for_each_batch(register: BatchRegister) -> None:
    for batch_id in ("BATCH001", "BATCH001", "BATCH002"):
        register.note_post(batch_id, "approve")

    assert [register.posts(f"BATCH00{n}") for n in (1, 2, 3)] == [2, 1, 0]


def test_a_neighbour_is_the_next_pending_batch_and_after_the_last_the_first(
    register: BatchRegister,
) -> None:
    pending = [
        batch.batch_id
        for page in (1, 2, 3)
        for batch in register.list_page(BatchStatus.PENDING, "", "id", page).batches
    ]

    neighbours = [register.neighbour(batch_id) for batch_id in pending[:2] + pending[-1:]]

    found = [neighbour.batch_id for neighbour in neighbours if neighbour]
    assert found == [pending[1], pending[2], pending[0]]
