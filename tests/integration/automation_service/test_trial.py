"""A profile tried on a live portal: everything is looked at, and nothing is done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automation_service.browser import Browser, BrowserOptions
from automation_service.inspection import Stage, report
from automation_service.portal import Credentials
from automation_service.profile import Profile
from automation_service.trial import Trial
from tests.integration.automation_service.conftest import Desk
from tests.integration.automation_service.pages import APPROVE, PROFILE, Pages

OPEN = "<i id=status>Open</i>"
ACTION = PROFILE["actions"]["approve"]
INSIDE = "document.body.innerHTML = '<b id=user>officer</b>'"
FORM = f"""<form onsubmit="{INSIDE}; return false"><input id=name><input id=secret type=password>
    <button id=enter>Log in</button></form>"""


TH_IS_ODD = "tr finds 2 elements, tr that has th with the text 'A' finds none."


@pytest.fixture(autouse=True)
def site(pages: Pages) -> None:
    pages.html["/login"] = FORM
    pages.html["/list"] = "<b id=user>officer</b><table><tr><td>A</table>"


Try = Callable[..., Trial]


@pytest.fixture
def trial_of(browser: Browser, pages: Pages) -> Try:
    """A trial of the test's profile with parts of it replaced, run on the test's pages."""

    def run(key: str | None = None, **changes: dict[str, Any]) -> Trial:
        parts = {name: {**PROFILE.get(name, {}), **part} for name, part in changes.items()}
        profile = Profile.model_validate({**PROFILE, **parts})
        trial = Trial(browser, profile, pages.url, Credentials("a", "hidden secret"))
        assert trial.run(key) is not any(stage.fault for stage in trial.stages)
        return trial

    return run


def warnings(trial: Trial) -> list[str]:
    return [warning for stage in trial.stages for warning in stage.all_warnings]


def test_all_is_looked_at_and_nothing_is_done(trial_of: Try, pages: Pages) -> None:
    pages.batch("A", OPEN + APPROVE)

    trial = trial_of()

    assert [stage.fault for stage in trial.stages] == [""] * 5
    assert warnings(trial) == []
    assert {mark.name: mark.value for stage in trial.stages for mark in stage.marks} == {
        "login.username": "",
        "login.password": "",
        "login.submit": "Log in",
        "session.logged_in": "officer",
        "pending.ready": "A",
        "pending.empty": None,
        "pending.row": "A",
        "pending.key": "A",
        "pending.next": None,
        "batch.printed_key": "A",
        "batch.status": "Open",
        "steps.1.click": "Approve",
    }
    assert pages.posts == []


def test_a_confirmation_on_a_page_of_its_own_is_gone_to_and_not_confirmed(
    trial_of: Try, pages: Pages
) -> None:
    steps = [
        {"click": "#ask", "leads_to": "page"},
        {"click": "#approve", "effect": True, "names_batch": "h2"},
    ]
    pages.batch("A", OPEN + "<a id=ask href=/confirm>Approve</a>")
    pages.html["/confirm"] = f"<b id=user>officer</b><h2>A</h2>{APPROVE}"

    trial = trial_of("A", actions={"approve": {**PROFILE["actions"]["approve"], "steps": steps}})

    assert [stage.fault for stage in trial.stages] == [""] * 6
    assert warnings(trial) == []
    assert [[mark.name for mark in stage.marks] for stage in trial.stages[-2:]] == [
        ["steps.1.click"],
        ["steps.2.click", "steps.2.names_batch"],
    ]
    assert pages.posts == []


def test_each_step_is_shown_as_it_is_taken(trial_of: Try, pages: Pages) -> None:
    # Given a dialog whose opening button goes away as it is clicked
    dialog = "<div id=dialog hidden><input id=why><button id=yes>Yes</button></div>"
    ask = "<button id=ask onclick='this.remove(); dialog.hidden = false'>Approve</button>"
    pages.batch("A", OPEN + ask + dialog)
    steps = [
        {"click": "#ask"},
        {"wait_for": "#yes"},
        {"fill": "#why"},
        {"click": "#yes", "effect": True},
    ]

    trial = trial_of("A", actions={"approve": {**PROFILE["actions"]["approve"], "steps": steps}})

    # Then each was seen where it was, and what was filled in shows in the picture of the next
    taken = trial.stages[4:]
    assert [stage.title.partition(":")[0] for stage in taken] == [
        f"Step {number} of 4" for number in range(1, 5)
    ]
    assert [mark.shown for stage in taken for mark in stage.marks] == [1, 1, 1, 1]
    assert [mark.value for stage in taken for mark in stage.marks] == ["Approve", "Yes", "", "Yes"]
    assert len({stage.picture for stage in taken}) == 4
    assert [stage.told for stage in taken[:-1]] == ["Taken."] * 3
    assert "it was not taken" in taken[-1].told
    assert warnings(trial) == []


def test_a_step_that_finds_nothing_fails_and_shows_what_looks_alike(
    trial_of: Try, pages: Pages
) -> None:
    pages.batch("A", OPEN + APPROVE.replace("id=approve", "id=approve-now"))

    failed = trial_of("A", timings={"click_budget": 1.5}).stages[-1]

    assert "nothing to use at #approve" in failed.fault
    assert failed.alike[0] == "#approve looks like button#approve-now  'Approve'"
    assert failed.picture is not None


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("style='pointer-events: none'", "It shows, but a click on it would meet div.field."),
        ("disabled", "It shows, but is disabled."),
    ],
    ids=["behind", "disabled"],
)
def test_a_step_that_cannot_click_what_shows_says_why(
    trial_of: Try, pages: Pages, how: str, told: str
) -> None:
    pages.batch("A", OPEN + f"<div class=field><input id=f {how}></div>" + APPROVE)
    steps = [{"click": "#f"}, {"click": "#approve", "effect": True}]

    failed = trial_of(
        "A", actions={"approve": {**ACTION, "steps": steps}}, timings={"click_budget": 1.5}
    ).stages[-1]

    assert failed.fault.endswith(f"nothing to use at #f; the profile expects it. {told}")
    assert failed.alike[0].startswith("#f looks like input#f")


def test_a_step_that_takes_our_marker_from_its_field_is_told_as_a_worker_would_be(
    trial_of: Try, pages: Pages
) -> None:
    # Given a field whose text goes into a list by Enter
    notes = """<input id=f onkeydown="if (event.key === 'Enter') {
        notes.append(this.value); this.value = '' }"><ul id=notes></ul>"""
    pages.batch("A", OPEN + notes + APPROVE)
    effect = {"click": "#approve", "effect": True}

    def tried(**how: str) -> str:
        steps = [{"fill": "#f", **how}, {"press": "#f"}, effect]
        return trial_of("A", actions={"approve": {**ACTION, "steps": steps}}).stages[-1].fault

    assert "no more in the field at #f" in tried()
    assert tried(text="{remark}") == ""


def test_a_status_that_stands_in_for_the_one_that_comes_is_a_warning(
    trial_of: Try, pages: Pages
) -> None:
    late = "<script>setTimeout(() => status_.textContent = 'Done', 300)</script>"
    pages.batch("A", "<i id=status_>Open</i>" + late + APPROVE)

    (warning,) = warnings(trial_of("A", batch={"status": "#status_"}))

    assert warning.startswith("batch.status: 'Open' was read, and then it became 'Done': 'ready'")


def test_where_a_stage_fails_what_it_looked_for_is_outlined_and_told(
    trial_of: Try, pages: Pages
) -> None:
    # Given a mark of being logged in that is there, in a menu that is closed
    pages.html["/login"] = FORM.replace("officer", "<i id=menu hidden>officer</i>")

    failed = trial_of(session={"logged_in": "#menu"}, login={"success": "b #menu"}).stages[-1]

    assert failed.title == "Logging in"
    assert "nothing shows at b #menu" in failed.fault
    assert [(mark.name, mark.count, mark.shown) for mark in failed.marks] == [
        ("session.logged_in", 1, 0),
        ("login.success", 1, 0),
    ]
    assert "login.success: finds only what does not show" in failed.all_warnings
    assert failed.picture


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ({"css": "td", "in": {"css": "tr", "has": {"css": "th", "text": "{key}"}}}, TH_IS_ODD),
        ({"css": "td", "in": "#no"}, "There is nothing at #no."),
        ({"text": "Go", "in": "tr"}, "tr finds 2 elements, with the text 'Go' in tr finds none."),
        ({"css": "td", "unless": "th"}, "td finds 2 elements, td unless th finds none."),
    ],
    ids=["a row", "no region", "a text", "what hides it"],
)
def test_the_part_of_a_locator_that_finds_nothing_is_told(
    trial_of: Try, pages: Pages, at: dict[str, Any], told: str
) -> None:
    pages.batch("A", OPEN + "<table><tr><th>No. A<td>x<tr><th>No. B<td>y</table>")
    approve = {**ACTION, "steps": [{"click": at, "effect": True}]}

    failed = trial_of("A", actions={"approve": approve}, timings={"click_budget": 1.5}).stages[-1]

    assert told in failed.warnings


@pytest.mark.parametrize(
    ("changes", "content", "warning"),
    [
        ({}, "<i id=status>Open</i>", "batch.status: finds 2 elements"),
        ({"batch": {"columns": {"Year": ".y"}}}, "", "batch.columns.Year: nothing is found at .y"),
        ({"session": {"logged_in": "body"}}, "", "session.logged_in is there although nobody is"),
        ({"batch": {"status": {"css": "i", "starts": "2 O"}}}, "<i>2 Open</i>", "with digits"),
        ({"batch": {"status": ".css-1x9"}}, "<i class=css-1x9>Open</i>", "looks made up"),
        ({"batch": {"status": "u"}}, "<u hidden>Open</u>", "finds only what does not show"),
        ({"batch": {"status": "u"}}, "<u>Waits</u>", "batch.words does not list 'Waits'"),
    ],
    ids=["two", "none", "logged out", "a number", "made up", "hidden", "a new word"],
)
def test_what_a_person_should_look_at_is_a_warning(
    trial_of: Try, pages: Pages, changes: dict[str, Any], content: str, warning: str
) -> None:
    pages.batch("A", OPEN + content + APPROVE)

    assert any(warning in one for one in warnings(trial_of("A", **changes)))


def test_a_next_page_that_never_comes_ends_the_trial(trial_of: Try, pages: Pages) -> None:
    pages.html["/list"] += "<button id=next>Next</button>"

    *_, failed = trial_of().stages

    assert "did not go on after a click on #next" in failed.fault
    assert failed.picture


def test_rows_that_come_as_the_list_is_scrolled_are_a_warning(trial_of: Try, pages: Pages) -> None:
    pages.batch("A", OPEN + APPROVE)
    pages.html["/list"] = """<b id=user>officer</b><table style="height: 3000px"><tr><td>A</table>
        <table><tr><td>B</table><script>onscroll = () => document.querySelector('table')
        .insertAdjacentHTML('afterend', '<table><tr><td>C</table>')</script>"""

    (warning,) = warnings(trial_of())

    assert "other rows came as the list was scrolled" in warning


def test_the_next_page_of_the_list_is_gone_to(trial_of: Try, pages: Pages) -> None:
    pages.batch("A", OPEN + APPROVE)
    pages.html["/list"] += "<a id=next href=/more>Next</a>"
    pages.html["/more"] = "<b id=user>officer</b><table><tr><td>B</table>"

    trial = trial_of()

    assert trial.stages[2].told == "It begins with A. Its next page begins with B."
    assert [stage.fault for stage in trial.stages] == [""] * 5


def test_what_reads_otherwise_where_it_is_absent_is_no_gap(trial_of: Try, pages: Pages) -> None:
    pages.batch("A", OPEN + APPROVE)

    assert warnings(trial_of(batch={"columns": {"on": {"css": ".on", "otherwise": "no"}}})) == []


def test_what_looks_alike_is_told_by_what_is_wanted_and_not_by_how_it_is_looked_for(
    trial_of: Try, pages: Pages
) -> None:
    pages.batch("A", OPEN + "<b class=named>Approve</b><a class=button>Approve</a>")
    step = {"click": {"role": "button", "named": "Approve"}, "effect": True}

    *_, failed = trial_of(actions={"approve": {**ACTION, "steps": [step]}}).stages

    assert failed.alike[0].endswith("looks like a.button  'Approve'")


def test_a_history_without_lines_is_one_warning(trial_of: Try, pages: Pages) -> None:
    line = {"who": ".who", "when": ".when", "what": ".what", "remark": ".remark"}
    pages.batch("A", OPEN + APPROVE + "<table class=lines></table>")

    trial = trial_of("A", batch={"history": {"ready": ".lines", "row": ".lines tr", **line}})

    assert warnings(trial) == ["batch.history.row: nothing is found at .lines tr"]


@pytest.mark.parametrize(
    ("key", "content", "fault"),
    [
        ("B", "", "has no batch B"),
        ("A", "<i id=status>Done</i>", "not in a state for it"),
        ("A", "", "has nothing at #status"),
    ],
    ids=["missing", "approved", "no status"],
)
def test_a_trial_that_cannot_go_on_says_why(
    trial_of: Try, pages: Pages, key: str, content: str, fault: str
) -> None:
    pages.batch("A", content)
    pages.status["/batches/B"] = 404

    assert fault in trial_of(key).stages[-1].fault


def test_a_login_form_that_is_elsewhere_ends_the_trial(trial_of: Try, pages: Pages) -> None:
    pages.html["/login"] = FORM.replace("id=secret", "id=password")

    (only,) = trial_of().stages

    assert only.fault == "There is no field at #secret."
    assert any("input#password" in one for one in only.alike)


def test_the_report_stands_alone_and_hides_the_password(trial_of: Try, pages: Pages) -> None:
    pages.batch("A", OPEN + APPROVE)
    trial = trial_of()

    text = report(trial._profile, [*trial.stages, Stage("<b>", fault="x & y")], pages.url)

    assert text.count("data:image/jpeg;base64,") == 5
    assert "&lt;b&gt;" in text
    assert "x &amp; y" in text
    assert "hidden secret" not in text
    assert "://" not in text.replace(pages.url, "")


def test_the_esc_profile_is_tried_without_a_warning_or_an_effect(
    desk: Desk, make_options: Callable[..., BrowserOptions], tmp_path: Path
) -> None:
    key = desk.a_batch()
    browser = Browser(make_options(tmp_path), lambda process: None)
    try:
        trial = Trial(browser, desk.profile, desk.practice.url, desk.credentials)

        assert trial.run(key)
    finally:
        browser.quit()

    assert warnings(trial) == []
    assert (desk.batch(key)["status"], desk.batch(key)["posts"]) == ("Pending", 0)
