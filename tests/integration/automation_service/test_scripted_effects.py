"""Effects on what portals make of buttons: in shadow trees, behind labels, by waiting scripts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import Pages
from tests.integration.automation_service.test_step_kinds import BUDGET, POST, fired, portal_by

OPEN = "<i id=status>Open</i>"


def element(name: str, inside: str) -> str:
    """A kind of element with this in its open shadow tree."""
    return f"""<script>customElements.define('{name}', class extends HTMLElement {{
        connectedCallback() {{ this.attachShadow({{mode: 'open'}}).innerHTML = `{inside}` }}
        }})</script>"""


BUTTON = element("x-button", f'<button id=f onclick="{POST}"><b>Approve</b></button>')
FIELD = element("x-field", f"""<input id=f onkeydown="event.key === 'Enter' && {POST}">""")
AROUND = element("x-card", "<p>Card</p><x-button id=inner></x-button>")

EFFECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "a button in a shadow tree": (
        BUTTON + "<x-button id=host></x-button>",
        {"click": {"css": "#f", "shadow": "#host"}},
    ),
    "a button in a shadow tree in another": (
        BUTTON + AROUND + "<x-card id=outer></x-card>",
        {"click": {"css": "#f", "shadow": {"css": "#inner", "shadow": "#outer"}}},
    ),
    "Enter in a field in a shadow tree": (
        FIELD + "<x-field id=host></x-field>",
        {"press": {"css": "#f", "shadow": "#host"}},
    ),
    "a label": (
        f"""<label for=box id=f>Approve</label><input type=checkbox id=box onchange="{POST}">""",
        {"click": "#f"},
    ),
    "what goes as soon as the mouse is down": (
        f"""<button id=f onmousedown="{POST}; this.remove()">Approve</button>""",
        {"click": "#f"},
    ),
    "a script that does nothing until it is answered": (
        """<button id=f onclick="const asked = new XMLHttpRequest();
        asked.open('POST', '/effect', false); asked.send()">Approve</button>""",
        {"click": "#f"},
    ),
    "such a script behind a choice": (
        """<select id=f onchange="const asked = new XMLHttpRequest();
        asked.open('POST', '/effect', false); asked.send()"><option>-<option>Yes</select>""",
        {"choose": "#f", "option": "Yes"},
    ),
    "what is drawn only by what stands deep in it": (
        f"""<div id=f style="display: contents" onclick="{POST}">"""
        '<div style="display: contents"><p style="height: 20px"></p></div></div>',
        {"click": "#f"},
    ),
    "a frame that is drawn smaller": (
        f"""<div style="transform: scale(.6)"><iframe style="padding: 23px; width: 300px"
        srcdoc="<p>.</p><button id=f style='font-size: 9px' onclick=&quot;{POST}&quot;>Go</button>"
        ></iframe></div>""",
        {"click": {"css": "#f", "frame": "iframe"}},
    ),
}


@pytest.mark.parametrize("kind", EFFECTS)
def test_the_effect_is_made_once_and_nothing_is_said_to_be_held_back(
    portal_with: OpenPortal, pages: Pages, kind: str
) -> None:
    content, step = EFFECTS[kind]
    pages.batch("A", OPEN + content)

    page = fired(portal_by(portal_with, [{**step, "effect": True}]))

    assert pages.wait_for_posts(1) == ["/effect"]
    assert page.hear(BUDGET / 3).signal == "silence"
    assert pages.posts == ["/effect"]


def test_a_request_that_a_page_stands_still_for_shares_no_connection(
    portal_with: OpenPortal, pages: Pages
) -> None:
    # Given a portal that takes what it is sent and goes away without an answer
    taken: list[str] = []

    def goes_away() -> None:
        taken.append("/effect")
        raise ConnectionError

    pages.after_post["/effect"] = goes_away
    pages.html["/rules"] = "."
    asking = """const ask = (method, path) => { const asked = new XMLHttpRequest();
        asked.open(method, path, false); asked.send() }; """
    both = "ask('GET', '/rules'); ask('POST', '/effect')"
    pages.batch("A", OPEN + f"""<button id=f onclick="{asking + both}">Approve</button>""")

    # When that is sent, after something else, while the page stands still
    page = fired(portal_by(portal_with, [{"click": "#f", "effect": True}]))
    page.hear(BUDGET / 3)

    # Then the browser does not send it again
    assert taken == ["/effect"]
