"""Real browsers in front of real practice portals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.browser import Browser, BrowserOptions, BrowserProcess
from automation_service.evidence import EvidenceFolder
from automation_service.portal import Credentials, Portal
from automation_service.profile import Profile, Timings, builtin_profile
from automation_service.warm_browser import WarmBrowser
from launcher import browser as installed
from launcher.inheritance import practice_environment
from launcher.leftovers import end_all
from launcher.practice_portal import PracticePortal
from shared.contracts import ItemOutcome
from tests.integration.automation_service.pages import PROFILE, Pages
from tests.integration.automation_service.worker_double import InMemoryClaim, InMemoryGate

SETTLE = 0.5
"""Seconds; the practice portal shows an approval within 50 ms where nothing else runs."""


class Desk:
    """A practice portal, a browser that is logged in there, and what really happened."""

    def __init__(
        self, practice: PracticePortal, options: BrowserOptions, results_dir: Path
    ) -> None:
        """Nobody is logged in yet."""
        self.practice = practice
        self.results_dir = results_dir
        self.gate = InMemoryGate()
        self.announced: list[BrowserProcess] = []
        self.warm = WarmBrowser(options, self.announced.append)
        timings = Timings(click_budget=5, settle=SETTLE)
        self.profile = builtin_profile("esc").model_copy(update={"timings": timings})
        self._truth = httpx.Client(base_url=practice.truth_url, trust_env=False, verify=False)
        self.as_at_first()

    def close(self) -> None:
        """End the browser; the portal is its starter's."""
        self.warm.close()
        self._truth.close()

    def portal(self, profile: Profile | None = None) -> Portal:
        """The portal, logged in."""
        return self.warm.portal(
            profile or self.profile, self.practice.url, self.credentials, self.gate
        )

    def approve(
        self, claim: InMemoryClaim, remark: str = "", profile: Profile | None = None
    ) -> ItemOutcome:
        """Approve the claimed batch."""
        evidence = EvidenceFolder(self.results_dir, claim.task_id)
        return BatchApprovalService(self.portal(profile), evidence).act(claim, remark)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask the truth's port."""
        answer = self._truth.request(method, path, json=body).raise_for_status()
        return answer.json() if answer.content else None

    def batch(self, key: str) -> dict[str, Any]:
        """What is true of this batch: `approvals`, `posts`, `status`, ..."""
        found: dict[str, Any] = self.ask("GET", f"/truth/batches/{key}")
        return found

    def a_batch(self, *, status: str = "Pending", refused: bool = False) -> str:
        """A batch nobody has touched since the portal started."""
        return next(
            str(batch["id"])
            for batch in self.ask("GET", "/truth/batches")
            if batch["status"] == status and bool(batch["refusal"]) == refused
            if not batch["posts"]
        )

    def as_at_first(self) -> None:
        """No faults are in force, and the right credentials were never refused."""
        self.set_faults()
        self.credentials = Credentials(self.practice.username, self.practice.password)
        self.gate.refusal = None

    def set_faults(self, *faults: dict[str, Any]) -> None:
        """Put these faults in force instead of the present ones."""
        self.ask("PUT", "/faults", list(faults))


@pytest.fixture(scope="session")
def chromium() -> installed.Browser:
    """The browser and driver of this machine."""
    found = installed.find()
    assert found is not None, "no Chromium with a fitting chromedriver: ./run test brings one"
    return found


@pytest.fixture(scope="session")
def make_options(chromium: installed.Browser) -> Callable[..., BrowserOptions]:
    """Options for browsers whose folders lie in `temp_dir`."""

    def make(temp_dir: Path, *, timeout: float = 20, max_items: int = 1000) -> BrowserOptions:
        return BrowserOptions(
            headless=True,
            binary=chromium.chrome,
            driver=chromium.driver,
            timeout=timeout,
            temp_dir=temp_dir,
            downloads=temp_dir.parent / "downloads",
            max_items=max_items,
        )

    return make


OpenDesk = Callable[..., Desk]


def _open_desk(
    folder: Path,
    stack: ExitStack,
    make_options: Callable[..., BrowserOptions],
    browser: dict[str, Any],
    practice: dict[str, Any],
) -> Desk:
    portal = PracticePortal(
        folder / "portal",
        log=folder / "portal.log",
        environment=practice_environment(folder, folder),
        **practice,
    )
    stack.callback(end_all, folder)
    stack.callback(portal.stop)
    portal.start()
    desk = Desk(portal, make_options(folder / "browsers", **browser), folder / "results")
    stack.callback(desk.close)
    return desk


@pytest.fixture(scope="session")
def shared_desk(
    tmp_path_factory: pytest.TempPathFactory, make_options: Callable[..., BrowserOptions]
) -> Iterator[Desk]:
    """One desk for all tests of a pytest-xdist process."""
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("desk")
        practice = {"batches": 300, "pending_only": False}
        yield _open_desk(folder, stack, make_options, {}, practice)


@pytest.fixture
def desk(shared_desk: Desk) -> Desk:
    """That desk as it was at first: take a batch of your own with `a_batch`."""
    shared_desk.as_at_first()
    return shared_desk


@pytest.fixture
def open_desk(tmp_path: Path, make_options: Callable[..., BrowserOptions]) -> Iterator[OpenDesk]:
    """Desks of the test's own: `open_desk(browser={...}, batches=3)`."""
    with ExitStack() as stack:

        def open_one(browser: dict[str, Any] | None = None, **practice: Any) -> Desk:
            folder = tmp_path / f"desk-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            return _open_desk(folder, stack, make_options, browser or {}, practice)

        yield open_one


@pytest.fixture
def pages() -> Iterator[Pages]:
    served = Pages()
    yield served
    served.close()


class SharedBrowser:
    """A browser for all tests of a pytest-xdist process, replaced when one has spoiled it."""

    def __init__(self, options: BrowserOptions) -> None:
        """It starts when it is first asked for."""
        self._options = options
        self._started: Browser | None = None

    def get(self) -> Browser:
        """The browser, showing nothing, that knows no cookie."""
        if self._started is None or not self._started.alive():
            self.quit()
            self._started = Browser(self._options, lambda process: None)
        self._started.navigate("about:blank")
        self._started.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        return self._started

    def quit(self) -> None:
        """End it."""
        if self._started is not None:
            self._started.quit()


@pytest.fixture(scope="session")
def shared_browser(
    make_options: Callable[..., BrowserOptions], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SharedBrowser]:
    """One browser for all tests of a pytest-xdist process that need nothing special."""
    shared = SharedBrowser(make_options(tmp_path_factory.mktemp("browsers")))
    yield shared
    shared.quit()


@pytest.fixture
def browser(shared_browser: SharedBrowser) -> Browser:
    """That browser, as if it had just been started."""
    return shared_browser.get()


OpenPortal = Callable[..., Portal]


@pytest.fixture
def portal_with(browser: Browser, pages: Pages) -> OpenPortal:
    """The portal, with parts of the profile replaced."""

    def make(**changes: dict[str, Any]) -> Portal:
        parts = {name: {**PROFILE.get(name, {}), **part} for name, part in changes.items()}
        profile = Profile.model_validate({**PROFILE, **parts})
        return Portal(browser, profile, pages.url, Credentials("a", "b"), InMemoryGate())

    return make


@pytest.fixture
def portal(portal_with: OpenPortal) -> Portal:
    return portal_with()


@pytest.fixture
def spare_browser(make_options: Callable[..., BrowserOptions], tmp_path: Path) -> Iterator[Browser]:
    """One that may be spoiled, and is impatient with portals."""
    started = Browser(make_options(tmp_path, timeout=3), lambda process: None)
    yield started
    started.quit()
