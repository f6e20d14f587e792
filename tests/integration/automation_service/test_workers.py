"""Pages with workers, be it such as stand still, and pages that ask something while we wait."""

from __future__ import annotations

import pytest

from automation_service.browser import Browser, PageMoved
from shared.contracts import Condition
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import APPROVE, Pages
from tests.integration.automation_service.test_step_kinds import fired, portal_by

OPEN = "<i id=status></i>"
SHOW = "document.getElementById('status').textContent = "
WORKING = {
    "a worker": f"new Worker('/worker.js').onmessage = it => {{ {SHOW} it.data }}",
    "a shared worker": f"""new SharedWorker('/shared.js').port.onmessage = it => {{
        {SHOW} it.data }}""",
    "a worklet": f"CSS.paintWorklet.addModule('/worklet.js').then(() => {{ {SHOW} 'Open' }})",
}


@pytest.mark.parametrize("kind", WORKING)
def test_what_works_beside_the_page_works(portal_with: OpenPortal, pages: Pages, kind: str) -> None:
    pages.html |= {
        "/worker.js": "postMessage('Open')",
        "/shared.js": "onconnect = ({ports: [port]}) => port.postMessage('Open')",
        "/worklet.js": "registerPaint('nothing', class { paint() {} })",
    }
    pages.batch("A", f"{OPEN}<script>{WORKING[kind]}</script>")

    assert portal_with().read("A").condition is Condition.MAY_BE_DONE


def test_a_worker_that_stands_still_holds_nobody_up(portal_with: OpenPortal, pages: Pages) -> None:
    pages.html["/still.js"] = "postMessage('Open'); for (;;);"
    still = f"new Worker('/still.js').onmessage = it => {{ {SHOW} it.data }}"
    pages.batch("A", f"{OPEN}{APPROVE}<script>{still}</script>")

    fired(portal_by(portal_with, [{"click": "#approve", "effect": True}]))

    assert pages.wait_for_posts(1) == ["/effect"]


def test_a_page_that_asks_something_is_answered_while_its_traffic_is_waited_for(
    browser: Browser, pages: Pages
) -> None:
    pages.batch("A", "<i id=status>Open</i>")
    browser.navigate(f"{pages.url}/batches/A")
    browser.evaluate("setTimeout(() => alert('Your session ends soon.'))", 5)

    browser.demand_fresh({})

    assert browser.evaluate("1", 5) == 1
    assert [dialog.words for dialog in browser.dialogs.seen] == ["Your session ends soon."]


def test_a_window_that_closes_itself_meanwhile_is_no_fault_of_the_browser(
    browser: Browser, pages: Pages
) -> None:
    pages.batch("A", "<i id=status>Open</i>")
    browser.navigate(f"{pages.url}/batches/A")
    browser.evaluate("window.open('/batches/A'), 1", 5)
    assert browser.enter_window(0, 5)
    browser.evaluate("setTimeout(close)", 5)

    def ask_on() -> None:
        while True:
            browser.demand_fresh({})

    with pytest.raises(PageMoved):
        ask_on()

    assert browser.window_closed
    assert browser.alive()
