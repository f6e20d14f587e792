"""Lists that show more as they are scrolled: such as append, and such as keep only what shows."""

from __future__ import annotations

import pytest

from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import Pages
from tests.integration.automation_service.test_finding import CARDS, KNOWN

ROWS = 40

APPENDS = """<style>.card { height: 90px }</style><div id=box></div>
    <footer style="height: 1500px">Imprint</footer><script>let made = 0;
    const fill = () => { for (let i = 0; i < 15 && made < ROWS; i++) box.insertAdjacentHTML(
        'beforeend', '<div class=card><b>K' + made++ + '</b></div>') };
    const isAtEnd = () => innerHeight + scrollY >= document.body.scrollHeight - 5;
    onscroll = () => isAtEnd() && setTimeout(fill, 50); fill();</script>"""

KEEPS = """<style>#box { height: 200px; overflow: auto }
    .card { position: absolute; height: 40px }</style>
    <div id=box><div id=all style="height: calc(ROWS * 40px); position: relative"></div></div>
    <script>const draw = () => {
        const from = Math.max(0, Math.floor(box.scrollTop / 40) - 1);
        all.innerHTML = '';
        for (let i = from; i < Math.min(ROWS, from + 8); i++) all.insertAdjacentHTML('beforeend',
            '<div class=card style="top: ' + i * 40 + 'px"><b>K' + i + '</b></div>') };
    box.onscroll = () => setTimeout(draw, 50); draw();</script>"""

PAGED = (
    KEEPS.replace("const draw", "let page = 0; const draw").replace(
        "'px\"><b>K' + i", ("'px\"><b>K' + (page * ROWS + i)")
    )
    + """<button id=next onclick="page++; box.scrollTop = 0; draw(); this.disabled = page > 1">
    Next</button>"""
)


@pytest.mark.parametrize("html", [APPENDS, KEEPS], ids=["at the page's end", "only what shows"])
def test_every_row_is_read(portal_with: OpenPortal, pages: Pages, html: str) -> None:
    pages.html["/list"] = KNOWN + html.replace("ROWS", str(ROWS))

    found = portal_with(pending={**CARDS, "scrolls": True}).pending(99)

    assert found == [f"K{number}" for number in range(ROWS)]


def test_every_row_of_every_page_is_read(portal_with: OpenPortal, pages: Pages) -> None:
    pages.html["/list"] = KNOWN + PAGED.replace("ROWS", str(ROWS))

    both = {**CARDS, "scrolls": True, "next": "#next"}

    assert portal_with(pending=both).pending(999) == [f"K{number}" for number in range(3 * ROWS)]
