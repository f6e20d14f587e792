"""Pages whose scripts, as old libraries do, put things of their own in place of the browser's."""

from __future__ import annotations

from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import APPROVE, PROFILE, Pages

# Prototype has its own `entries`, MooTools its own `Event` and `Array.from`, tree widgets a `Node`,
# maps a `Map`; and some make their own clocks.
OLD = """<script>
    Event = function (event) { this.type = event.type.indexOf("x") };
    Node = function (id, parent) { this.id = id };
    Map = Set = function Layer() {};
    setInterval = setTimeout = requestAnimationFrame = () => 0;
    MutationObserver = KeyboardEvent = MouseEvent = PointerEvent = function () {};
    Array.from = (item) => (item == null ? [] : [item]);
    Array.prototype.entries = function () { return this.slice() };
    Array.prototype.reduce = function () { return this.length > 1 ? this : this[0] };
    Array.prototype.toJSON = function () { return String(this) };
</script>"""
LATE = "<script>later(() => document.body.insertAdjacentHTML('beforeend', `%s`), 200)</script>"


def test_a_portal_is_used_whatever_its_scripts_replace(
    portal_with: OpenPortal, pages: Pages
) -> None:
    # Given a portal with old scripts on each of its pages
    start = "<script>const later = setTimeout</script>" + OLD
    form = """<form onsubmit="location.href = '/in'; return false"><input id=name>
        <input id=secret type=password><button id=enter>Enter</button></form>"""
    controls = """<table><tr><th>Seats<th>Name<tr id=row><td>30<td>North</table>
        <select id=s><option>-<option>Yes</select><input id=c type=checkbox>
        <button>Open</button><textarea id=t></textarea>"""
    pages.html["/login"] = start + form
    pages.html["/in"] = start + "<b id=user>officer</b>"
    pages.html["/list"] = start + LATE % "<b id=user></b><table><tr><td>A<tr><td>B</table>"
    pages.batch("A", start + controls + LATE % ("<i id=status>Open</i>" + APPROVE))
    steps = [
        {"click": {"xpath": "//button[.='Open']"}},
        {"choose": "#s", "option": "Yes"},
        {"tick": "#c"},
        {"fill": "#t"},
        {"click": {"role": "button", "named": "Approve"}, "effect": True},
    ]
    portal = portal_with(
        actions={"approve": {**PROFILE["actions"]["approve"], "steps": steps}},
        batch={"columns": {"Seats": {"column": "Seats", "in": "#row"}}},
    )

    # When it is logged in to, listed, read and acted on
    portal.log_in()
    listed = portal.pending(9)
    page = portal.open_batch("A")
    with page.aim("Fine", "[m]", 5) as aim:
        aim.fire()
    picture = portal.picture()

    # Then all of it is as on any other page
    assert listed == ["A", "B"]
    assert page.reading.columns == {"Seats": "30"}
    assert pages.wait_for_posts(1) == ["/effect"]
    assert picture.startswith(b"\xff\xd8")
