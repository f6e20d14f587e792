"""Every way of saying where on a page something is, and what is read there."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import quote

import pytest

from shared.contracts import Condition
from shared.errors import ProfileMismatch
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import Pages

OPEN = "<i id=status>Open</i>"
FORM = """
<label for=d>District *</label><input id=d name=district value=Nashik class=field>
<label>Course: <select><option>Welding</select></label>
<input aria-label=Seats value=40 aria-describedby=x>
<input type=submit value="Send it"> <button title=Drop><img alt=Bin src=data:,></button>
<div role=button aria-labelledby="w1 w2">go</div><b id=w1>Really</b><b id=w2>go</b>
<a href=/x>Next</a><a>Next</a> <h2>Batch <em>seven</em></h2>
<p>Sum: <span>12</span></p><p>  Late
  start </p><p hidden>Late start</p><s>AB claim</s><s>A claim</s>
"""
UNBOUND = """<style>button::before {content: attr(label)} .icon::before {content: "\\e001"}</style>
<button label=Confirm></button><button class=icon>Go</button>
<button style="text-transform: uppercase">Approve</button><button>Approve all</button>
<section><label>Trade</label><!-- -->Weaving</section>
<div><label>Place:</label> <input value=Nashik></div>
<div><label for=nowhere>Decision</label><div><b>open</b><input role=combobox value=o></div></div>
<p><label>Remark</label><span></span><b>other</b></p><p><label>Note</label></p><p>other</p>
<label>Fees</label><label>Paid</label><div><input name=x><input name=y></div>"""
TABLE = """<table><thead><tr><th colspan=2>Trainer<th>Seats:</tr></thead>
<tr><td>A.<td>Rao<td>30</tr><tr class=ours><td>B.<td>Sen<td>25</tr></table>
<dl><dt>Scheme:<dd>North<dt>Scheme code<dd>N1</dl>
<table><tr><td>College</td><td>Central</td></tr></table>
<table><thead><tr><td>Hall<td>Beds<tbody><tr><td>H1<td>9<tr class=last><td>H2<td>7</table>"""
GRID = """<div role=grid><div><div role=row>
<p><b role=columnheader aria-colindex=1>No.</b><b role=columnheader aria-colindex=2>Hall</b></p>
<p><b role=columnheader aria-colindex=3>Beds</b></p></div></div>
<div role=row class=far><i></i><p><i role=gridcell aria-colindex=3>7</i></p></div><div role=row
class=near><p><i role=gridcell>1</i></p><p><i role=gridcell>H1</i><i role=gridcell>9</i></p></div>
</div>"""
MENUS = """<table><tr><th><button>Claim</button><th>Owner <button>⋮</button>
<tr class=first><td>C1<td>Ada</table>"""
CELLS = """<table><tr><th>Seats<td><input value=40><tr><th>Paid<td>in part
<input type=checkbox checked></table>"""
SPANS = """<table><thead><tr><th rowspan=2>Region<th colspan=2>Places<tr><th>Asked<th>Given</thead>
<tr><td rowspan=2>Pune<td>30<td>20<tr class=second><td>25<td>15<tr class=third><td>Satara<td>1<td>2
</table>"""
CARDS = """<ul><li><b>One</b><i>first</i><li><b>Two</b><i>second</i></ul>"""


def read(portal_with: OpenPortal, pages: Pages, content: str, key: str = "A", **at: Any) -> str:
    """What a column that is read there says of a page with this content."""
    pages.batch(key, OPEN + content, path=f"/batches/{key}")
    portal = portal_with(batch={"columns": {"it": at}})
    return portal.read(key).columns["it"]


@pytest.mark.parametrize(
    ("at", "found"),
    [
        ({"css": ".field", "attribute": "value"}, "Nashik"),
        ({"id": "d", "attribute": "value"}, "Nashik"),
        ({"name": "district", "attribute": "value"}, "Nashik"),
        ({"xpath": "//em"}, "seven"),
        ({"label": "District", "attribute": "value"}, "Nashik"),
        ({"label": "Course", "attribute": "value"}, "Welding"),
        ({"label": "Seats", "attribute": "value"}, "40"),
        ({"text": "Send it", "property": "type"}, "submit"),
        ({"text": "Late start", "property": "hidden"}, "false"),
        ({"text": "Batch seven", "property": "tagName"}, "H2"),
        ({"starts": "Sum", "property": "tagName"}, "P"),
        ({"css": "p", "starts": "Late"}, "Late start"),
        ({"css": "s", "starts": "{key} "}, "A claim"),
        ({"starts": "{key} "}, "A claim"),
        ({"role": "link", "text": "Next", "attribute": "href"}, "/x"),
        ({"role": "heading"}, "Batch seven"),
        ({"role": "button", "named": "Really go"}, "go"),
        ({"role": "button", "named": "Bin", "property": "title"}, "Drop"),
        ({"role": "button", "named": "Send it", "property": "type"}, "submit"),
        ({"any": [".absent", {"role": "heading"}, "a"]}, "Batch seven"),
        ({"css": "h2", "unless": ".absent"}, "Batch seven"),
        ({"css": "h2", "unless": "#d"}, ""),
        ({"css": "h2", "otherwise": "none"}, "Batch seven"),
        ({"css": ".absent", "otherwise": "none"}, "none"),
        ({"css": "h2", "match": "(seven|eight)"}, "seven"),
        ({"css": "h2", "match": "B.t"}, "Bat"),
        ({"css": "h2", "match": "[0-9]+"}, ""),
        ({"id": "d", "attribute": "class", "match": "f(.*)d"}, "iel"),
    ],
    ids=str,
)
def test_a_field_is_found_and_read(
    portal_with: OpenPortal, pages: Pages, at: dict[str, Any], found: str
) -> None:
    assert read(portal_with, pages, FORM, **at) == found


@pytest.mark.parametrize(
    ("at", "found"),
    [
        ({"label": "Trade"}, "Weaving"),
        ({"label": "Place", "attribute": "value"}, "Nashik"),
        ({"label": "Decision", "property": "role"}, "combobox"),
        ({"label": "Remark"}, ""),
        ({"label": "Note"}, ""),
        ({"label": "Fees"}, ""),
        ({"label": "Paid", "property": "tagName"}, "DIV"),
        ({"role": "button", "named": "Confirm", "property": "tagName"}, "BUTTON"),
        ({"role": "button", "named": "Go", "property": "tagName"}, "BUTTON"),
        ({"role": "button", "named": "APPROVE"}, "Approve"),
        ({"role": "button", "named": "APPROVE ALL"}, ""),
        ({"label": "PLACE", "attribute": "value"}, "Nashik"),
    ],
    ids=str,
)
def test_what_a_label_stands_before_and_a_style_sheet_writes_is_found(
    portal_with: OpenPortal, pages: Pages, at: dict[str, Any], found: str
) -> None:
    assert read(portal_with, pages, UNBOUND, **at) == found


@pytest.mark.parametrize(
    ("content", "at", "found"),
    [
        (TABLE, {"column": "Beds", "in": ".last"}, "7"),
        (TABLE, {"column": "Trainer", "in": ".ours"}, "B."),
        (TABLE, {"column": "Seats", "in": ".ours"}, "25"),
        (TABLE, {"column": "SEATS", "in": ".ours"}, "25"),
        (TABLE, {"column": "Seats", "in": {"css": "tr", "starts": "A."}}, "30"),
        (TABLE, {"column": "Nothing", "in": ".ours"}, ""),
        (GRID, {"column": "Beds", "in": ".near"}, "9"),
        (GRID, {"column": "Beds", "in": ".far"}, "7"),
        (GRID, {"column": "Hall", "in": ".far"}, ""),
        (MENUS, {"column": "Claim", "in": ".first"}, "C1"),
        (MENUS, {"column": "Owner", "in": ".first"}, "Ada"),
        (SPANS, {"column": "Given", "in": ".second"}, "15"),
        (SPANS, {"column": "Region", "in": ".second"}, "Pune"),
        (SPANS, {"column": "Given", "in": ".third"}, "2"),
        (SPANS, {"column": "Places", "in": ".third"}, "1"),
        (TABLE, {"label": "Scheme"}, "North"),
        (TABLE, {"label": "College"}, "Central"),
        (TABLE, {"xpath": "//td[2]", "in": ".ours"}, "Sen"),
        (CARDS, {"css": "i", "in": {"css": "li", "starts": "Two"}}, "second"),
        (CELLS, {"label": "Seats", "attribute": "value"}, "40"),
        (CELLS, {"label": "Paid", "property": "checked"}, "true"),
        (CELLS, {"label": "Paid"}, "in part"),
        (CARDS, {"css": "i", "in": {"xpath": "//li[b='Two']"}}, "second"),
        (CARDS, {"css": "i", "in": {"css": "li", "has": {"text": "Two"}}}, "second"),
        (CARDS, {"css": "i", "in": {"css": "li", "has": {"text": "Tw"}}}, ""),
    ],
    ids=str,
)
def test_something_is_found_in_its_row_or_region(
    portal_with: OpenPortal, pages: Pages, content: str, at: dict[str, Any], found: str
) -> None:
    assert read(portal_with, pages, content, **at) == found


FRAMES = """<iframe name=outer srcdoc="<p id=p>outer</p><iframe class=inner
  srcdoc='<table><tr><td>inner</td></tr></table>'></iframe>"></iframe>"""
SHADOW = """<x-card>light</x-card><script>
  const root = document.querySelector("x-card").attachShadow({mode: "open"});
  root.innerHTML = "<section><b>dark</b><x-deep></x-deep></section>";
  root.querySelector("x-deep").attachShadow({mode: "open"}).innerHTML = "<b>darker</b>";
</script>"""


@pytest.mark.parametrize(
    ("content", "at", "found"),
    [
        (FRAMES, {"id": "p", "frame": {"name": "outer"}}, "outer"),
        (FRAMES, {"css": "td", "frame": {"css": ".inner", "frame": "[name=outer]"}}, "inner"),
        (FRAMES, {"xpath": "//p", "frame": {"name": "outer"}}, "outer"),
        (FRAMES, {"text": "inner", "frame": {"css": ".inner", "frame": "iframe"}}, "inner"),
        (SHADOW, {"css": "b", "shadow": "x-card"}, "dark"),
        (SHADOW, {"css": "b", "shadow": {"css": "x-deep", "shadow": "x-card"}}, "darker"),
        (SHADOW, {"css": "b", "in": {"css": "section", "shadow": "x-card"}}, "dark"),
        (SHADOW, {"text": "darker", "shadow": {"css": "x-deep", "shadow": "x-card"}}, "darker"),
    ],
    ids=str,
)
def test_frames_and_open_shadow_roots_are_looked_into(
    portal_with: OpenPortal, pages: Pages, content: str, at: dict[str, Any], found: str
) -> None:
    pages.batch("A", content + OPEN)

    assert portal_with(batch={"columns": {"it": at}, "ready": at}).read("A").columns["it"] == found


KEYS = ["A", "it's", 'the "best"', 'o\'clock "now"', "7 of 9", "x]y\\z"]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "at",
    [
        {"css": "[data-key='{key}']"},
        {"css": "[data-key={key}]"},
        {"xpath": "//i[@data-key={key}]"},
        {"xpath": "//i[concat('=', @data-key) = '={key}']"},
        {"css": "i", "in": {"xpath": "//td[u='{key}']"}},
        {"css": "i", "in": {"css": "td", "has": {"css": "u", "text": "{key}"}}},
        {"id": "row {key}"},
    ],
    ids=str,
)
def test_a_placeholder_is_quoted_for_where_it_stands(
    portal_with: OpenPortal, pages: Pages, key: str, at: dict[str, Any]
) -> None:
    said = escape(key)
    row = f'<table><td><u>{said}</u> <i id="row {said}" data-key="{said}">found</i></table>'
    longer = f"<u>{said}0</u> <i id='row B' data-key=B>wrong</i>"
    decoy = f"<table><td>{longer}</table>"
    pages.batch(said, OPEN + decoy + row, path=f"/batches/{quote(key, safe='')}")

    assert portal_with(batch={"columns": {"it": at}}).read(key).columns["it"] == "found"


@pytest.mark.parametrize("shown", ["Done", "DONE", " done ", "d\u00ado\u200bne"])
def test_the_portals_word_is_known_whatever_its_case_and_blanks(
    portal_with: OpenPortal, pages: Pages, shown: str
) -> None:
    pages.batch("A", f"<i id=status>{shown}</i>")

    assert portal_with().read("A").condition is Condition.DONE


def test_what_is_absent_counts_only_on_a_whole_page(portal_with: OpenPortal, pages: Pages) -> None:
    late = """<script>setTimeout(() => document.body.insertAdjacentHTML('beforeend',
        '<i id=status>Open</i><hr>'), 300)</script>"""
    batch = {"status": {"css": "#status", "otherwise": "Done"}, "ready": "hr"}
    portal = portal_with(batch=batch)
    pages.batch("LATE", late)
    pages.batch("WHOLE", "<hr>")
    pages.batch("HALF", "")

    assert portal.read("LATE").words == "Open"
    assert portal.read("WHOLE").words == "Done"
    with pytest.raises(ProfileMismatch, match="nothing at hr"):
        portal.read("HALF")


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ({"css": "td:contains(x)"}, "td:contains"),
        ({"xpath": "//td[text()='x'"}, "//td"),
        # Python knows conditions in expressions, a page does not.
        ({"css": "b", "match": "(a)?(?(1)b|c)"}, "(a)?(?(1)b|c)"),
    ],
    ids=["css", "xpath", "expression"],
)
def test_what_no_page_understands_is_the_profiles_fault(
    portal_with: OpenPortal, pages: Pages, at: dict[str, Any], said: str
) -> None:
    with pytest.raises(ProfileMismatch, match="Not understood in the profile") as error:
        read(portal_with, pages, FORM, **at)

    assert said in error.value.message
