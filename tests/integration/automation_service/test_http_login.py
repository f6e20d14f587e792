"""Portals without a login form, which ask the browser by HTTP who we are."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from urllib.parse import unquote

import pytest

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.browser import Browser
from automation_service.evidence import EvidenceFolder
from automation_service.portal import Credentials, Portal
from automation_service.profile import Profile
from automation_service.trial import Trial
from shared.contracts import Condition
from shared.errors import LoginRefused, ProfileInDoubt, SessionLost
from shared.task_state import ItemStatus
from tests.integration.automation_service.pages import APPROVE, PROFILE, Pages
from tests.integration.automation_service.worker_double import InMemoryClaim, InMemoryGate

OPEN = "<i id=status>Open</i>"
WHO, SECRET = "officer@office", "p:a/s@s"


def basic(_method: str, answer: str) -> str:
    known = b64encode(f"{WHO}:{SECRET}".encode()).decode()
    return "" if answer == f"Basic {known}" else 'Basic realm="office", charset="UTF-8"'


def hashed(*parts: str) -> str:
    return md5(":".join(parts).encode()).hexdigest()


def digest(method: str, answer: str) -> str:
    told = {name: a or b for name, a, b in re.findall(r'(\w+)=(?:"([^"]*)"|([^ ,]+))', answer)}
    if told:
        ours = hashed(WHO, "office", SECRET)
        parts = (told["nonce"], told["nc"], told["cnonce"], told["qop"])
        if told["response"] == hashed(ours, *parts, hashed(method, told["uri"])):
            return ""
    return 'Digest realm="office", nonce="once", qop="auth", algorithm=MD5'


Challenge = Callable[[str, str], str]
OpenAs = Callable[..., Portal]


@pytest.fixture
def portal_of(spare_browser: Browser, pages: Pages) -> OpenAs:
    """The portal for whoever knows this password, in a browser that has been told of none."""

    def make(password: str = SECRET) -> Portal:
        profile = Profile.model_validate({**PROFILE, "login": {"path": "/list", "http": True}})
        known = Credentials(WHO, password)
        return Portal(spare_browser, profile, pages.url, known, InMemoryGate())

    pages.batch("A", OPEN + APPROVE)
    pages.html["/list"] = "<b id=user>officer</b><table><tr><td>A</table>"
    pages.after_post["/effect"] = lambda: pages.batch("A", "<i id=status>Done</i>")
    return make


@pytest.mark.parametrize("challenge", [basic, digest])
def test_a_batch_is_approved_by_whom_the_browser_says_we_are(
    portal_of: OpenAs, pages: Pages, tmp_path: Path, challenge: Challenge
) -> None:
    pages.challenge = challenge
    service = BatchApprovalService(portal_of(), EvidenceFolder(tmp_path, "task"))

    outcome = service.act(InMemoryClaim("A"), "")

    assert (outcome.status, outcome.clicks) == (ItemStatus.DONE, 1)
    assert pages.posts == ["/effect"]


def test_no_script_of_the_portal_knows_the_password(
    portal_of: OpenAs, pages: Pages, spare_browser: Browser
) -> None:
    # Given a page that tells its portal what it knows of itself
    pages.challenge = basic
    known = "JSON.stringify([document.URL, document.baseURI, performance.getEntries()])"
    pages.html["/list"] += f"""<script>fetch('/told/' + encodeURIComponent({known}),
        {{method: 'POST'}})</script>"""
    portal = portal_of()

    portal.log_in()

    (told,) = pages.wait_for_posts(1)
    assert "list" in told
    assert "s%40s" not in unquote(told)
    assert "s%40s" not in spare_browser.evaluate(known, 5)


@pytest.mark.parametrize("challenge", [basic, digest])
def test_a_password_that_is_refused_is_sent_once(
    portal_of: OpenAs, pages: Pages, challenge: Challenge
) -> None:
    answers = []

    def counted(method: str, answer: str) -> str:
        answers.append(answer)
        return challenge(method, answer)

    pages.challenge = counted
    portal = portal_of("guessed")

    for _ in range(2):
        with pytest.raises(LoginRefused):
            portal.log_in()

    assert len([answer for answer in answers if answer]) == 1


def test_a_password_that_counts_no_more_is_a_lost_session(portal_of: OpenAs, pages: Pages) -> None:
    pages.challenge = basic
    portal = portal_of()
    portal.log_in()
    assert portal.read("A").condition is Condition.MAY_BE_DONE

    pages.challenge = lambda _method, _answer: 'Basic realm="office"'

    with pytest.raises(SessionLost):
        portal.read("A")
    with pytest.raises(LoginRefused):
        portal.logged_in_again(lambda: portal.read("A"))


def test_a_portal_that_asks_though_its_profile_has_a_form_says_so(
    spare_browser: Browser, pages: Pages
) -> None:
    pages.challenge = basic
    profile = Profile.model_validate(PROFILE)
    portal = Portal(spare_browser, profile, pages.url, Credentials("a", "b"), InMemoryGate())

    with pytest.raises(SessionLost, match="asks for a user name and a password, by HTTP"):
        portal.log_in()


def test_a_trial_logs_in_so(spare_browser: Browser, pages: Pages, portal_of: OpenAs) -> None:
    pages.challenge = basic
    profile = portal_of().profile

    trial = Trial(spare_browser, profile, pages.url, Credentials(WHO, SECRET))

    assert trial.run("A")
    assert [stage.fault for stage in trial.stages] == [""] * 5
    assert trial.stages[0].told == "/list asks for it."


def test_who_is_let_in_without_the_mark_is_in_doubt(portal_of: OpenAs, pages: Pages) -> None:
    pages.challenge = basic
    pages.html["/list"] = "<p>Welcome</p>"

    with pytest.raises(ProfileInDoubt, match="let us in, but nothing shows at #user"):
        portal_of().log_in()
