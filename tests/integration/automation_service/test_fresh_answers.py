"""What a page shows is what the portal says now, whatever browsers may keep of its answers."""

from __future__ import annotations

import pytest

from automation_service.browser import Browser
from automation_service.portal import Credentials, Portal
from automation_service.profile import Profile
from shared.contracts import Condition
from tests.integration.automation_service.pages import PROFILE, Pages
from tests.integration.automation_service.worker_double import InMemoryGate

HOUR = "max-age=3600"
SHOW = "document.getElementById('status').textContent = "
FETCH = f"fetch('/a.json').then(it => it.json()).then(it => {SHOW} it)"

WAYS = {
    "what a script asks for": f"<script>{FETCH}</script>",
    "what it asks for once the page is there": f"""<script>
        addEventListener('load', () => setTimeout(() => {FETCH}, 100))</script>""",
    "what an older script asks for": f"""<script>
        const asked = new XMLHttpRequest(); asked.open('GET', '/a.json')
        asked.onload = () => {{ {SHOW} JSON.parse(asked.responseText) }}
        asked.send()</script>""",
    "a frame": f"""<iframe src=/frame hidden onload="{SHOW}
        this.contentDocument.body.textContent"></iframe>""",
    "what a frame asks for": """<iframe src=/asking hidden></iframe>""",
    "a script that is about the batch": f"""<script src="/told.js?id=A"></script><script>
        {SHOW} told</script>""",
    "a script whose name is the batch's": f"""<script src="/told/A.js"></script><script>
        {SHOW} told</script>""",
    "what a worker asks for": f"""<script>
        new Worker('/worker.js').onmessage = it => {{ {SHOW} it.data }}</script>""",
    "what a shared worker asks for": f"""<script>
        new SharedWorker('/shared.js').port.onmessage = it => {{ {SHOW} it.data }}</script>""",
    "a service worker's own store": f"""<script>
        navigator.serviceWorker.register('/service.js').then(() => navigator.serviceWorker.ready)
        .then(() => {FETCH})</script>""",
}
WORKER = "fetch('/a.json').then(it => it.json()).then(it => postMessage(it))"
SHARED = "onconnect = ({ports: [port]}) => " + WORKER.replace("postMessage", "port.postMessage")
SERVICE = """
    self.addEventListener('install', () => skipWaiting())
    self.addEventListener('activate', event => event.waitUntil(clients.claim()))
    self.addEventListener('fetch', event => {
      if (!event.request.url.endsWith('/a.json')) return
      event.respondWith(caches.open('kept').then(async (kept) => {
        const known = await kept.match(event.request)
        if (known) return known
        const answer = await fetch(event.request)
        kept.put(event.request, answer.clone())
        return answer
      }))
    })"""


@pytest.fixture
def portal(spare_browser: Browser, pages: Pages) -> Portal:
    """In a browser that has met nothing yet that may be old, and so keeps what it gets."""
    profile = Profile.model_validate(PROFILE)
    return Portal(spare_browser, profile, pages.url, Credentials("a", "b"), InMemoryGate())


def say(pages: Pages, status: str) -> None:
    """Have everything tell this of the batch from now on."""
    pages.html |= {
        "/a.json": f'"{status}"',
        "/frame": status,
        "/told.js?id=A": f"const told = '{status}'",
        "/told/A.js": f"const told = '{status}'",
    }


@pytest.mark.parametrize("way", WAYS)
def test_a_status_that_browsers_may_keep_is_asked_for_anew(
    portal: Portal, pages: Pages, way: str
) -> None:
    # Given a page that is never kept, whose status comes from what may be
    pages.batch("A", f"<i id=status></i>{WAYS[way]}")
    pages.batch("B", "<i id=status>Open</i>")
    pages.html |= {"/worker.js": WORKER, "/shared.js": SHARED, "/service.js": SERVICE}
    pages.html["/asking"] = f"<script>{FETCH.replace('document', 'parent.document')}</script>"
    pages.keep = dict.fromkeys(("/a.json", "/frame", "/told.js?id=A", "/told/A.js"), HOUR)
    say(pages, "Open")
    assert portal.read("A").condition is Condition.MAY_BE_DONE
    portal.read("B")

    # When it changes
    say(pages, "Done")

    # Then the next look tells that
    assert portal.read("A").condition is Condition.DONE


def test_what_was_kept_on_the_way_is_asked_for_anew(portal: Portal, pages: Pages) -> None:
    # Given data that tell their age, as what a proxy or a content network kept does
    page = f"<i id=status></i><script>{FETCH}</script>"
    pages.batch("A", page)
    say(pages, "Open")
    pages.headers = {"Age": "40"}

    # Then it is asked for once more, in such a way that nobody may answer for the portal
    assert portal.read("A").condition is Condition.MAY_BE_DONE
    assert pages.gets.count("/a.json") == 2


def test_a_page_that_browsers_may_keep_is_asked_for_anew(portal: Portal, pages: Pages) -> None:
    pages.keep = {"/batches/A": HOUR}
    pages.batch("A", "<i id=status>Open</i>")
    pages.batch("B", "<i id=status>Open</i>")
    assert portal.read("A").condition is Condition.MAY_BE_DONE
    portal.read("B")

    pages.batch("A", "<i id=status>Done</i>")

    assert portal.read("A").condition is Condition.DONE


def test_the_list_of_those_that_wait_is_asked_for_anew(portal: Portal, pages: Pages) -> None:
    known = "<b id=user>officer</b><table><tr><td>{}</td></tr></table>"
    pages.keep = {"/list": HOUR}
    pages.html["/list"] = known.format("A")
    assert portal.pending(9) == ["A"]
    pages.batch("B", "<i id=status>Open</i>")
    portal.read("B")

    pages.html["/list"] = known.format("B")

    assert portal.pending(9) == ["B"]


@pytest.mark.parametrize("data", [None, "no-cache"])
def test_style_and_scripts_are_kept_as_long_as_what_tells_something_is_not(
    portal: Portal, pages: Pages, data: str | None
) -> None:
    # Given data that is never kept, or only used once the portal has confirmed it
    assets = "<link rel=stylesheet href=/style.css><script src=/app-1.A.js></script>"
    for key in ("A", "B"):
        pages.batch(key, f"<i id=status></i>{assets}<script>{FETCH}</script>")
    pages.keep = {"/style.css": HOUR, "/app-1.A.js": HOUR} | ({"/a.json": data} if data else {})
    say(pages, "Open")

    readings = [portal.read(key).condition for key in ("A", "B", "A", "B")]

    assert readings == [Condition.MAY_BE_DONE] * 4
    assert pages.gets.count("/a.json") == 4
    assert (pages.gets.count("/style.css"), pages.gets.count("/app-1.A.js")) == (1, 1)
