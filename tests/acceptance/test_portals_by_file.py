"""A portal described by a file, and a second officer, given to a system that runs already."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from automation_service.profile import PROFILES
from launcher.system import PracticeSystem
from shared.logging_config import LOG_FILE
from shared.utils import utc_now
from tests.acceptance.conftest import Deployment, wait_for
from tests.acceptance.occupied_slot import seen_from_outside

SECOND = "practice-officer-north"
PASSWORD = "north-in-a-file"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A system of one slot that knows the portal `esc` only, and one officer."""
    folder = tmp_path_factory.mktemp("by-file")
    settings = {"SECRETS_DIR": str(folder / "secrets"), "LOG_LEVEL": "DEBUG", "MAX_ATTEMPTS": "2"}
    system = PracticeSystem(folder / "system", batches=27, settings=settings)
    with system, seen_from_outside(system) as deployment:
        yield deployment


@pytest.fixture
def second(here: Deployment) -> str:
    """The portal `second`: the same site by another file, and its officer; usable by now."""
    url = f"{here.system.truth_url}/truth/accounts/{SECOND}"
    body = {"password": PASSWORD}
    httpx.put(url, json=body, timeout=30, trust_env=False).raise_for_status()
    _save_secrets(here, "second", "north")
    _save_profile(here, "second", _profile(here, "second"))
    return "second"


def _profile(here: Deployment, name: str, pace: str = "{}") -> str:
    text = (PROFILES / "esc.yaml").read_text(encoding="utf-8")
    site = f"site: {{base_url: '{here.system.portal_url}', pace: {pace}}}"
    return text.replace("name: esc\n", f"name: {name}\n{site}\n", 1)


def _save_profile(here: Deployment, name: str, text: str) -> None:
    """Save a file in one step, and wait until it can be asked for."""
    folder = here.system.folder / "profiles"
    folder.mkdir(exist_ok=True)
    new = folder / "new"
    new.write_text(text, encoding="utf-8")
    new.replace(folder / f"{name}.yaml")
    wait_for(lambda: name in _portals(here))


def _save_changed(here: Deployment, changes: dict[str, tuple[str, str]]) -> None:
    """Portals by these names, with the second text of each in place of the first."""
    for name, (before, after) in changes.items():
        _save_secrets(here, name, "default")
        text = _profile(here, name).replace("settle: 3}", "settle: 3, step: 1}")
        assert before in text
        _save_profile(here, name, text.replace(before, after))


def _save_secrets(here: Deployment, portal: str, account: str) -> None:
    folder = _secrets(here) / portal / account
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("username", SECOND), ("password", PASSWORD)):
        new = folder / "new"
        new.write_text(f"{text}\n")
        new.chmod(0o400)
        new.replace(folder / name)


def _secrets(here: Deployment) -> Path:
    return here.system.folder.parent / "secrets"


def _portals(here: Deployment) -> list[str]:
    """The portals that GET /tasks/ says approve_batches can be asked for."""
    answer = httpx.get(
        f"{here.system.api_url}/tasks/",
        headers={"x-api-key": here.system.api_key},
        timeout=30,
        trust_env=False,
    )
    listed = {one["name"]: one for one in answer.raise_for_status().json()}
    return list(listed["approve_batches"]["params_schema"]["properties"]["portal"]["enum"])


def _officers(here: Deployment, keys: list[str]) -> list[list[str]]:
    """Who approved each of these batches, by the portal's own word."""
    batches = here.batches()
    return [[line["by"] for line in batches[key]["approvals"]] for key in keys]


def _steer(here: Deployment, what: str, task_id: str, body: object = None) -> dict[str, Any]:
    """Decide about a task, or retry it."""
    answer = httpx.post(
        f"{here.system.api_url}/{what}/{task_id}",
        json=body,
        headers={"x-api-key": here.system.api_key},
        timeout=30,
        trust_env=False,
    )
    told: dict[str, Any] = answer.raise_for_status().json()
    return told


def _item(result: dict[str, Any]) -> str:
    (item,) = result["result"]["items"]
    return str(item["status"])


@pytest.mark.timeout(300)
def test_two_portals_and_accounts_share_a_slot_and_are_never_mixed_up(
    here: Deployment, second: str
) -> None:
    # Given six batches, asked for by turns in one portal and in the other
    keys = here.take_batches(6)
    names = [{}, {"portal": second, "account": "north"}] * 3
    # When one slot works on all of them
    asked = [here.approve(batch_ids=[key], **name) for key, name in zip(keys, names, strict=True)]
    results = [here.finish(task_id) for task_id in asked]
    # Then each was approved once, by the officer of the account that was named
    for result in results:
        assert here.assert_true(result) == {"approved": 1}
    assert _officers(here, keys) == [[here.system.portal.username], [SECOND]] * 3
    # And the second officer's password, which no setting says, is in no log
    logs = (here.system.folder / "logs").glob(f"{LOG_FILE}*")
    logged = "".join(path.read_text() for path in logs)
    assert all(task_id in logged for task_id in asked)
    assert PASSWORD not in logged


@pytest.mark.timeout(300)
def test_what_one_profile_of_a_site_approved_is_approved_already_by_the_other(
    here: Deployment, second: str
) -> None:
    (key,) = here.take_batches(1)

    by_second = here.finish(here.approve(batch_ids=[key], portal=second, account="north"))
    by_esc = here.finish(here.approve(batch_ids=[key]))

    assert (_item(by_second), _item(by_esc)) == ("approved", "already_approved")
    assert _officers(here, [key]) == [[SECOND]]


@pytest.mark.timeout(300)
def test_what_was_reviewed_or_is_retried_is_approved_by_the_account_that_was_named(
    here: Deployment, second: str
) -> None:
    # Given a batch shown to a person, and a task whose account is not known yet
    shown, kept, failed = keys = here.take_batches(3)
    review = here.approve(
        batch_ids=[shown, kept], auto_approve=False, portal=second, account="north"
    )
    unknown = here.approve(batch_ids=[failed], portal=second, account="west")
    wait_for(lambda: here.api.status(review)["state"] == "awaiting_decision")
    assert here.finish(unknown)["state"] == "failed"
    # When one is decided, and the other retried once its account is there
    _steer(here, "decision", review, {"approve": [shown], "reject": [kept]})
    _save_secrets(here, second, "west")
    again = _steer(here, "retry", unknown)["task_id"]
    # Then both are done in the name of those accounts, and nothing else is
    statuses = [item["status"] for item in here.finish(review)["result"]["items"]]
    assert sorted(statuses) == ["approved", "skipped"]
    assert here.assert_true(here.finish(again)) == {"approved": 1}
    assert _officers(here, keys) == [[SECOND], [], [SECOND]]


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("second")
def test_a_task_asks_by_name_for_what_else_a_profile_says(here: Deployment) -> None:
    # Given a portal that can send batches back
    (key,) = here.take_batches(1)
    _save_secrets(here, "returning", "default")
    text = _profile(here, "returning").replace("\n  reject:\n", "\n  send_back:\n", 1)
    _save_profile(here, "returning", text)

    def act(action: str) -> dict[str, Any]:
        about = {
            "portal": "returning",
            "action": action,
            "batch_ids": [key],
            "remark": "Incomplete",
        }
        return here.finish(here.api.assign("act_on_batches", about))

    # When it is asked for twice, and for something that it does not know, or that has other rules
    results = [act(name) for name in ("send_back", "send_back", "hold", "issue_merit")]

    # Then it was done once, and the others say why they are not done
    assert [_item(result) for result in results[:2]] == ["done", "already_done"]
    assert [len(here.batches()[key][what]) for what in ("rejections", "approvals")] == [1, 0]
    unknown, ruled = (result["error"] for result in results[2:])
    assert "does not say how to hold a batch; it knows: approve, send_back" in unknown
    assert "ask generate_certificates" in ruled


@pytest.mark.timeout(300)
def test_a_folder_that_cannot_be_read_ends_no_task(here: Deployment, second: str) -> None:
    # Given a folder of profiles that cannot be listed any more
    mine, others = here.take_batches(2)
    folder = here.system.folder / "profiles"
    away = folder.rename(folder.with_name("away"))
    folder.write_text("No folder: whoever lists it gets an error.")
    # When a portal in it is asked for a batch, and one that is not in it
    waiting = here.approve(batch_ids=[mine], portal=second, account="north")
    wait_for(lambda: "profiles cannot be read" in str(here.api.status(waiting)["note"]))
    assert here.assert_true(here.finish(here.approve(batch_ids=[others]))) == {"approved": 1}
    # Then the first waits, and goes on by itself once the folder is there
    folder.unlink()
    away.rename(folder)
    assert here.assert_true(here.finish(waiting)) == {"approved": 1}
    assert _officers(here, [mine]) == [[SECOND]]


@pytest.mark.timeout(300)
def test_an_unknown_portal_is_refused_with_the_known_ones(here: Deployment, second: str) -> None:
    answer = httpx.post(
        f"{here.system.api_url}/assign-task/",
        json={"task_type": "approve_batches", "params": {"batch_ids": [1], "portal": "secnod"}},
        headers={"x-api-key": here.system.api_key},
        timeout=30,
        trust_env=False,
    )

    assert answer.status_code == 422
    known = _portals(here)
    assert {"esc", second} <= set(known)
    assert f"There is no such portal; known are: {', '.join(known)}." in answer.text


@pytest.mark.timeout(300)
def test_a_missing_secret_ends_the_task_naming_the_files(here: Deployment, second: str) -> None:
    (key,) = here.take_batches(1)

    result = here.finish(here.approve(batch_ids=[key], portal=second, account="south"))

    assert result["state"] == "failed"
    for name in ("username", "password"):
        assert str(_secrets(here) / second / "south" / name) in result["error"]
    assert here.batches()[key]["posts"] == 0


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("second")
def test_a_profile_that_breaks_ends_its_tasks_and_no_others(here: Deployment) -> None:
    # Given a portal whose file has a fault
    mine, others = here.take_batches(2)
    broken = _profile(here, "broken").replace("title:", "titel:", 1)
    _save_profile(here, "broken", broken)
    # When both portals are asked
    by_broken = here.approve(batch_ids=[mine], portal="broken")
    by_esc = here.approve(batch_ids=[others])
    failed = here.finish(by_broken)
    # Then its task says where the fault is, and the other one goes on
    assert failed["state"] == "failed"
    assert "broken.yaml:" in failed["error"]
    assert "titel" in failed["error"]
    assert here.batches()[mine]["posts"] == 0
    assert here.assert_true(here.finish(by_esc)) == {"approved": 1}
    # And once it is mended and its secrets are there, the same worker approves by it
    _save_secrets(here, "broken", "default")
    _save_profile(here, "broken", broken.replace("titel:", "title:", 1))
    mended = here.finish(here.approve(batch_ids=[mine], portal="broken"))
    assert here.assert_true(mended) == {"approved": 1}


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("second")
def test_a_profile_that_stops_matching_ends_its_tasks_with_a_report_and_no_others(
    here: Deployment,
) -> None:
    # Given a portal that confirms with another button than its profile says
    mine, spared, *others = here.take_batches(4)
    _save_secrets(here, "changed", "default")
    _save_profile(here, "changed", _profile(here, "changed").replace(".confirm-btn", ".yes-btn"))
    # When it and another portal are asked at the same time
    by_esc = here.approve(batch_ids=others[:1])
    by_changed = here.approve(batch_ids=[mine, spared], portal="changed")
    later_by_esc = here.approve(batch_ids=others[1:])
    # Then its task ends as one whose profile does not match, with the step
    ended = here.until(by_changed, lambda event: event["type"] == "failed")
    assert ended["data"]["code"] == "profile_mismatch"
    assert "profile changed does not match, step 3 of 3" in ended["data"]["error"]
    assert here.approve_posts([mine, spared]) == 0
    # And a picture that is not an empty page, and a report that may not do anything
    result = here.finish(by_changed)
    assert [item["status"] for item in result["result"]["items"]] == ["failed", "failed"]
    picture = _fetched(here, result["screenshot_url"])
    with Image.open(io.BytesIO(picture.content)) as image:
        assert len(image.convert("RGB").getcolors(1 << 24)) > 100
    (link,) = result["download_links"]
    report = _fetched(here, link)
    assert "Step 3 of 3 to approve" in report.text
    assert re.search(r"\.yes-btn.* looks like button\S*\.confirm-btn", report.text)
    assert report.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in report.headers["content-security-policy"]
    assert report.headers["x-content-type-options"] == "nosniff"
    # And the other portal's work went on
    for task_id in (by_esc, later_by_esc):
        assert here.assert_true(here.finish(task_id)) == {"approved": 1}


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("second")
def test_a_portal_without_its_login_form_or_its_list_ends_the_task_as_one_that_does_not_match(
    here: Deployment,
) -> None:
    # Given two portals, of which one has another login form and one another list by now
    (mine,) = here.take_batches(1)
    changes = {
        "formless": ('password: "#password"', 'password: "#pass-word"'),
        "listless": ("ready: table.batches-table", "ready: table.batch-list"),
    }
    _save_changed(here, changes)
    # When one is asked for a batch, and the other for whichever waits
    asked = [
        here.approve(batch_ids=[mine], portal="formless"),
        here.approve(batch_count=1, portal="listless"),
    ]
    # Then both end in the same way once all attempts are spent, with what was seen last
    for task_id in asked:
        ended = here.until(task_id, lambda event: event["type"] == "failed")
        assert ended["data"]["code"] == "profile_mismatch"
        assert "Given up after 2 attempts" in ended["data"]["error"]
    formless, listless = (here.finish(task_id) for task_id in asked)
    report = _fetched(here, formless["download_links"][0]).text
    assert "#pass-word looks like input#password" in report
    assert here.system.portal.password not in report
    report = _fetched(here, listless["download_links"][0]).text
    assert "<h2>The list of batches that wait</h2>" in report
    assert _fetched(here, listless["screenshot_url"]).content.startswith(b"\xff\xd8")
    assert here.batches()[mine]["posts"] == 0


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("second")
def test_a_portal_whose_files_are_elsewhere_by_now_ends_the_task_in_the_same_way(
    here: Deployment,
) -> None:
    # Given two portals, of which one has another form for reports and one another list of trainees
    (mine,) = here.take_batches(1)
    here.ask_truth("POST", f"/truth/batches/{mine}/approve", {"by": "s.kulkarni"})
    changes = {
        "reportless": ("submit: .report-btn", "submit: .make-report"),
        "traineeless": ("row: table.certificates", "patience: 1\n  row: table.trainees"),
    }
    _save_changed(here, changes)
    # When they are asked for files
    days = {"report_type": "batches", "date_range": "2026-08-01 to 2026-08-31"}
    asked = {
        here.api.assign("download_reports", {**days, "portal": "reportless"}): "nothing at .make-r",
        here.api.assign("generate_certificates", {"batch_id": mine, "portal": "traineeless"}): (
            "no trainee at table.trainees"
        ),
    }
    # Then both end with what was not found, and a picture and a report of the page
    for task_id, told in asked.items():
        ended = here.until(task_id, lambda event: event["type"] == "failed")
        assert ended["data"]["code"] == "profile_mismatch"
        assert told in ended["data"]["error"]
        result = here.finish(task_id)
        assert _fetched(here, result["screenshot_url"]).content.startswith(b"\xff\xd8")
        assert "looks like" in _fetched(here, result["download_links"][0]).text


def _fetched(here: Deployment, url: str) -> httpx.Response:
    return httpx.get(url, timeout=30, trust_env=False).raise_for_status()


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("second")
def test_a_task_waits_for_the_end_of_maintenance_hours_and_says_so(here: Deployment) -> None:
    # Given a portal whose maintenance hours are over in some seconds
    mine, others = here.take_batches(2)
    now = utc_now()
    begins, ends = now - timedelta(minutes=1), now + timedelta(seconds=15)
    hours = f"begins: '{begins:%H:%M:%S}', ends: '{ends:%H:%M:%S}', zone: UTC"
    pace = f"{{sessions_per_account: 1, maintenance: [{{{hours}}}]}}"
    _save_secrets(here, "resting", "default")
    _save_profile(here, "resting", _profile(here, "resting", pace))

    # When a batch is asked for there
    task_id = here.approve(batch_ids=[mine], portal="resting")

    # Then the task waits and says for what, and the slot is free for another portal
    wait_for(lambda: "maintenance hours until" in str(here.api.status(task_id)["note"]))
    assert here.assert_true(here.finish(here.approve(batch_ids=[others]))) == {"approved": 1}
    assert here.batches()[mine]["posts"] == 0
    # And once they are over it goes on by itself
    result = here.finish(task_id)
    assert utc_now() >= ends
    assert here.assert_true(result) == {"approved": 1}
    assert [item["attempts"] for item in result["result"]["items"]] == [1]
    assert here.api.status(task_id)["note"] is None
