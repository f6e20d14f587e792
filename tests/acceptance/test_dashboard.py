"""A page of another origin uses the backend from a real browser, as any dashboard would."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

import launcher.browser
from launcher.api_client import ApiClient
from launcher.environment import ROOT
from launcher.system import PracticeSystem
from tests.acceptance.dashboard.dashboard_page import DashboardPage, wait_for
from tests.acceptance.dashboard.page_server import FOLDER, PageServer

NO_SOCKETS = "connect-src http:"
"""What a network that lets no WebSocket through looks like to a page."""

HISTORY_PAGE = 5


@dataclass(frozen=True)
class Stage:
    """One whole system, origins that serve the page, and a browser. Each test takes its own
    batches and opens the page anew.
    """

    system: PracticeSystem
    api: ApiClient
    origin: str
    foreign_origin: str
    socketless_origin: str
    browser: Chrome
    downloads: Path

    def open_page(self, origin: str | None = None) -> DashboardPage:
        """Open the page, of the usual origin unless another is named."""
        return DashboardPage(self.browser, origin or self.origin)

    def connected_page(self, origin: str | None = None) -> DashboardPage:
        """Open the page and connect it to the backend."""
        page = self.open_page(origin)
        page.connect(self.system.api_url, self.system.api_key)
        return page

    def pending_batches(self, count: int) -> list[str]:
        """Batches that nobody has approved yet."""
        pending = [batch["id"] for batch in self.truth() if batch["status"] == "Pending"]
        return pending[-count:]

    def truth(self) -> list[dict[str, Any]]:
        """What really happened to each batch in the portal."""
        batches: list[dict[str, Any]] = self._ask("GET", "/truth/batches").json()
        return batches

    def slow_down_once(self, batch: str) -> None:
        """Let the portal take its time for one page of this batch."""
        self._ask(
            "PUT", "/faults", [{"kind": "latency", "ms": 3000, "batch_id": batch, "times": 1}]
        )

    def _ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        url = self.system.truth_url + path
        return httpx.request(method, url, json=body, trust_env=False).raise_for_status()


@pytest.fixture(scope="module")
def stage(
    tmp_path_factory: pytest.TempPathFactory, shared_system: Callable[..., PracticeSystem]
) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("dashboard")
    downloads = folder / "downloads"
    downloads.mkdir()
    with ExitStack() as started:
        origin = started.enter_context(PageServer()).origin
        foreign_origin = started.enter_context(PageServer()).origin
        socketless_origin = started.enter_context(PageServer(NO_SOCKETS)).origin
        settings = {"CORS_ORIGINS": f"{origin},{socketless_origin}"}
        system = shared_system(batches=8, settings=settings)
        yield Stage(
            system=system,
            api=started.enter_context(ApiClient(system.api_url, system.api_key)),
            origin=origin,
            foreign_origin=foreign_origin,
            socketless_origin=socketless_origin,
            browser=started.enter_context(_browser(folder, downloads)),
            downloads=downloads,
        )


def _browser(folder: Path, downloads: Path) -> Chrome:
    found = launcher.browser.ensure()
    options = ChromeOptions()
    options.binary_location = found.chrome
    options.add_argument("--headless=new")
    options.add_argument("--no-sandbox")
    options.add_argument("--disable-dev-shm-usage")
    options.add_argument("--window-size=1100,1700")
    options.add_argument(f"--user-data-dir={folder / 'browser'}")
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return Chrome(options, ChromeService(found.driver))


def test_the_form_of_each_task_type_is_drawn_from_what_is_announced(stage: Stage) -> None:
    page = stage.connected_page()

    assert {"Approve Batches", "Test Task"} <= set(page.task_types())
    page.choose("approve_batches")
    controls = page.controls()
    assert controls["batch_ids"] == ("textarea", "Batch IDs", None)
    assert controls["batch_count"] == ("number", "Number of batches", "1")
    page.choose("test_task")
    assert page.controls()["steps"] == ("number", "Steps", "1")


def test_named_batches_are_approved_watched_live_and_proved(stage: Stage) -> None:
    named = stage.pending_batches(3)
    stage.slow_down_once(named[1])
    page = stage.connected_page()
    page.choose("approve_batches")
    page.record_progress()

    page.start(batch_ids=", ".join(named), remark="From the dashboard")

    midway = page.wait_until(lambda shown: 0 < shown["progress"] < 100)
    assert midway["state"] == "running"
    end = page.wait_for_result()
    assert (end["state"], end["message"]) == ("completed", "3 approved")
    assert dict(end["outcomes"]) == dict.fromkeys(named, "approved")
    moves = page.recorded_progress()
    assert moves == sorted(moves)
    assert len(set(moves)) >= 4
    for batch in stage.truth():
        if batch["id"] in named:
            (approval,) = batch["approvals"]
            assert approval["remark"].startswith("From the dashboard")
    page.wait_until(lambda shown: shown["picture"])
    # The picture just shown is downloaded: the browser must not serve it from a cache entry that
    # an <img> made, without the headers that let a page read it.
    items = stage.api.result(page.task_id())["result"]["items"]
    after = next(
        piece
        for item in items
        if item["key"] == named[-1]
        for piece in item["evidence"]
        if piece["kind"] == "after"
    )
    file = page.download(named[-1], "after", stage.downloads)
    assert file.name == after["url"].rsplit("/", 1)[1]
    assert hashlib.sha256(file.read_bytes()).hexdigest() == after["sha256"]


def test_a_number_of_batches_typed_into_the_form_is_approved(stage: Stage) -> None:
    before = stage.system.truth()["approvals"]
    page = stage.connected_page()
    page.choose("approve_batches")

    page.start(batch_count="2")

    end = page.wait_for_result()
    assert [outcome for _, outcome in end["outcomes"]] == ["approved"] * 2
    truth = stage.system.truth()
    assert truth["approvals"] == before + 2
    assert truth["double_approved"] == 0


def test_an_empty_form_is_refused_in_a_sentence_and_approves_nothing(stage: Stage) -> None:
    before = stage.system.truth()["approvals"]
    page = stage.connected_page()
    page.choose("approve_batches")

    page.start()

    refusal = page.wait_for_problem()
    assert "an empty form approves nothing" in refusal["problem"]
    assert refusal["requestId"]
    assert stage.system.truth()["approvals"] == before


def test_a_fault_in_one_field_is_told_and_marked_there(stage: Stage) -> None:
    page = stage.connected_page()
    page.choose("approve_batches")

    page.start(batch_ids="BATCH001", portal="nowhere")

    refusal = page.wait_for_problem()
    assert "portal" in refusal["problem"]
    assert refusal["faulty"] == ["portal"]


def test_a_connection_broken_midway_is_resumed_without_gap_or_double(stage: Stage) -> None:
    page = stage.connected_page()
    page.choose("test_task")
    page.start(duration="3", steps="30")
    page.wait_until(lambda shown: len(shown["outcomes"]) >= 5)

    stage.system.orchestrators[0].kill()
    broken_at = page.shown()
    stage.system.orchestrators[0].start()

    end = page.wait_for_result()
    assert 5 <= len(broken_at["outcomes"]) < 30
    recorded = [event["id"] for event in stage.api.follow(page.task_id(), stage.system.check)]
    assert end["events"] == recorded == list(range(1, len(recorded) + 1))
    assert len(end["outcomes"]) == 30
    assert end["note"] == ""


def test_where_sockets_are_blocked_the_page_polls_and_shows_the_result(stage: Stage) -> None:
    page = stage.connected_page(stage.socketless_origin)
    page.choose("test_task")

    page.start(duration="0", steps="3")

    end = page.wait_for_result()
    assert (end["events"], end["state"], end["progress"]) == ([], "completed", 100)
    assert len(end["outcomes"]) == 3


def test_a_finished_task_opened_again_is_told_from_its_first_event(stage: Stage) -> None:
    task_id = stage.api.assign("test_task", {"duration": 0, "steps": 2})
    events = [event["id"] for event in stage.api.follow(task_id, stage.system.check)]
    page = stage.connected_page()

    page.show_newest()

    end = page.wait_for_result()
    assert page.task_id() == task_id
    assert end["events"] == events


def test_older_tasks_are_found_by_the_headers_a_page_may_read(stage: Stage) -> None:
    for _ in range(HISTORY_PAGE + 1):
        stage.api.assign("test_task", {"duration": 0, "steps": 1})
    page = stage.connected_page()

    newest = page.wait_until(lambda shown: shown["listed"] > 0)
    more = page.show_older()

    assert newest["listed"] == HISTORY_PAGE
    assert newest["total"] > HISTORY_PAGE
    assert more["listed"] == min(newest["total"], 2 * HISTORY_PAGE)


def test_a_wrong_key_is_told_with_a_request_id_that_the_log_knows(stage: Stage) -> None:
    page = stage.open_page()

    page.connect(stage.system.api_url, "not the key")

    refusal = page.wait_for_problem()
    assert "x-api-key" in refusal["problem"]
    log = stage.system.folder / "logs" / "automation.log"
    assert refusal["requestId"]
    wait_for(
        lambda: refusal["requestId"] in log.read_text(),
        lambda: f"{refusal['requestId']} is not in the log",
    )


def test_the_browser_refuses_a_page_whose_origin_is_not_allowed(stage: Stage) -> None:
    page = stage.connected_page(stage.foreign_origin)

    refusal = page.wait_for_problem()

    assert f"CORS_ORIGINS does not name {stage.foreign_origin}" in refusal["problem"]
    complaint = page.console()
    assert "blocked by CORS policy" in complaint
    assert stage.foreign_origin in complaint


def test_a_preflight_needs_no_key_and_allows_only_known_origins(stage: Stage) -> None:
    url = f"{stage.system.api_url}/assign-task/"
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,idempotency-key,x-api-key",
    }

    known = httpx.options(url, headers={**asked, "Origin": stage.origin}, trust_env=False)
    foreign = httpx.options(url, headers={**asked, "Origin": stage.foreign_origin}, trust_env=False)

    assert known.is_success
    assert known.headers["Access-Control-Allow-Origin"] == stage.origin
    assert "Access-Control-Allow-Origin" not in foreign.headers


def test_the_guide_for_frontends_shows_code_of_this_page() -> None:
    sources = "\n".join(file.read_text() for file in sorted(FOLDER.glob("*.js")))
    guide = (ROOT / "docs" / "frontend.md").read_text()

    shown = re.findall(r"^```js\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)

    assert shown
    for code in shown:
        assert code in sources
