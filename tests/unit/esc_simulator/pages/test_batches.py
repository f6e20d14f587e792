"""What a visitor asks the list for."""

from urllib.parse import parse_qs

import pytest

from esc_simulator.batch import BatchStatus
from esc_simulator.pages.batches import ListChoice


def test_without_a_choice_the_list_is_the_pending_ones_oldest_first() -> None:
    choice = ListChoice()

    assert (choice.status, choice.sort, choice.page) == (BatchStatus.PENDING, "oldest", 1)


def test_searching_for_an_id_looks_at_every_status() -> None:
    assert ListChoice(q=" BATCH007 ").status is None
    assert ListChoice(q="BATCH007", status="Pending").status is BatchStatus.PENDING


@pytest.mark.parametrize("page", ["", "-1", "two", "²", "99999999999999999999"])
def test_a_page_that_makes_no_sense_is_the_first(page: str) -> None:
    assert ListChoice(page=page).page == 1


def test_the_next_page_is_of_the_same_list() -> None:
    choice = ListChoice(q="B", sort="newest", status="On Hold", page="2")

    query = parse_qs(choice.query(page=choice.page + 1))

    assert query == {"q": ["B"], "sort": ["newest"], "status": ["On Hold"], "page": ["3"]}
