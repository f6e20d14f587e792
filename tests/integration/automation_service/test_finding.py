"""Finding batches: lists of every kind, searches, and ids that the portal keeps to itself."""

from __future__ import annotations

from typing import Any

import pytest

from automation_service.portal import NOT_LISTED
from shared.contracts import Condition
from shared.errors import PortalTimeout, ProfileInDoubt, SessionLost
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import Pages

KNOWN = "<b id=user>officer</b>"
OPEN = "<i id=status>Open</i>"
CARDS = {"row": ".card", "key": "b", "ready": None, "empty": "#empty", "next": None}


def cards(*keys: str) -> str:
    return "".join(f"<div class=card><b>{key}</b></div>" for key in keys)


def test_a_list_of_cards_is_read(portal_with: OpenPortal, pages: Pages) -> None:
    pages.html["/list"] = KNOWN + cards("A", "B")

    assert portal_with(pending=CARDS).pending(9) == ["A", "B"]


LEFT = """<div id=rows></div><button id=first>1</button><button id=next>Next</button><script>
    const show = (page) => {
        localStorage.page = page;
        rows.innerHTML = `<div class=card><b>${"ABC"[page]}</b></div>`;
        first.disabled = page === 0;
        document.getElementById("next").disabled = page === 2;
    };
    first.onclick = () => show(0);
    document.getElementById("next").onclick = () => show(Number(localStorage.page) + 1);
    show(Number(localStorage.page ?? 0));</script>"""


def test_a_list_that_opens_where_it_was_left_is_read_from_its_beginning(
    portal_with: OpenPortal, pages: Pages
) -> None:
    # Given a list that remembers its page
    pages.html["/list"] = KNOWN + LEFT
    portal = portal_with(pending={**CARDS, "next": "#next", "back": "#first"})

    # When it is read to its end, and then again
    assert portal.pending(9) == ["A", "B", "C"]
    assert portal.pending(9) == ["A", "B", "C"]


def test_a_way_back_that_stays_on_the_first_page_is_told(
    portal_with: OpenPortal, pages: Pages
) -> None:
    pages.html["/list"] = KNOWN + cards("A") + "<button id=first>1</button>"
    portal = portal_with(pending={**CARDS, "next": "#next", "back": "#first"})

    with pytest.raises(ProfileInDoubt, match="did not go back after a click on #first"):
        portal.pending(9)


def test_a_list_without_rows_is_told_by_its_words(portal_with: OpenPortal, pages: Pages) -> None:
    pages.html["/list"] = KNOWN + "<p id=empty>Nothing waits.</p>"

    assert portal_with(pending=CARDS).pending(9) == []


def test_a_list_that_never_fills_is_no_empty_list(portal_with: OpenPortal, pages: Pages) -> None:
    pages.html["/list"] = KNOWN

    with pytest.raises(PortalTimeout, match=r"nothing shows at \.card; nor at #empty"):
        portal_with(pending=CARDS).pending(9)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (KNOWN + "<i id=busy>Loading</i>" + cards("A"), "did not go away at #busy"),
        (KNOWN + cards("A"), "nothing shows at #whole; nor at #empty"),
        (cards("A"), "nothing shows at #user"),
    ],
    ids=["busy", "not ready", "no mark of being logged in"],
)
def test_what_a_list_lacks_is_told(
    portal_with: OpenPortal, pages: Pages, content: str, told: str
) -> None:
    pages.html["/list"] = content
    portal = portal_with(pending={**CARDS, "ready": "#whole", "busy": "#busy"})

    with pytest.raises(ProfileInDoubt, match=told):
        portal.pending(9)


@pytest.mark.parametrize("empty", ["#empty", None])
def test_rows_that_tell_no_id_are_no_empty_list(
    portal_with: OpenPortal, pages: Pages, empty: str | None
) -> None:
    pages.html["/list"] = KNOWN + cards("A", "B").replace("<b>", "<u>").replace("</b>", "</u>")

    with pytest.raises(ProfileInDoubt, match="tell no id at b"):
        portal_with(pending={**CARDS, "empty": empty, "ready": ".card"}).pending(9)


def test_a_row_of_headings_alone_is_an_empty_list(portal_with: OpenPortal, pages: Pages) -> None:
    pages.html["/list"] = KNOWN + "<table><tr><th>Batch<th>College</table>"

    assert portal_with(pending={"empty": None, "next": None}).pending(9) == []


def test_rows_whose_ids_come_later_are_waited_for(portal_with: OpenPortal, pages: Pages) -> None:
    late = """<script>setTimeout(() => {
        document.querySelector('.card b').textContent = 'A' }, 200)</script>"""
    pages.html["/list"] = KNOWN + cards("") + late

    assert portal_with(pending=CARDS).pending(9) == ["A"]


def test_a_row_may_tell_its_id_by_itself(portal_with: OpenPortal, pages: Pages) -> None:
    pages.html["/list"] = KNOWN + "<div class=card data-no=A>One</div>"
    own = {**CARDS, "key": {"css": ":scope", "attribute": "data-no"}}

    assert portal_with(pending=own).pending(9) == ["A"]


def test_a_list_whose_frame_is_there_before_its_rows_is_no_empty_list(
    portal_with: OpenPortal, pages: Pages
) -> None:
    rows = """<table></table><script>setTimeout(() => {
        document.querySelector('table').innerHTML = '<tr><td>A' }, 200)</script>"""
    pages.html["/list"] = KNOWN + rows

    assert portal_with(pending={"next": None}).pending(9) == ["A"]


def test_a_list_that_calls_itself_empty_before_it_has_asked_is_no_empty_list(
    portal_with: OpenPortal, pages: Pages
) -> None:
    rows = """<p id=empty>Nothing waits.</p><script>setTimeout(() => {
        empty.outerHTML = '<div class=card><b>A</b></div>' }, 150)</script>"""
    pages.html["/list"] = KNOWN + rows

    assert portal_with(pending=CARDS).pending(9) == ["A"]


def test_a_page_that_calls_its_batch_missing_before_it_has_asked_is_read(
    portal_with: OpenPortal, pages: Pages
) -> None:
    found = f"<b id=key>A</b>{OPEN}"
    late = f"""<p id=none>No such batch.</p><script>setTimeout(() => {{
        none.outerHTML = '{found}' }}, 150)</script>"""
    pages.html["/batches/A"] = KNOWN + late

    assert portal_with().read("A").condition is Condition.MAY_BE_DONE


def test_columns_are_found_by_their_headings(portal_with: OpenPortal, pages: Pages) -> None:
    pages.html["/list"] = KNOWN + (
        "<table><thead><tr><th colspan=2>College<th>Batch no.</thead><tbody>"
        "<tr><td>x<td>y<td>A<tr><td>x<td>y<td>B</table>"
    )
    table = {"row": "tbody tr", "key": {"column": "Batch no."}, "next": None}

    assert portal_with(pending=table).pending(9) == ["A", "B"]


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("end", ["empty", "404", "the last page again"])
def test_pages_are_numbered_in_the_address(
    portal_with: OpenPortal, pages: Pages, first: int, end: str
) -> None:
    past = f"/list?page={first + 2}"
    pages.html[f"/list?page={first}"] = KNOWN + cards("A", "B")
    pages.html[f"/list?page={first + 1}"] = KNOWN + cards("C")
    pages.html[past] = KNOWN + (cards("C") if end.startswith("the last") else "<p id=empty>No.</p>")
    pages.status[past] = 404 if end == "404" else 200
    numbered = {**CARDS, "path": "/list?page={page}", "first_page": first}

    assert portal_with(pending=numbered).pending(9) == ["A", "B", "C"]


def test_a_last_page_that_leads_to_itself_is_the_last(
    portal_with: OpenPortal, pages: Pages
) -> None:
    more = "<a id=more href=/last>Next</a>"
    pages.html["/list"] = KNOWN + cards("A", "B") + more
    pages.html["/last"] = KNOWN + cards("C") + more

    assert portal_with(pending={**CARDS, "next": "#more"}).pending(9) == ["A", "B", "C"]


def test_a_link_that_only_looks_disabled_is_the_end(portal_with: OpenPortal, pages: Pages) -> None:
    pages.html["/list"] = KNOWN + cards("A") + "<ul><li class=disabled><a id=more>Next</a></ul>"

    assert portal_with(pending={**CARDS, "next": "#more"}).pending(9) == ["A"]


def test_what_tells_the_last_page_ends_a_list_whose_button_stays(
    portal_with: OpenPortal, pages: Pages
) -> None:
    more = "<button id=more onclick=\"location = '/last'\">Next</button>"
    pages.html["/list"] = KNOWN + cards("A") + more
    pages.html["/last"] = KNOWN + cards("B") + "<b class=current>2</b><button id=more>Next</button>"
    button = {"id": "more", "unless": ".current + #more"}

    assert portal_with(pending={**CARDS, "next": button}).pending(9) == ["A", "B"]


def test_a_link_that_brings_nothing_is_no_end(portal_with: OpenPortal, pages: Pages) -> None:
    pages.html["/list"] = KNOWN + cards("A") + "<a id=more href=#>Next</a>"

    with pytest.raises(ProfileInDoubt, match="did not go on after a click on #more"):
        portal_with(pending={**CARDS, "next": "#more"}).pending(9)


def test_rows_that_a_button_appends_are_read_with_the_others(
    portal_with: OpenPortal, pages: Pages
) -> None:
    append = """this.remove(); setTimeout(() =>
        document.body.insertAdjacentHTML('beforeend', '<div class=card><b>B</b></div>'), 100)"""
    pages.html["/list"] = KNOWN + cards("A") + f'<button id=more onclick="{append}">More</button>'

    assert portal_with(pending={**CARDS, "next": "#more"}).pending(9) == ["A", "B"]


def test_rows_that_arrive_late_are_awaited_while_the_list_is_busy(
    portal_with: OpenPortal, pages: Pages
) -> None:
    late = """<p id=busy>Loading</p><script>setTimeout(() => {
        document.body.insertAdjacentHTML('beforeend', '<div class=card><b>B</b></div>');
        document.getElementById('busy').remove() }, 200)</script>"""
    pages.html["/list"] = KNOWN + cards("A") + late

    assert portal_with(pending={**CARDS, "busy": "#busy"}).pending(9) == ["A", "B"]


def test_a_list_that_fills_as_it_scrolls_is_read_to_its_end(
    portal_with: OpenPortal, pages: Pages
) -> None:
    box = """<style>.card {height: 90px} #box {height: 200px; overflow: auto}</style>
        <div id=box></div><script>
        const box = document.getElementById('box'); let made = 0;
        const fill = () => { for (let i = 0; i < 4 && made < 10; i++) box.insertAdjacentHTML(
            'beforeend', '<div class=card><b>K' + made++ + '</b></div>') };
        box.onscroll = () => setTimeout(fill, 50); fill();</script>"""
    pages.html["/list"] = KNOWN + box

    found = portal_with(pending={**CARDS, "scrolls": True}).pending(99)

    assert found == [f"K{number}" for number in range(10)]


LOOKUP: dict[str, Any] = {
    "path": "/search?q={key}",
    "row": "tr",
    "key": "th",
    "id": {"css": "a", "attribute": "href", "match": "/orders/([0-9]+)"},
    "empty": "#empty",
    "columns": {"Year": "i"},
}
BY_ID = {"path": "/orders/{id}/of/{Year}"}


def hit(key: str, number: int) -> str:
    return f"<tr><th>{key}<td><i>2026</i><td><a href=/orders/{number}/edit>open</a>"


def found(*rows: str) -> str:
    return KNOWN + f"<table>{''.join(rows)}</table>"


def test_an_id_that_is_not_the_batchs_number_is_found_in_its_row(
    portal_with: OpenPortal, pages: Pages
) -> None:
    pages.html["/search?q=A%2F1"] = found(hit("A/10", 10), hit("A/1", 7))
    pages.batch("A/1", OPEN, path="/orders/7/of/2026")

    reading = portal_with(batch=BY_ID, lookup=LOOKUP).read("A/1")

    assert (reading.printed_key, reading.condition) == ("A/1", Condition.MAY_BE_DONE)


def test_what_was_found_is_known_from_then_on_until_it_leads_nowhere(
    portal_with: OpenPortal, pages: Pages
) -> None:
    pages.html["/search?q=A"] = found(hit("A", 7))
    pages.batch("A", OPEN, path="/orders/7/of/2026")
    portal = portal_with(batch=BY_ID, lookup=LOOKUP)
    portal.read("A")
    pages.html["/search?q=A"] = found(hit("A", 8))

    assert portal.read("A").condition is Condition.MAY_BE_DONE

    pages.batch("B", OPEN, path="/orders/7/of/2026")
    pages.batch("A", "<i id=status>Done</i>", path="/orders/8/of/2026")
    assert portal.read("A").condition is Condition.DONE


@pytest.mark.parametrize(
    ("lists", "rows", "condition", "words"),
    [
        ("all", "<p id=empty>None.</p>", Condition.MISSING, ""),
        ("all", found(hit("AB", 3)), Condition.MISSING, ""),
        (
            "pending",
            found(hit("AB", 3)),
            Condition.MAY_NOT_BE_DONE,
            NOT_LISTED,
        ),
        ("all", found(hit("A", 3), hit("A", 4)), Condition.MAY_NOT_BE_DONE, "listed 2 times"),
    ],
    ids=["nothing", "others", "not pending", "two of them"],
)
def test_not_found_is_told_from_found_and_not_pending(
    portal_with: OpenPortal, pages: Pages, lists: str, rows: str, condition: Condition, words: str
) -> None:
    pages.html["/search?q=A"] = KNOWN + rows
    portal = portal_with(batch=BY_ID, lookup={**LOOKUP, "lists": lists})

    reading = portal.read("A")

    assert (reading.condition, reading.words) == (condition, words)


def test_a_search_that_shows_the_login_form_is_a_lost_session(
    portal_with: OpenPortal, pages: Pages
) -> None:
    pages.html["/search?q=A"] = "<form id=login>"

    with pytest.raises(SessionLost):
        portal_with(batch=BY_ID, lookup=LOOKUP).open_batch("A")


FILTER = """<input id=box><button id=go onclick="setTimeout(() => {
    for (const row of document.querySelectorAll('tr'))
        row.hidden = row.firstChild.textContent !== box.value;
    const none = !document.querySelector('tr:not([hidden])');
    document.getElementById('none').innerHTML = none ? '<p id=empty>None</p>' : '';
    }, 100)">Go</button><p id=none></p>"""
SUBMIT = """<form action=/search><input id=box name=q></form>"""
LATE = """<form action=/search><input id=box name=q><button id=go disabled>Go</button></form>
    <script>oninput = () => setTimeout(() => go.disabled = false, 100)</script>"""


@pytest.mark.parametrize(
    ("form", "submit"),
    [(FILTER, "#go"), (SUBMIT, None), (LATE, "#go")],
    ids=["in place", "Enter, a new page", "a button that is enabled late"],
)
def test_a_search_is_made_by_box(
    portal_with: OpenPortal, pages: Pages, form: str, submit: str | None
) -> None:
    rows = found(hit("B", 8), hit("A", 7))
    pages.html["/orders"] = rows + form
    pages.html["/search?q=A"] = found(hit("A", 7))
    pages.html["/search?q=C"] = KNOWN + "<p id=empty>None</p>"
    pages.batch("A", OPEN, path="/orders/7/of/2026")
    by_box = {**LOOKUP, "path": "/orders", "box": "#box", "submit": submit}
    portal = portal_with(batch=BY_ID, lookup=by_box)

    assert portal.read("A").condition is Condition.MAY_BE_DONE
    assert portal.read("C").condition is Condition.MISSING
