"""Certificates over the public API: issued once, each trainee's own, whatever goes wrong."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from automation_service.file_kinds import FileKind
from tests.acceptance.arriving import Person, only_link, person_at_a_browser
from tests.acceptance.conftest import Deployment, wait_for


@pytest.fixture
def here(share: Callable[..., Deployment]) -> Deployment:
    """The running system that the tests share; what stands still does so for two seconds."""
    return share(batches=60, concurrency=2, settings={"SELENIUM_TIMEOUT": "2"})


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """Somebody who fetches what tasks offer."""
    with person_at_a_browser(tmp_path_factory.mktemp("person")) as somebody:
        yield somebody


def an_approved_batch(here: Deployment) -> str:
    (key,) = here.take_batches(1)
    here.ask_truth("POST", f"/truth/batches/{key}/approve", {"by": "a.somebody"})
    return key


def generate(here: Deployment, key: str, template: str = "standard") -> str:
    """Ask for certificates; the task's id."""
    return here.api.assign("generate_certificates", {"batch_id": key, "template": template})


def issues(here: Deployment, key: str) -> dict[str, int]:
    """How often each trainee of the batch was issued one."""
    trainees = here.ask_truth("GET", f"/truth/batches/{key}/certificates")
    return {trainee["id"]: trainee["issues"] for trainee in trainees}


def only_item(result: dict[str, Any]) -> dict[str, Any]:
    (item,) = result["result"]["items"]
    return dict(item)


def left_in_downloads(here: Deployment) -> list[Path]:
    return list((here.system.folder / "downloads").glob("**/*"))


@pytest.mark.timeout(300)
def test_each_trainee_gets_one_and_asking_again_brings_the_same_and_issues_none(
    here: Deployment, person: Person
) -> None:
    key = an_approved_batch(here)

    first = here.finish(generate(here, key, "merit"))
    again = here.finish(generate(here, key.removeprefix("BATCH"), "merit"))

    assert only_item(first)["status"] == "issued", first["logs"]
    assert only_item(again)["status"] == "already_issued", again["logs"]
    trainees = here.ask_truth("GET", f"/truth/batches/{key}/certificates")
    assert {trainee["issues"] for trainee in trainees} == {1}
    contents = []
    for result in (first, again):
        with person.following(only_link(result), FileKind.ZIP) as file:
            assert file.name == f"certificates-{key}.zip"
            with zipfile.ZipFile(file.path) as package:
                contents.append({name: package.read(name) for name in package.namelist()})
    assert contents[0] == contents[1]
    assert list(contents[0]) == [f"{trainee['id']}.pdf" for trainee in trainees]
    for trainee in trainees:
        content = contents[0][f"{trainee['id']}.pdf"]
        assert content.startswith(b"%PDF-")
        assert trainee["name"].encode() in content
        assert b"Merit Certificate" in content
    assert left_in_downloads(here) == []


def test_a_batch_that_is_not_approved_gets_none(here: Deployment) -> None:
    (key,) = here.take_batches(1)

    result = here.finish(generate(here, key))

    assert only_item(result)["status"] == "refused", result["logs"]
    assert set(issues(here, key).values()) == {0}
    assert not result["download_links"]


def test_two_tasks_at_once_issue_once(here: Deployment) -> None:
    key = an_approved_batch(here)

    both = [here.finish(task_id) for task_id in [generate(here, key), generate(here, key)]]

    assert sorted(only_item(result)["status"] for result in both) == ["already_issued", "issued"]
    assert set(issues(here, key).values()) == {1}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "slow_generation", "ms": 150},
        {"kind": "response_lost"},
        {"kind": "server_error", "step": "stored", "http": 502},
        {"kind": "server_error", "step": "generate", "http": 500},
        {"kind": "success_without_effect"},
        {"kind": "session_dropped", "step": "stored"},
        {"kind": "session_dropped", "step": "download"},
        {"kind": "server_error", "step": "download", "http": 503},
        {"kind": "half_file"},
        {"kind": "stalled_download"},
        {"kind": "mixed_up_file"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_passing_trouble_delays_certificates_and_never_issues_twice(
    here: Deployment, person: Person, fault: dict[str, Any]
) -> None:
    key = an_approved_batch(here)
    here.ask_truth("PUT", "/faults", [{**fault, "batch_id": key, "times": 1}])

    result = here.finish(generate(here, key))

    assert only_item(result)["status"] == "issued", result["logs"]
    assert set(issues(here, key).values()) == {1}
    assert [struck["fired"] for struck in here.ask_truth("GET", "/faults")] == [1]
    with (
        person.following(only_link(result), FileKind.ZIP) as file,
        zipfile.ZipFile(file.path) as package,
    ):
        for trainee in issues(here, key):
            assert f"({trainee})".encode() in package.read(f"{trainee}.pdf").replace(b"\\", b"")
    assert left_in_downloads(here) == []


@pytest.mark.timeout(300)
def test_certificates_that_are_always_somebody_elses_are_never_handed_out(
    here: Deployment,
) -> None:
    key = an_approved_batch(here)
    here.ask_truth("PUT", "/faults", [{"kind": "mixed_up_file", "batch_id": key}])

    result = here.finish(generate(here, key))

    item = only_item(result)
    assert item["status"] == "failed", result["logs"]
    assert "somebody else's" in item["detail"]
    assert not result["download_links"]
    assert set(issues(here, key).values()) == {1}


def test_dashboards_are_offered_the_fields_that_they_know(here: Deployment) -> None:
    headers = {"x-api-key": here.system.api_key}
    listed = httpx.get(f"{here.system.api_url}/tasks/", headers=headers, trust_env=False).json()

    (offered,) = [task for task in listed if task["name"] == "generate_certificates"]
    assert [field["name"] for field in offered["params"]][:2] == ["batch_id", "template"]


@pytest.mark.timeout(300)
def test_a_worker_that_dies_after_the_click_never_has_them_issued_again(here: Deployment) -> None:
    # Given a request that the portal has taken and never answers
    key = an_approved_batch(here)
    here.ask_truth("PUT", "/faults", [{"kind": "hang", "step": "stored", "batch_id": key}])
    before = here.system.truth()["certificate_posts"]
    task_id = generate(here, key)
    wait_for(lambda: here.system.truth()["certificate_posts"] > before)

    # When whoever clicked is killed
    for child in here.pool_children():
        child.kill()

    # Then another reads what became of it, and fetches the files
    item = only_item(here.finish(task_id))
    assert item["status"] == "issued", item
    assert set(issues(here, key).values()) == {1}
    assert here.system.truth()["certificate_posts"] == before + 1


@pytest.mark.timeout(300)
def test_a_worker_that_dies_while_it_downloads_leaves_nothing_behind(here: Deployment) -> None:
    key = an_approved_batch(here)
    here.ask_truth("PUT", "/faults", [{"kind": "stalled_download", "batch_id": key, "times": 1}])
    task_id = generate(here, key)
    wait_for(lambda: bool(left_in_downloads(here)))

    for child in here.pool_children():
        child.kill()

    item = only_item(here.finish(task_id))
    assert item["status"] in ("issued", "already_issued"), item
    assert set(issues(here, key).values()) == {1}
    wait_for(lambda: not left_in_downloads(here))
