"""What a profile cannot say, done by a small class beside it that overrides one method."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from automation_service.browser import Browser
from automation_service.portal import Credentials, Portal
from automation_service.profile import Profile, load_profile
from automation_service.profile.__main__ import main
from automation_service.ways import ways_class
from shared.contracts import Condition
from shared.errors import ConfigurationError, ProfileMismatch
from tests.integration.automation_service.pages import APPROVE, PROFILE, Pages
from tests.integration.automation_service.worker_double import InMemoryGate

BY_API = '''
import re

from automation_service.ways import Ways

class OrderWays(Ways):
    """The portal's own script asks an address for the id; so do we."""

    def find(self, key):
        self.load("/list")
        asked = "fetch('/api?no=' + encodeURIComponent(values.key)).then(it => it.text())"
        return [{"id": found} for found in re.findall("[0-9]+", self.run(asked, key=key))]
'''


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """The test's profile as a file, with the Python beside it."""

    def write(code: str | None, **changes: Any) -> Path:
        file = tmp_path / "orders.yaml"
        batch = {**PROFILE["batch"], "path": "/orders/{id}"}
        file.write_text(json.dumps({**PROFILE, "batch": batch, "ways": "orders.py", **changes}))
        if code is not None:
            (tmp_path / "orders.py").write_text(code)
        return file

    return write


def test_an_id_is_found_in_a_way_of_the_portals_own(
    written: Any, browser: Browser, pages: Pages
) -> None:
    profile = load_profile(written(BY_API))
    pages.html["/list"] = "<b id=user>officer</b>"
    pages.html["/api?no=A%2F1"] = "[77]"
    pages.batch("A/1", "<i id=status>Open</i>", path="/orders/77")
    pages.html["/api?no=B"] = "[]"
    portal = Portal(browser, profile, pages.url, Credentials("a", "b"), InMemoryGate())

    assert portal.read("A/1").condition is Condition.MAY_BE_DONE
    assert portal.read("B").condition is Condition.MISSING


def test_what_nobody_found_is_a_mismatch(written: Any, browser: Browser, pages: Pages) -> None:
    code = BY_API.replace('"id"', '"number"')
    pages.html["/api?no=A"] = "[77]"
    profile = load_profile(written(code))
    portal = Portal(browser, profile, pages.url, Credentials("a", "b"), InMemoryGate())

    with pytest.raises(ProfileMismatch, match=r"what \{id\} in /orders/\{id\} stands for"):
        portal.read("A")


def test_a_change_of_the_code_is_another_version(written: Any) -> None:
    before = load_profile(written(BY_API))
    after = load_profile(written(BY_API + "\n# changed\n"))

    assert before.version != after.version
    assert before != after


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def find(:", "cannot be used: SyntaxError"),
        ("import nothing_of_that_name", "cannot be used: ModuleNotFoundError"),
        ("x = 1", "has 0 classes made of Ways"),
        (BY_API.replace("def find", "def run"), "overrides run; it may override: log_in, pending"),
        (BY_API.replace("def find", "def other"), "overrides nothing"),
    ],
)
def test_code_that_cannot_be_the_ways_of_a_portal_is_refused(
    written: Any, code: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(code)

    with pytest.raises(ProfileMismatch, match=said):
        ways_class(load_profile(file))
    assert main(["check", str(file)]) == 1
    assert said in capsys.readouterr().out


def test_a_file_that_is_not_beside_the_profile_is_told_with_its_place(written: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"orders.yaml:1:[0-9]+: ways: orders.py: No such"):
        load_profile(written(None))
    with pytest.raises(ConfigurationError, match="ways: String should match"):
        load_profile(written(None, ways="../elsewhere.py"))


def test_a_profile_without_ways_goes_the_ways_it_says() -> None:
    assert ways_class(Profile.model_validate(PROFILE)).__name__ == "Ways"


PREPARES = """
from automation_service.ways import Ways

class OrderWays(Ways):
    def prepare(self, action, values):
        self.run("document.getElementById('approve').hidden = values.action !== 'approve' "
                 "|| values.key !== 'A'", action=action, key=values["key"])
        self.run("document.getElementById('form').requestSubmit(), 1")
"""


def test_a_page_is_prepared_for_the_first_step_and_nothing_is_sent_by_that(
    written: Any, browser: Browser, pages: Pages
) -> None:
    profile = load_profile(written(PREPARES, batch=PROFILE["batch"]))
    form = "<form id=form method=post action=/other></form>"
    hidden = APPROVE.replace("<button", "<button hidden")
    pages.batch("A", "<i id=status>Open</i>" + form + hidden)
    portal = Portal(browser, profile, pages.url, Credentials("a", "b"), InMemoryGate())
    page = portal.open_batch("A")

    with page.aim("", "[m]", 10) as aim:
        aim.fire()

    assert page.touched
    assert pages.wait_for_posts(1) == ["/effect"]
