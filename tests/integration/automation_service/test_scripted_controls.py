"""What only looks like a field or button, menus a mouse opens, and forms that scripts take."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import ProfileMismatch
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import APPROVE, Pages
from tests.integration.automation_service.test_scripted_effects import element
from tests.integration.automation_service.test_step_kinds import (
    EFFECT,
    HASTE,
    HIDDEN,
    REVEAL,
    fired,
    portal_by,
)

OPEN = "<i id=status>Open</i>"
ITEM = f"""<a id=item onclick="{REVEAL}">Approvals</a>"""
TAKEN = f"""<form onsubmit="event.preventDefault(); {REVEAL}"><button id=go>Go on</button></form>"""


def switch(checked: str, then: str, role: str = "checkbox") -> str:
    """A checkbox made by script, which is pressed as it becomes `then`."""
    becomes = f"this.setAttribute('aria-checked', '{then}'); {REVEAL}"
    return f'<b role={role} id=f aria-checked={checked} tabindex=0 onclick="{becomes}">Agree</b>'


CONTROLS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "a scripted checkbox": (switch("false", "true"), [{"tick": "#f"}]),
    "a scripted switch that is turned off": (
        switch("true", "false", "switch"),
        [{"tick": "#f", "ticked": False}],
    ),
    "a scripted checkbox that is ticked already": (
        f"<script>onload = () => {{ {REVEAL} }}</script>"
        "<b role=checkbox id=f aria-checked=true onclick='approve.remove()'>Agree</b>",
        [{"tick": "#f"}],
    ),
    "a scripted checkbox that is drawn anew a moment later": (
        f"""<p id=around><b role=checkbox id=f aria-checked=false onclick="setTimeout(() => {{
        around.innerHTML = '<b role=checkbox id=f aria-checked=true>Agree</b>'; {REVEAL} }}, 100)"
        >Agree</b></p>""",
        [{"tick": "#f"}],
    ),
    "a label in place of its box": (
        f"""<label for=f>I agree</label>
        <input type=checkbox id=f style="display: none" onchange="{REVEAL}">""",
        [{"tick": {"text": "I agree"}}],
    ),
    "options that come late": (
        f"""<select id=f onchange="{REVEAL}"></select><script>
        setTimeout(() => f.innerHTML = '<option>-<option>Yes', 300)</script>""",
        [{"choose": "#f", "option": "Yes"}],
    ),
    "a field that counts the keys": (
        f"""<input id=f onkeypress="if (event.which === 68 && this.value === 'ab') {REVEAL}">""",
        [{"fill": "#f", "text": "abd", "typed": True}],
    ),
    "a field that notices when it is left": (
        f"""<input id=f onblur="if (this.value === 'x') {REVEAL}"><p id=p>Elsewhere</p>""",
        [{"fill": "#f", "text": "x"}, {"click": "#p"}],
    ),
    "a menu that opens by the focus": (
        "<style>ul { visibility: hidden } div:focus-within ul { visibility: visible }</style>"
        f"<div><button><span id=menu>Menu</span></button><ul><li>{ITEM}</ul></div>",
        [{"click": "#menu"}, {"click": "#item"}],
    ),
    "a menu that opens under the mouse": (
        "<style>ul { display: none } div:hover > ul, li:hover > ul { display: block }</style>"
        "<p style='height: 2000px'></p><div style='width: 200px'><span id=menu>Menu</span>"
        f"<ul><li id=more>More<ul><li>{ITEM}</ul></ul></div>",
        [{"hover": "#menu"}, {"hover": "#more"}, {"click": "#item"}],
    ),
    "a menu that opens only where there is a mouse": (
        f"""<style>ul {{ display: none }}
        @media (hover: hover) and (pointer: fine) {{ div:hover ul {{ display: block }} }}</style>
        <div style="width: 200px"><span id=menu>Menu</span><ul><li>{ITEM}</ul></div>""",
        [{"hover": "#menu"}, {"click": "#item"}],
    ),
    "a menu that a script opens as the mouse comes, in a frame": (
        f"""<iframe style="margin: 30px" srcdoc="<div onmouseenter='list.hidden = false'>
        <span id=menu>Menu</span><ul id=list hidden><li><a id=item onclick=&quot;parent.{REVEAL}
        &quot;>Approvals</a></ul></div>"></iframe>""",
        [
            {"hover": {"css": "#menu", "frame": "iframe"}},
            {"click": {"css": "#item", "frame": "iframe"}},
        ],
    ),
    "actions of a row that lie outside of the window until the mouse is on it": (
        """<style>.actions { position: absolute; left: -9999px }
        tr:hover .actions { position: static }</style>"""
        f"<table><tr id=row><td>Comment<div class=actions>{ITEM}</div></table>",
        [{"hover": "#row"}, {"click": "#item"}],
    ),
    "the alternative that shows": (
        f"""<button id=old hidden>Go on</button><button id=new onclick="{REVEAL}">Go on</button>""",
        [{"click": {"any": ["#old", "#new"]}}],
    ),
    "a drawing": (
        "<svg id=f width=20 height=20><rect width=20 height=20 /></svg>"
        f"<script>f.addEventListener('click', () => {REVEAL})</script>",
        [{"click": "#f"}],
    ),
    "a button that has no box of its own": (
        f"""<button id=f style="display: contents" onclick="{REVEAL}"><b>Go on</b></button>""",
        [{"click": "#f"}],
    ),
    "a link as small as nothing, around something larger": (
        f"""<a id=f style="display: block; width: 0; height: 0" onclick="{REVEAL}">
        <b style="position: absolute">Go on</b></a>""",
        [{"click": "#f"}],
    ),
    "a box, in which a script listens": (
        f"""<div id=f><p><b style="display: block" onclick="{REVEAL}">Go on</b></p></div>""",
        [{"click": "#f"}],
    ),
    "what is drawn only by what stands deep in it": (
        '<div id=f style="display: contents"><div style="display: contents">'
        f"""<p style="height: 20px" onclick="{REVEAL}"></p></div></div>""",
        [{"click": "#f"}],
    ),
    "an element in whose shadow tree a script listens": (
        element("x-go", f'<p><button onclick="{REVEAL}" style="width: 100%">Go on</button></p>')
        + "<x-go id=f></x-go>",
        [{"click": "#f"}],
    ),
    "what is drawn anew as the mouse goes down": (
        f"""<button id=f onmousedown="this.innerHTML = '<i>Go on</i>'" onclick="{REVEAL}">
        <b>Go on</b></button>""",
        [{"click": "#f"}],
    ),
    "a form that a script takes": (TAKEN, [{"click": "#go", "submits": True}]),
}


@pytest.mark.parametrize("kind", CONTROLS)
def test_a_control_is_used_as_people_do(portal_with: OpenPortal, pages: Pages, kind: str) -> None:
    content, steps = CONTROLS[kind]
    pages.batch("A", OPEN + HIDDEN + content)

    fired(portal_by(portal_with, [*steps, EFFECT]))

    assert pages.wait_for_posts(1) == ["/effect"]


@pytest.mark.parametrize(
    ("field", "step"),
    [
        ("<select id=f><option>No<option>Yes</select>", {"choose": "#f", "option": "Yes"}),
        ("<input id=f type=checkbox>", {"tick": "#f"}),
    ],
    ids=["a choice", "a checkbox"],
)
def test_a_field_in_a_dialog_is_used_once_the_dialog_shows(
    portal_with: OpenPortal, pages: Pages, field: str, step: dict[str, Any]
) -> None:
    # Given a dialog whose script listens to its field only as it shows it
    dialog = f"""<button id=go>Decide</button><template>{field}</template><script>
        go.onclick = () => {{
            const box = document.createElement('div');
            box.innerHTML = document.querySelector('template').innerHTML;
            box.style.display = 'none';
            document.body.append(box);
            setTimeout(() => {{
                f.onchange = () => {{ {REVEAL} }};
                box.style.display = '';
            }}, 300);
        }};</script>"""
    pages.batch("A", OPEN + HIDDEN + dialog)

    fired(portal_by(portal_with, [{"click": "#go"}, step, EFFECT]), HASTE)

    assert pages.wait_for_posts(1) == ["/effect"]


def test_the_effect_may_be_in_a_menu_that_the_mouse_keeps_open(
    portal_with: OpenPortal, pages: Pages
) -> None:
    menu = f"""<style>ul {{ display: none }} div:hover > ul {{ display: block }}</style>
        <p style="height: 2000px"></p><div style="width: 200px"><span id=menu>Menu</span>
        <ul style="position: absolute; left: 400px; padding-top: 300px"><li>{APPROVE}</ul></div>
        <p style="height: 2000px"></p>"""
    pages.batch("A", OPEN + menu)

    fired(portal_by(portal_with, [{"hover": "#menu"}, EFFECT]))

    assert pages.wait_for_posts(1) == ["/effect"]


@pytest.mark.parametrize(
    ("content", "step", "told"),
    [
        (TAKEN, {"click": "#go"}, "held back: the step that does so says `leads_to`, or `submits`"),
        (
            "<select id=f><option>No</select>",
            {"choose": "#f", "option": "Yes"},
            "no option Yes at #f",
        ),
    ],
    ids=["a form nobody spoke of", "an option that never comes"],
)
def test_what_is_missing_is_told_with_its_reason(
    portal_with: OpenPortal, pages: Pages, content: str, step: dict[str, Any], told: str
) -> None:
    pages.batch("A", OPEN + HIDDEN + content)

    with pytest.raises(ProfileMismatch, match=told):
        fired(portal_by(portal_with, [step, EFFECT]), HASTE)

    assert pages.posts == []


def test_what_was_held_back_before_the_click_is_no_word_about_it(
    portal_with: OpenPortal, pages: Pages
) -> None:
    # Given a step whose button also submits a form, which is held back
    both = """<form action=/nowhere><button id=go>Go on</button></form>"""
    done = APPROVE.replace("fetch(", "good.hidden = false; fetch(")
    pages.batch("A", OPEN + both + done + "<p id=good class=good hidden>A was approved.</p>")

    page = fired(portal_by(portal_with, [{"click": "#go"}, EFFECT]))

    assert page.hear(HASTE).signal == "success"
