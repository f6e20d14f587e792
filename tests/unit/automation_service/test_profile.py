"""A profile is data: what is wrong in it is told with its place, and never guessed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation_service.profile import (
    PROFILES,
    Locator,
    Profile,
    Reclick,
    builtin_profile,
    load_profile,
)
from shared.contracts import Condition
from shared.errors import ConfigurationError

ESC = (PROFILES / "esc.yaml").read_text(encoding="utf-8")

Faulty = Callable[[str, str], str]


@pytest.fixture(scope="module")
def esc() -> Profile:
    return builtin_profile("esc")


@pytest.fixture
def fault_of(tmp_path: Path) -> Faulty:
    """What is said of the ESC profile with a text in it replaced where it stands first."""

    def load(old: str, new: str) -> str:
        assert old in ESC
        path = tmp_path / "esc.yaml"
        path.write_text(ESC.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(ConfigurationError) as error:
            load_profile(path)
        return error.value.message

    return load


def place_of(text: str) -> str:
    """Line and column of `text` in the ESC profile."""
    before = ESC[: ESC.index(text)]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def test_the_esc_profile_says_what_the_portals_words_mean(esc: Profile) -> None:
    approve = esc.action("approve")
    assert esc.condition_of("Pending", approve) is Condition.MAY_BE_DONE
    assert esc.condition_of("Approved", approve) is Condition.DONE
    assert esc.condition_of("On Hold", approve) is Condition.MAY_NOT_BE_DONE
    assert esc.reclick is Reclick.AFTER_SETTLE
    assert esc.shows_marks(esc.action("approve"))


def test_a_word_means_what_the_action_that_looks_makes_of_it(esc: Profile) -> None:
    reject, issue = esc.action("reject"), esc.action("issue_merit")

    assert esc.condition_of("Rejected", reject) is Condition.DONE
    assert esc.condition_of("Approved", reject) is Condition.MAY_NOT_BE_DONE
    # Certificates have a status of their own, which speaks other words
    assert esc.condition_of("Not issued", issue) is Condition.MAY_BE_DONE
    assert esc.condition_of("In preparation", issue) is Condition.DONE
    assert esc.condition_of("Not approved", issue) is Condition.MAY_NOT_BE_DONE
    assert esc.condition_of("Pending", issue) is Condition.MAY_NOT_BE_DONE


def test_a_profile_is_told_from_another_by_its_version(esc: Profile, tmp_path: Path) -> None:
    changed = tmp_path / "esc.yaml"
    changed.write_text(ESC + "\n", encoding="utf-8")

    assert len(esc.version) == 12
    assert load_profile(changed).version != esc.version
    assert esc.model_copy().version == esc.version


@pytest.mark.parametrize(
    ("named", "means"),
    [
        ("7", "BATCH007"),
        (" 42 ", "BATCH042"),
        ("007", "BATCH007"),
        ("1234", "BATCH1234"),
        ("BATCH007", "BATCH007"),
        ("BATCH7", "BATCH7"),
        ("seven", "seven"),
        ("-7", "-7"),
        ("\N{ARABIC-INDIC DIGIT SEVEN}", "\N{ARABIC-INDIC DIGIT SEVEN}"),
        ("{key}", "{key}"),
    ],
)
def test_a_batch_has_one_spelling(esc: Profile, named: str, means: str) -> None:
    assert esc.canonical_key(named) == means


@settings(deadline=None)
@given(key=st.text())
def test_a_canonical_key_stays_what_it_is(esc: Profile, key: str) -> None:
    once = esc.canonical_key(key)

    assert esc.canonical_key(once) == once


@settings(deadline=None)
@given(key=st.text())
def test_no_key_leaves_its_place_in_the_path(esc: Profile, key: str) -> None:
    path = esc.batch_path({"key": key})

    assert path.startswith("/esc/batches/")
    assert path.isascii()
    assert not set(path.removeprefix("/esc/batches/")) & set("/?#\\ \n\"'<>{}")


def test_an_unknown_field_is_told_with_its_place_and_the_known_ones(fault_of: Faulty) -> None:
    fault = fault_of("  printed_key:", "  printed_id:")

    assert f"esc.yaml:{place_of('printed_key:')}" in fault
    assert "unknown field 'printed_id'; did you mean 'printed_key'? known here are: path," in fault


def test_an_unknown_field_deep_inside_is_told_with_its_place(fault_of: Faulty) -> None:
    fault = fault_of("    who: .who", "    whom: .who")

    assert f"esc.yaml:{place_of('who: .who')}" in fault
    assert "remark" in fault


def test_every_fault_is_told_at_once_in_the_order_of_the_file(fault_of: Faulty) -> None:
    session = ESC[ESC.index("session:") : ESC.index("login:")]
    faulty = "session: {logedin: .user, lost: {css: form, colour: x}}\ntimeings: {}\n\n"

    faults = fault_of(session, faulty).split("; esc.yaml")

    told = [(fault.split(": ")[1], fault.split(": ")[2].split("'")[0]) for fault in faults]
    assert told == [
        (
            "session.logged_in",
            "is missing. A positive mark, without which nothing that a page shows is believed.",
        ),
        ("session", "unknown field "),
        ("session.lost", "unknown field "),
        ("profile", "unknown field "),
    ]
    assert "did you mean 'logged_in'?" in faults[1]
    assert "did you mean 'timings'?" in faults[3]


def test_an_unknown_role_is_told_with_the_known_ones(fault_of: Faulty) -> None:
    fault = fault_of("submit: button[type=submit]", "submit: {role: buton}")

    assert "unknown role 'buton'; did you mean 'button'?" in fault


def test_a_wrong_value_is_told_with_its_place_and_what_is_allowed(fault_of: Faulty) -> None:
    fault = fault_of("reclick: after_settle", "reclick: sometimes")

    assert f"esc.yaml:{place_of('reclick:')}" in fault
    assert "'after_settle' or 'never'" in fault


def test_a_word_that_means_nothing_known_is_refused(fault_of: Faulty) -> None:
    fault = fault_of("On Hold: on_hold", "On Hold: Maybe")

    assert "batch.words.On Hold" in fault
    assert "[a-z]" in fault


def test_a_field_given_twice_is_refused_with_its_place(fault_of: Faulty) -> None:
    fault = fault_of("name: esc", "name: esc\nname: other")

    assert "esc.yaml:3:1" in fault
    assert "duplicate key" in fault


def test_a_missing_part_is_named(fault_of: Faulty) -> None:
    assert "batch.status: is missing." in fault_of("  status: .details .status\n", "")


def test_an_empty_file_and_a_text_in_place_of_a_part_are_told_what_is_known_there(
    fault_of: Faulty,
) -> None:
    login = ESC[ESC.index("login:") : ESC.index("batch:")]

    assert "profile: has no fields; known here are: name, title," in fault_of(ESC, "")
    assert "login: has no fields; known here are: path, username," in fault_of(
        login, "login: /login\n\n"
    )


def test_text_that_is_no_yaml_is_refused_with_its_place(fault_of: Faulty) -> None:
    assert fault_of("name: esc", "name: [esc").startswith("esc.yaml:")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("\n        effect: true", "", "exactly one step"),
        ("- click: .action-bar .approve-btn", "- {click: .a, effect: true}", "exactly one step"),
        ('- fill: "#confirm-dialog #remark"', "- {fill: .a, click: .b}", "does one of: click"),
        ('- fill: "#confirm-dialog #remark"', "- {fill: .a, key: Enter}", "'key' belongs to press"),
        ('- fill: "#confirm-dialog #remark"', "- {fill: .a, leads_to: page}", "leads to no page"),
        ('- fill: "#confirm-dialog #remark"', "- {choose: .a}", "choose needs 'option'"),
        (
            '- fill: "#confirm-dialog #remark"',
            "- {hover: .a, submits: true}",
            "hover submits nothing",
        ),
        (
            '- fill: "#confirm-dialog #remark"',
            "- {click: .a, leads_to: page, submits: true}",
            "'submits' goes without",
        ),
        (
            '- fill: "#confirm-dialog #remark"',
            "- {when: .a, steps: [{hover: .b}]}",
            "goes, hovers, answers or saves",
        ),
        ('- fill: "#confirm-dialog #remark"', "- {go: 'https://x.example'}", "begins with /"),
        (
            '- fill: "#confirm-dialog #remark"',
            "- {when: .a, steps: [{click: .b, effect: true}]}",
            "no step of when has the effect",
        ),
        (
            "- click: .action-bar .approve-btn",
            "- {answer: alert, says: Hello}",
            "the step right before it brings",
        ),
        (
            "text: Confirm}\n        effect",
            "text: Confirm}\n        leads_to: page\n        effect",
            "nothing is done where",
        ),
        (
            '- fill: "#confirm-dialog #remark"',
            '- {fill: .a, text: "{kye}"}',
            "unknown placeholder 'kye'",
        ),
        ('match: "[0-9]+"', 'match: "["', "not a regular expression"),
        ("BATCH{key:0>3}", "BATCH{number}", "not a form"),
        ("/esc/batches/{key}", "/esc/batches/{id}", "placeholder, and one that is known: {key}"),
        (
            "/esc/batches/{key}",
            "/esc/batches",
            "needed in: printed_key, status, actions.approve.steps, ",
        ),
        (
            "batch:\n",
            "batch:\n  elsewhere: {path: /all, printed_key: b, status: i}\n",
            "needed in: batch.elsewhere.printed_key",
        ),
        (
            "batch:\n",
            "batch:\n  elsewhere: {path: '/all/{id}', printed_key: b, status: i}\n",
            "batch.elsewhere.path: unknown placeholder 'id'",
        ),
        ("allowed: [pending]", "allowed: [pendign]", "known here are: approved"),
        ("becomes: approved", "becomes: pending", "which it becomes"),
        ("success: .alert-success", "success: {css: .a, says: '('}", "not a regular expression"),
        ("click_budget: 5", "click_budget: 0", "greater than 0"),
        ("refused: .login-error", "refused: {css: .a, xpath: //b}", "not by css and xpath"),
        ("refused: .login-error", "refused: {named: Go}", "a locator has one of: css, xpath"),
        ("refused: .login-error", "refused: {xpath: //b, shadow: x-y}", "use css there"),
        ("status: .details .status", 'status: {css: a, match: "["}', "not a regular expression"),
        ("status: .details .status", 'status: {css: a, match: "(?i)a"}', "does not know (?i)"),
        (
            "  ready: table.history\n  status: .details .status",
            "  status: {css: a, otherwise: No}",
            "needs 'ready'",
        ),
        ("    words: &state_words", "    columns: &state_words", "unknown field 'columns'"),
        ("recorded: Approved", "recorded: Approved\n    status: .state", "go together"),
        ("allowed: [not_issued]", "allowed: [pending]", "known here are: issued, not_issued"),
        ("    On Hold:", "    APPROVED:", "are one word"),
        (
            "?status=Pending&sort=oldest",
            "?page={page}\n  first_page: 1",
            "of next, first_page",
        ),
        ("  next: a.page-next", "  first_page: 1", "'first_page' goes with {page}"),
        ("  next: a.page-next", "  back: a.page-first", "'back' goes with 'next'"),
        ("?status=Pending&sort", "?status={state}&sort", "placeholder 'state'"),
        ("status: .details .status", "status: '[data-id={ky}]'", "did you mean 'key'?"),
        ("- click: .action-bar .approve-btn", "- click: '#a-{id}'", "unknown placeholder 'id'"),
        ("  lost: form.login #username\n", "", "how does a lost session show?"),
    ],
)
def test_a_profile_that_would_not_be_safe_is_refused(
    fault_of: Faulty, old: str, new: str, said: str
) -> None:
    assert said in fault_of(old, new)


def test_a_new_profile_never_clicks_again_unless_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    path.write_text(ESC.replace("reclick: after_settle\n", ""), encoding="utf-8")

    assert load_profile(path).reclick is Reclick.NEVER


def test_a_profile_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        load_profile(tmp_path / "nowhere.yaml")
    with pytest.raises(ConfigurationError, match="known are: esc"):
        builtin_profile("../esc")


def test_a_plain_text_is_a_css_selector() -> None:
    assert Locator.model_validate(".status") == Locator(css=".status")
