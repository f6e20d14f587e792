"""Every kind of step on pages that are made for it, before the effect and as the effect."""

from __future__ import annotations

from typing import Any

import pytest

from automation_service.batch_page import BatchPage
from automation_service.browser import Browser
from automation_service.portal import Portal
from shared.errors import PageChanged, ProfileMismatch, SessionLost
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import APPROVE, PATIENCE, PROFILE, Pages

BUDGET = 12.0
HASTE = 2.0
POST = "fetch('/effect', {method: 'POST'})"
EFFECT = {"click": "#approve", "effect": True}
HIDDEN = APPROVE.replace("<button", "<button hidden")
REVEAL = "document.getElementById('approve').hidden = false"
OPTIONS = "<option>-</option><option value=y>Yes, approve</option>"


def portal_by(portal_with: OpenPortal, steps: list[dict[str, Any]]) -> Portal:
    approve = {**PROFILE["actions"]["approve"], "steps": steps}
    return portal_with(actions={"approve": approve}, timings={"click_budget": BUDGET})


def fired(portal: Portal, budget: float = BUDGET) -> BatchPage:
    page = portal.open_batch("A")
    with page.aim("Fine", "[m]", budget) as aim:
        aim.fire()
    return page


SLOW = f"<script>setTimeout(() => {{ {REVEAL} }}, 200)</script>"
BEFORE: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "a constant": (
        f"""<input id=f oninput="if (this.value === 'for A: Fine') {REVEAL}">""",
        [{"fill": "#f", "text": "for {key}: {remark}"}],
    ),
    "typed over": (
        f"""<input id=f value=old onkeyup="if (this.value === 'new') {REVEAL}">""",
        [{"fill": "#f", "text": "new", "typed": True}],
    ),
    "text edited in place": (
        f"""<div id=f contenteditable oninput="if (this.textContent === 'Fine [m]') {REVEAL}">old
        </div>""",
        [{"fill": "#f"}],
    ),
    "text edited in place, in a frame": (
        f"""<iframe id=f srcdoc="<body contenteditable onkeyup=&quot;
        if (this.textContent === 'Fine [m]') with (parent) {{ {REVEAL} }}&quot;>old</body>">
        </iframe>""",
        [{"fill": {"css": "body", "frame": "#f"}, "typed": True}],
    ),
    "Enter": (
        f"""<input id=f onkeydown="if (event.key === 'Enter') {REVEAL}">""",
        [{"press": "#f"}],
    ),
    "Space on a button": (
        f"""<button id=f onclick="{REVEAL}">Go on</button>""",
        [{"press": "#f", "key": "Space"}],
    ),
    "a key with another one held": (
        f"""<input id=f onkeydown="if (event.ctrlKey && event.key === 'Enter') {REVEAL}">""",
        [{"press": "#f", "key": "Control+Enter"}],
    ),
    "arrows in a scripted list": (
        f"""<ul id=f tabindex=0 onkeydown="if (event.code === 'ArrowDown') {REVEAL}"><li>A</ul>""",
        [{"press": "#f", "key": "ArrowDown"}],
    ),
    "fields in cells that headings label": (
        f"""<table><tr><th>Note<td><textarea id=n></textarea><a>(list)</a>
        <tr><th>State<td><select id=s>{OPTIONS}</select><tr><th>Sure<td><input id=t type=checkbox
        onchange="if (n.value === 'Fine [m]' && s.value === 'y') {REVEAL}"></table>""",
        [
            {"fill": {"label": "Note"}},
            {"choose": {"label": "State"}, "option": "y"},
            {"tick": {"label": "Sure"}},
            {"when": {"label": "Sure"}, "is": "unticked", "steps": [{"click": "#none"}]},
        ],
    ),
    "a file with a text": (
        f"""<label>Letter<input type=file id=f style="opacity: 0" onchange="this.files[0].text()
        .then(it => {{ if (it + this.files[0].name === 'Fine: AA.txt') {REVEAL} }})"></label>""",
        [{"upload": {"label": "Letter"}, "file": "{key}.txt", "content": "{remark}: {key}"}],
    ),
    "a native select": (
        f"""<select id=f onchange="if (this.value === 'y') {REVEAL}">{OPTIONS}</select>""",
        [{"choose": "#f", "option": "Yes, approve"}],
    ),
    "a select behind a scripted one": (
        f"""<select id=f style="display:none" onchange="{REVEAL}">{OPTIONS}</select><b>-</b>""",
        [{"choose": "#f", "option": "y"}],
    ),
    "a scripted dropdown": (
        """<b id=open onmousedown="document.getElementById('list').hidden = false">Choose</b>"""
        f"""<ul id=list hidden><li onpointerup="{REVEAL}">Yes</li></ul>""",
        [{"click": "#open"}, {"click": {"css": "li", "text": "Yes"}}],
    ),
    "a list that takes the first release for that of the click that opened it": (
        f"""<b id=open>Choose</b><ul id=list hidden><li id=yes>Yes</ul><script>
        const show = () => {{ list.hidden = false; addEventListener('pointerup',
            it => it.preventDefault(), {{capture: true, once: true}}) }};
        document.getElementById('open').onpointerdown = () => setTimeout(show);
        yes.onpointerup = it => {{ if (!it.defaultPrevented) {REVEAL} }};</script>""",
        [{"click": "#open"}, {"click": "#yes"}],
    ),
    "a menu that opens as its field gets the focus": (
        """<b id=open onmousedown="document.getElementById('f').focus()">Choose</b>"""
        f"""<input id=f onfocus="{REVEAL}">""",
        [{"click": "#open"}],
    ),
    "a field that is looked at as it is left": (
        f"""<input id=f onblur="if (this.value === 'Fine [m]') {REVEAL}"><input id=g>""",
        [{"fill": "#f"}, {"fill": "#g"}],
    ),
    "an invisible checkbox": (
        f"""<label>I agree<input type=checkbox id=f style="opacity:0; position:absolute"
        onchange="if (this.checked) {REVEAL}"></label>""",
        [{"tick": {"label": "I agree"}}],
    ),
    "a radio": (
        f"""<input type=radio name=r id=f onclick="{REVEAL}">""",
        [{"tick": "#f"}],
    ),
    "a tick taken away": (
        f"""<input type=checkbox checked id=f onchange="if (!this.checked) {REVEAL}">""",
        [{"tick": "#f", "ticked": False}],
    ),
    "waiting": (
        "<i id=wait>…</i><script>setTimeout(() => wait.remove(), 150)</script>" + SLOW,
        [{"wait_gone": "#wait"}, {"wait_for": "#approve"}],
    ),
    "when it is there": (
        f'<button id=cookies onclick="this.remove(); {REVEAL}">OK</button>',
        [
            {"when": "#cookies", "steps": [{"click": "#cookies"}]},
            {"when": "#cookies", "steps": [{"click": "#nowhere"}]},
            {"when": "#approve", "is": "absent", "steps": [{"click": "#nowhere"}]},
        ],
    ),
    "a menu that is wired late": (
        "<button id=menu>Menu</button><script>setTimeout(() => menu.onclick = () => "
        + "{ "
        + REVEAL
        + " }, 300)</script>",
        [
            {
                "repeat_until": "#approve",
                "at_most": 5,
                "patience": 0.2,
                "steps": [{"click": "#menu"}],
            }
        ],
    ),
    "in a frame": (
        f"""<iframe srcdoc="<button id=inner onclick=&quot;parent.{REVEAL}&quot;>Go</button>">
        </iframe>""",
        [{"click": {"css": "#inner", "frame": "iframe"}}],
    ),
}


@pytest.mark.parametrize("kind", BEFORE)
def test_a_step_before_the_effect(portal_with: OpenPortal, pages: Pages, kind: str) -> None:
    content, steps = BEFORE[kind]
    pages.batch("A", "<i id=status>Open</i>" + HIDDEN + content)

    fired(portal_by(portal_with, [*steps, EFFECT]))

    assert pages.wait_for_posts(1) == ["/effect"]


EFFECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "Enter in a form": (
        f"""<form onsubmit="{POST}; return false"><input id=f><button>Go</button></form>""",
        {"press": "#f"},
    ),
    "Enter that a script hears": (
        f"""<input id=f onkeydown="if (event.key === 'Enter') {POST}">""",
        {"press": "#f"},
    ),
    "Space on a button": (
        f"""<button id=f onclick="{POST}">Go</button>""",
        {"press": "#f", "key": "Space"},
    ),
    "a letter that a script hears": (
        f"""<div id=f tabindex=0 onkeydown="if (event.key === 'a') {POST}">List</div>""",
        {"press": "#f", "key": "a"},
    ),
    "a key with another one held": (
        f"""<textarea id=f onkeydown="if (event.ctrlKey && event.key === 'Enter') {POST}">
        </textarea>""",
        {"press": "#f", "key": "Control+Enter"},
    ),
    "an option": (
        f"""<select id=f onchange="if (this.value === 'y') {POST}">{OPTIONS}</select>""",
        {"choose": "#f", "option": "Yes, approve"},
    ),
    "an option that submits": (
        # Into a frame: a page that is leaving may never answer what it is asked at that moment.
        f"""<form method=post action=/effect target=sink>
        <select id=f onchange="this.form.submit()">{OPTIONS}</select></form>
        <iframe name=sink></iframe>""",
        {"choose": "#f", "option": "y"},
    ),
    "a switch": (
        f"""<input type=checkbox id=f onchange="{POST}">""",
        {"tick": "#f"},
    ),
    "a click in a frame": (
        f"""<iframe srcdoc="<p>.</p><button id=inner onclick=&quot;{POST}&quot;>Go</button>"
        style="margin: 40px; border: 7px solid"></iframe>""",
        {"click": {"css": "#inner", "frame": "iframe"}},
    ),
    "a form that its script submits": (
        """<form method=post action=/effect onsubmit="event.preventDefault(); this.submit()">
        <button id=f>Go</button></form>""",
        {"click": "#f"},
    ),
    "a button that still moves": (
        f"""<button id=f onclick="{POST}" style="position: relative">Go</button>
        <script>let x = 0; const move = () => {{ x += 9; f.style.left = x + 'px';
        if (x < 270) requestAnimationFrame(move) }}; onload = move</script>""",
        {"click": "#f"},
    ),
    "a button that moves all the time": (
        f"""<style>@keyframes beat {{ to {{ transform: scale(1.01) }} }}</style>
        <button id=f style="animation: beat 9s infinite" onclick="{POST}">Go</button>""",
        {"click": "#f"},
    ),
}


@pytest.mark.parametrize("kind", EFFECTS)
def test_the_effect_is_made_once(portal_with: OpenPortal, pages: Pages, kind: str) -> None:
    content, step = EFFECTS[kind]
    pages.batch("A", "<i id=status>Open</i>" + content)
    pages.html["/effect"] = "<b id=user>officer</b>"
    page = portal_by(portal_with, [{**step, "effect": True}]).open_batch("A")

    with page.aim("", "[m]", BUDGET) as aim:
        aim.fire()
        aim.fire()

    page.hear(0.5)
    assert pages.wait_for_posts(1) == ["/effect"]


ABOUT_TO_MOVE: dict[str, tuple[str, dict[str, Any]]] = {
    "by a style of what it is in": (
        f"""<style>@keyframes fall {{ from {{ transform: translateY(0) }}
        to {{ transform: translateY(200px) }} }}</style>
        <p style="animation: fall .3s .4s both"><button id=f onclick="{POST}">Go</button></p>""",
        {"click": "#f"},
    ),
    "in a shadow tree in what is about to grow": (
        f"""<style>@keyframes grow {{ from {{ padding-top: 0 }}
        to {{ padding-top: 200px }} }}</style>
        <div id=host style="animation: grow .3s .4s both"></div><script>
        host.attachShadow({{mode: 'open'}}).innerHTML = `<button id=f onclick="{POST}">Go</button>`
        </script>""",
        {"click": {"css": "#f", "shadow": "#host"}},
    ),
}


@pytest.mark.parametrize("kind", ABOUT_TO_MOVE)
def test_what_is_about_to_move_is_clicked_where_it_comes_to_rest(
    portal_with: OpenPortal, pages: Pages, browser: Browser, kind: str
) -> None:
    content, step = ABOUT_TO_MOVE[kind]
    pages.batch("A", "<i id=status>Open</i>" + content)
    page = portal_by(portal_with, [{**step, "effect": True}]).open_batch("A")

    with page.aim("", "[m]", BUDGET) as aim:
        # When we are held up until all animations are over
        browser.evaluate(
            "Promise.all(document.getAnimations().map((it) => it.finished)).then(() => true)", 5
        )
        aim.fire()

    assert pages.wait_for_posts(1) == ["/effect"]


@pytest.mark.parametrize("kind", ["Enter in a form", "an option", "a switch", "a click in a frame"])
def test_no_effect_is_made_late(
    portal_with: OpenPortal, pages: Pages, browser: Browser, kind: str
) -> None:
    content, step = EFFECTS[kind]
    pages.batch("A", "<i id=status>Open</i>" + content)
    page = portal_by(portal_with, [{**step, "effect": True}]).open_batch("A")

    with page.aim("", "[m]", BUDGET) as aim:
        late = "performance.now = () => 1e12"
        browser.evaluate(f"{late}; frames[0] && (frames[0].{late})", PATIENCE)
        aim.fire()

    assert page.hear(BUDGET).signal == "not_clicked"
    assert pages.posts == []


@pytest.mark.parametrize(
    ("content", "step", "told"),
    [
        ("<select id=f><option>No</option></select>", {"choose": "#f", "option": "Yes"}, "#f"),
        ("<input type=checkbox id=f onclick='return false'>", {"tick": "#f"}, "did not become"),
        ("<p id=f>No field</p>", {"fill": "#f"}, "no field at #f, but something else"),
        ("<i id=wait>…</i>", {"wait_gone": "#wait"}, "did not go away"),
        (
            "<button id=menu>Menu</button>",
            {"repeat_until": "#x", "at_most": 2, "patience": 0.1, "steps": [{"click": "#menu"}]},
            "nothing to use",
        ),
    ],
)
def test_a_step_that_cannot_be_taken_is_told(
    portal_with: OpenPortal, pages: Pages, content: str, step: dict[str, Any], told: str
) -> None:
    pages.batch("A", "<i id=status>Open</i>" + APPROVE + content)

    with pytest.raises(ProfileMismatch, match=told):
        fired(portal_by(portal_with, [step, EFFECT]), HASTE)

    assert pages.posts == []


@pytest.mark.parametrize("steps", [[EFFECT], [{"click": "#menu"}, EFFECT]], ids=["last", "first"])
def test_a_session_that_ends_during_the_steps_is_no_fault_of_the_profile(
    portal_with: OpenPortal, pages: Pages, steps: list[dict[str, Any]]
) -> None:
    # As pages made by scripts tell it: in a dialog over everything.
    pages.batch("A", "<i id=status>Open</i>" + APPROVE + "<button id=menu>Menu</button>")
    page = portal_by(portal_with, steps).open_batch("A")
    over = "<div id=login style='position: fixed; inset: 0'>Your session has ended.</div>"
    page._browser.evaluate(f'document.body.insertAdjacentHTML("beforeend", "{over}")', PATIENCE)

    with pytest.raises(SessionLost, match="log in again"), page.aim("Fine", "[m]", HASTE):
        pass

    assert pages.posts == []


def test_a_button_that_somebody_else_made_go_away_is_no_fault_of_the_profile(
    portal_with: OpenPortal, pages: Pages, browser: Browser
) -> None:
    pages.batch("A", "<i id=status>Open</i>" + APPROVE)
    page = portal_by(portal_with, [EFFECT]).open_batch("A")
    gone = "document.getElementById('approve').remove()"
    shown = "document.getElementById('status').textContent = 'Done'"
    browser.evaluate(f"{gone}; {shown}", PATIENCE)

    with pytest.raises(PageChanged), page.aim("", "[m]", HASTE):
        pass

    assert pages.posts == []
