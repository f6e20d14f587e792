"""The list of batches, its table and each batch's page."""

import re
from collections.abc import Iterator
from contextlib import closing
from html import unescape

import httpx
import pytest

from tests.integration.esc_simulator.practice_portal import PracticePortal, sign_in


# No test here changes anything, and no other may: lists are compared with the truth as a whole.
@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticePortal]:
    portal = PracticePortal(tmp_path_factory.mktemp("portal"), "--batches", "60")
    with closing(portal):
        yield portal


@pytest.fixture(scope="module")
def officer(portal: PracticePortal) -> Iterator[httpx.Client]:
    with portal.visitor() as visitor:
        sign_in(visitor)
        yield visitor


def _ids(table: str) -> list[str]:
    return re.findall(r'<tr data-batch-id="(\w+)">', table)


def _first_with_status(portal: PracticePortal, status: str) -> str:
    return next(str(batch["id"]) for batch in portal.batches() if batch["status"] == status)


def _table(officer: httpx.Client, query: str = "") -> str:
    return officer.get(f"/esc/pending-batches/table?{query}").text


def test_the_list_arrives_with_a_spinner_and_without_its_table(officer: httpx.Client) -> None:
    page = officer.get("/esc/pending-batches?q=BATCH00&sort=newest").text

    assert 'class="spinner"' in page
    assert "batches-table" not in page
    (source,) = re.findall(r'data-source="([^"]+)"', page)
    assert "batches-table" in officer.get(unescape(source)).text


def test_the_table_has_one_header_row_and_a_button_in_every_other(officer: httpx.Client) -> None:
    table = _table(officer)

    headers = re.findall(r"<th>([^<]+)</th>", table)
    assert headers == [
        *("Batch ID", "District", "Course", "College", "Trainer", "Status"),
        "Action",
    ]
    assert table.count("<tr>") == 1
    assert len(_ids(table)) == 25
    assert table.count('class="approve-btn"') == 25


def test_all_pages_together_list_every_pending_batch_once_oldest_first(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    pending = [batch for batch in portal.batches() if batch["status"] == "Pending"]
    pending.sort(key=lambda batch: (batch["submitted_on"], batch["number"]))

    listed = _follow_next_links(officer)

    assert listed == [batch["id"] for batch in pending]


def _follow_next_links(officer: httpx.Client) -> list[str]:
    listed: list[str] = []
    query = ""
    while True:
        table = _table(officer, query)
        listed += _ids(table)
        further = re.findall(r'class="page-next" href="/esc/pending-batches\?([^"]+)"', table)
        if not further:
            return listed
        query = unescape(further[0])


def test_searching_finds_a_batch_whatever_its_status(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    rejected = _first_with_status(portal, "Rejected")

    table = _table(officer, f"q={rejected}")

    assert _ids(table) == [rejected]
    assert ">Rejected<" in table
    assert re.search(r'class="approve-btn"[^>]* disabled', table)


def test_a_search_without_result_says_so(officer: httpx.Client) -> None:
    table = _table(officer, "q=BATCH9999")

    assert _ids(table) == []
    assert "no-records" in table


def test_a_batch_page_shows_every_field_and_the_history(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    batch = portal.batch("BATCH001")

    page = officer.get("/esc/batches/BATCH001").text

    fields = dict(re.findall(r'<td class="field-([a-z-]+)">([^<]*)', page))
    for name in ("district", "scheme", "course", "course_code", "college", "trainer"):
        assert unescape(fields[name.replace("_", "-")]) == batch[name]
    for name in ("seats", "enrolled", "hours"):
        assert fields[name] == str(batch[name])
    assert '<span class="status status-pending">Pending</span>' in page
    assert "Batch submitted for approval." in page
    assert re.search(r'class="button primary approve-btn" data-batch-id="BATCH001">', page)


def test_a_batch_that_is_not_pending_has_its_button_disabled(
    portal: PracticePortal, officer: httpx.Client
) -> None:
    for status in ("Approved", "Rejected", "On Hold"):
        page = officer.get(f"/esc/batches/{_first_with_status(portal, status)}").text

        assert f">{status}</span>" in page
        assert re.search(r'class="button primary approve-btn"[^>]* disabled', page)


def test_an_unknown_batch_is_a_page_that_says_so(officer: httpx.Client) -> None:
    page = officer.get("/esc/batches/BATCH9999")

    assert page.status_code == 404
    assert 'class="not-found"' in page.text
    assert "BATCH9999" in page.text
    assert "user-name" in page.text


def test_an_unknown_address_is_a_page_too(officer: httpx.Client) -> None:
    page = officer.get("/esc/no-such-page")

    assert page.status_code == 404
    assert 'class="not-found"' in page.text


def test_what_visitors_type_is_shown_and_never_run(officer: httpx.Client) -> None:
    typed = "<script>alert(1)</script>"

    for page in (
        officer.get("/esc/pending-batches", params={"q": typed}),
        officer.get("/esc/pending-batches/table", params={"q": typed}),
        officer.get("/esc/batches/" + typed.replace("/", "")),
    ):
        assert "<script>alert" not in page.text
