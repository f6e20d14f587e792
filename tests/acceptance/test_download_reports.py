"""Reports over the public API: fetched by a real browser, checked, and the portal at its worst."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from automation_service.file_kinds import FileKind
from automation_service.tables import read_table
from tests.acceptance.arriving import Person, only_link, person_at_a_browser
from tests.acceptance.conftest import Deployment, wait_for

AUGUST = "2026-08-01 to 2026-08-31"


@pytest.fixture
def here(share: Callable[..., Deployment]) -> Deployment:
    """The running system that the tests share; what stands still does so for two seconds."""
    return share(batches=60, concurrency=2, settings={"SELENIUM_TIMEOUT": "2"})


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """Somebody who fetches what tasks offer."""
    with person_at_a_browser(tmp_path_factory.mktemp("person")) as somebody:
        yield somebody


def report(here: Deployment, **params: str) -> dict[str, Any]:
    """The result of a task that fetched this report; batches of August as CSV, if nothing else."""
    asked = {"report_type": "batches", "date_range": AUGUST, **params}
    return here.finish(here.api.assign("download_reports", asked))


def only_item(result: dict[str, Any]) -> dict[str, Any]:
    (item,) = result["result"]["items"]
    return dict(item)


def submitted_in_august(here: Deployment) -> list[str]:
    batches = here.batches().values()
    return sorted(b["id"] for b in batches if b["submitted_on"].startswith("2026-08"))


def left_in_downloads(here: Deployment) -> list[Path]:
    return list((here.system.folder / "downloads").glob("**/*"))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_a_report_arrives_whole_under_a_name_that_says_what_it_is(
    here: Deployment, person: Person, file_format: str
) -> None:
    expected = submitted_in_august(here)

    result = report(here, format=file_format)

    assert result["result"]["counts"] == {"downloaded": 1}, result
    item = only_item(result)
    assert item["details"]["rows"] == item["details"]["portal_says_rows"] == len(expected) > 0
    kind = FileKind(file_format)
    with person.following(only_link(result), kind) as file:
        assert file.name == f"batches-2026-08-01-to-2026-08-31.{file_format}"
        heading, *rows = read_table(file.path, kind)
    assert heading[0] == "Batch ID"
    assert sorted(row[0] for row in rows) == expected
    assert left_in_downloads(here) == []


def test_a_report_without_a_row_is_a_true_outcome_and_says_so(
    here: Deployment, person: Person
) -> None:
    result = report(here, date_range="2026-01-01 to 2026-01-31")

    item = only_item(result)
    assert item["status"] == "downloaded"
    assert "no rows" in item["detail"]
    with person.following(only_link(result), FileKind.CSV) as file:
        assert len(list(csv.reader(file.path.open()))) == 1


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("fault", "attempts"),
    [
        ({"kind": "slow_generation", "ms": 4000}, 1),
        ({"kind": "session_dropped", "step": "download"}, 1),
        ({"kind": "session_dropped", "step": "generate"}, 1),
        ({"kind": "server_error", "step": "download", "http": 503}, 2),
        ({"kind": "server_error", "step": "generate", "http": 500}, 2),
        # The browser itself asks again for a file that broke off, a few times
        ({"kind": "half_file"}, 1),
        ({"kind": "stalled_download"}, 2),
        ({"kind": "hang", "step": "download"}, 2),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else None,
)
def test_passing_trouble_delays_a_report_and_never_falsifies_it(
    here: Deployment, fault: dict[str, Any], attempts: int
) -> None:
    here.ask_truth("PUT", "/faults", [{**fault, "times": 1}])

    result = report(here)

    item = only_item(result)
    assert item["status"] == "downloaded", result["logs"]
    # A busy machine may be slow enough for one attempt more.
    assert attempts <= item["attempts"] <= attempts + 1, result["logs"]
    assert item["details"]["rows"] == len(submitted_in_august(here))
    assert [struck["fired"] for struck in here.ask_truth("GET", "/faults")] == [1]
    assert left_in_downloads(here) == []


@pytest.mark.timeout(300)
def test_a_portal_that_only_ever_sends_halves_fails_the_report_and_links_nothing(
    here: Deployment,
) -> None:
    here.ask_truth("PUT", "/faults", [{"kind": "half_file"}])

    result = report(here)

    item = only_item(result)
    assert item["status"] == "failed"
    assert "broke off" in item["detail"]
    assert not result["download_links"]
    assert left_in_downloads(here) == []


def test_a_report_of_no_days_is_refused_before_anything_is_asked(here: Deployment) -> None:
    reports = here.system.truth()["reports"]

    answers = [_assign(here, date_range=days) for days in ("August", "2026-02-31 to 2026-03-01")]

    assert answers[0].status_code == 422
    assert "'date_range' has two days" in answers[0].json()["detail"]
    result = here.finish(answers[1].json()["task_id"])
    assert result["state"] == "failed"
    assert "2026-02-31" in result["error"]
    assert here.system.truth()["reports"] == reports


def _assign(here: Deployment, **params: str) -> httpx.Response:
    body = {"task_type": "download_reports", "params": {"report_type": "batches", **params}}
    headers = {"x-api-key": here.system.api_key}
    url = f"{here.system.api_url}/assign-task/"
    return httpx.post(url, json=body, headers=headers, trust_env=False)


def test_dashboards_are_offered_the_fields_that_they_know(here: Deployment) -> None:
    headers = {"x-api-key": here.system.api_key}

    def offer() -> dict[str, Any]:
        answer = httpx.get(f"{here.system.api_url}/tasks/", headers=headers, trust_env=False)
        (found,) = [task for task in answer.json() if task["name"] == "download_reports"]
        return dict(found)

    # The orchestrator sees a worker that has just begun at its next look.
    wait_for(lambda: offer()["available"])
    offered = offer()
    assert [field["name"] for field in offered["params"]][:2] == ["report_type", "date_range"]


def test_reports_that_are_fetched_at_once_never_reach_each_others_tasks(
    here: Deployment, person: Person
) -> None:
    headings = {"batches": "Batch ID", "approvals": "Batch ID", "colleges": "College"}
    formats = ("csv", "xlsx")
    # Given six tasks for two browsers, and a portal that takes its time over each file
    here.ask_truth("PUT", "/faults", [{"kind": "latency", "ms": 100}])
    asked = [
        (kind, file_format, _assign(here, report_type=kind, date_range=AUGUST, format=file_format))
        for kind in headings
        for file_format in formats
    ]

    results = [(k, f, here.finish(answer.json()["task_id"])) for k, f, answer in asked]

    for kind, file_format, result in results:
        assert only_item(result)["status"] == "downloaded", result["logs"]
        with person.following(only_link(result), FileKind(file_format)) as file:
            assert file.name == f"{kind}-2026-08-01-to-2026-08-31.{file_format}"
            assert read_table(file.path, FileKind(file_format))[0][0] == headings[kind]
    assert left_in_downloads(here) == []
