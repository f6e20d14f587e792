"""Portals in frames: a menu on the left, everything else in the middle, one address for all."""

from __future__ import annotations

from typing import Any

import pytest

from automation_service.portal import Portal
from shared.contracts import Condition
from tests.integration.automation_service.conftest import OpenPortal
from tests.integration.automation_service.pages import PROFILE, Pages
from tests.integration.automation_service.test_step_kinds import BUDGET, fired

KNOWN = "<b id=user>officer</b>"
OPEN = "<i id=status>Open</i>"
ASKING = (
    f"{KNOWN}Approve <b id=which>A</b>?<form action=/effect method=post><button id=f>Yes</button>"
)
FRAMES = {
    "frame": "<frameset cols=200,*><frame src=/menu name=menu><frame src={} name=main></frameset>",
    "iframe": "<iframe src=/menu name=menu></iframe><iframe src={} name=main></iframe>",
}
EFFECTS = {
    "a form": "<form action=/effect method=post><button id=f>Approve</button></form>",
    "a script that goes on": """<button id=f onclick="fetch('/effect', {method: 'POST'})
        .then(() => location = '/effect')">Approve</button>""",
}
QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "a link": ("<a id=ask href=/asking>Approve</a>", {}),
    "a link that names the frame": ("<a id=ask href=/asking target=main>Approve</a>", {}),
    "a script": ("""<button id=ask onclick="location = '/asking'">Approve</button>""", {}),
    "a form": (
        "<form action=/asking method=post><button id=ask>Approve</button></form>",
        {"submits": True},
    ),
}


def in_frame(frame: str, name: str, css: str) -> dict[str, str]:
    """Where something is in one of the frames."""
    return {"css": css, "frame": f"{frame}[name={name}]"}


def portal_in(
    portal_with: OpenPortal, frame: str, steps: list[dict[str, Any]] | None = None, **more: Any
) -> Portal:
    """The portal, with all but its menu in the middle frame. `steps` name CSS selectors in it."""

    def at(css: str) -> dict[str, str]:
        return in_frame(frame, "main", css)

    def placed(step: dict[str, Any]) -> dict[str, Any]:
        return {part: at(it) if isinstance(it, str) else it for part, it in step.items()}

    batch, pending = PROFILE["batch"], PROFILE["pending"]
    approve = {
        **PROFILE["actions"]["approve"],
        "steps": [placed(step) for step in steps or [{"click": "#f", "effect": True}]],
        "outcomes": {"success": at(".good"), "refused": at(".bad")},
    }
    return portal_with(
        session={"logged_in": at("#user"), "lost": at("#login")},
        batch={part: at(batch[part]) for part in ("printed_key", "missing", "status")},
        pending={part: at(pending[part]) for part in ("ready", "empty", "row", "next")},
        actions={"approve": approve},
        timings={"click_budget": BUDGET},
        **more,
    )


@pytest.mark.parametrize(("signal", "shows"), [("success", "good"), ("refused", "bad")])
@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("frame", FRAMES)
def test_what_comes_in_place_of_the_frame_that_was_clicked_in_is_heard(
    portal_with: OpenPortal, pages: Pages, frame: str, effect: str, signal: str, shows: str
) -> None:
    pages.html["/batches/A"] = FRAMES[frame].format("/main")
    pages.batch("A", OPEN + EFFECTS[effect], path="/main")
    pages.batch("A", f"<p class={shows}>Batch A: so it is.</p>", path="/effect")

    page = fired(portal_in(portal_with, frame))

    word = page.hear(BUDGET)
    assert (word.signal, word.text) == (signal, "Batch A: so it is.")
    assert pages.posts == ["/effect"]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("frame", FRAMES)
def test_the_effect_is_on_a_page_that_comes_in_the_frame(
    portal_with: OpenPortal, pages: Pages, frame: str, question: str
) -> None:
    content, more = QUESTIONS[question]
    pages.html["/batches/A"] = FRAMES[frame].format("/main")
    pages.batch("A", OPEN + content, path="/main")
    pages.html["/asking"] = ASKING
    pages.batch("A", "<p class=good>Batch A is approved.</p>", path="/effect")
    steps = [{"click": "#ask", **more}, {"click": "#f", "effect": True, "names_batch": "#which"}]

    page = fired(portal_in(portal_with, frame, steps))

    assert page.hear(BUDGET).signal == "success"
    assert pages.posts.count("/effect") == 1


@pytest.mark.parametrize("frame", FRAMES)
def test_a_list_goes_on_in_its_frame(portal_with: OpenPortal, pages: Pages, frame: str) -> None:
    pages.html |= {
        "/list": FRAMES[frame].format("/first"),
        "/first": f"{KNOWN}<table><tr><td>A</table><a id=next href=/second>More</a>",
        "/second": f"{KNOWN}<table><tr><td>B</table>",
    }

    assert portal_in(portal_with, frame).pending(9) == ["A", "B"]


@pytest.mark.parametrize("frame", FRAMES)
def test_what_is_sought_in_the_menu_is_found_in_the_middle(
    portal_with: OpenPortal, pages: Pages, frame: str
) -> None:
    seek = "<form action=/found target=main><input id=q name=q><button id=find>Find</button></form>"
    pages.html |= {
        "/menu-and-all": FRAMES[frame].format("/welcome"),
        "/welcome": KNOWN,
        "/menu": seek,
        "/found?q=A": f"{KNOWN}<table><tr><td>A</table>",
        "/batches/A": FRAMES[frame].format("/main"),
    }
    pages.batch("A", OPEN, path="/main")
    lookup = {
        "path": "/menu-and-all",
        "box": in_frame(frame, "menu", "#q"),
        "submit": in_frame(frame, "menu", "#find"),
        "ready": in_frame(frame, "main", "table"),
        "row": in_frame(frame, "main", "table tr"),
        "key": "td",
    }
    portal = portal_in(portal_with, frame, lookup=lookup)

    assert portal.read("A").condition is Condition.MAY_BE_DONE
