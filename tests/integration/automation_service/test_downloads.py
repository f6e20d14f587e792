"""Files that a browser downloads: whole, checked, in the asking task's folder, or an error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from automation_service.browser import Browser, BrowserOptions
from automation_service.downloads import Download, Downloads, task_folder
from automation_service.file_kinds import FileKind
from shared.errors import DownloadFailed, NothingClicked, PortalTimeout, PortalUnavailable

PATIENCE = 1.0
A_PDF = b"%PDF-1.4\n" + b"1 0 obj\n" * 50_000 + b"%%EOF\n"


class FileServer:
    """Answers /whole, /half, /stalled, /empty, /page and /late with a file, or what is left of it.

    /late begins to answer when `answer_late` is set.
    """

    def __init__(self) -> None:
        self.answer_late = threading.Event()
        self.answered = threading.Semaphore(0)
        """Released whenever all of an answer was sent."""
        self.end = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind = self.path.strip("/")
                if kind == "page":
                    self._begin(200, "text/html", 4)
                    self.wfile.write(b"page")
                    return
                if kind == "late":
                    server.answer_late.wait(20)
                body = b"" if kind == "empty" else A_PDF
                self._begin(200, "application/pdf", len(body), attachment=f"{kind}.pdf")
                sent = body[: len(body) // 2] if kind in ("half", "stalled") else body
                self.wfile.write(sent)
                self.wfile.flush()
                server.answered.release()
                if kind == "stalled":
                    server.end.wait(20)

            def _begin(self, status: int, kind: str, size: int, attachment: str = "") -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(size))
                if attachment:
                    self.send_header("Content-Disposition", f'attachment; filename="{attachment}"')
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self.end.set()
        self.answer_late.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def server() -> Iterator[FileServer]:
    server = FileServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def two_browsers(
    make_options: Callable[..., BrowserOptions], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Browser, Browser]]:
    folder = tmp_path_factory.mktemp("browsers")
    one, two = (Browser(make_options(folder), lambda _: None) for _ in range(2))
    yield one, two
    one.quit()
    two.quit()


@pytest.fixture
def browser(two_browsers: tuple[Browser, Browser], server: FileServer) -> Browser:
    """A browser that shows a page of the server."""
    for browser in two_browsers:
        browser.navigate(f"{server.url}/page")
    return two_browsers[0]


def ask_for(browser: Browser, path: str) -> Callable[[], None]:
    """What clicks a link to this file."""
    script = f"(() => {{ const a = document.createElement('a'); a.href = '{path}'; a.click(); }})()"
    return lambda: browser.evaluate(script, 5)


def fetch(browser: Browser, folder: Path, path: str, kind: FileKind = FileKind.PDF) -> Download:
    """Fetch one file into this folder, which is gone afterwards."""
    with Downloads.into(browser, folder, PATIENCE) as downloads:
        return downloads.fetch(ask_for(browser, path), kind)


def test_a_whole_file_arrives_under_the_portals_name_and_is_gone_afterwards(
    browser: Browser, tmp_path: Path
) -> None:
    folder = task_folder(tmp_path, "task-1", "slot-1")

    with Downloads.into(browser, folder, PATIENCE) as downloads:
        file = downloads.fetch(ask_for(browser, "/whole"), FileKind.PDF)
        assert (file.name, file.size) == ("whole.pdf", len(A_PDF))
        assert file.path.read_bytes() == A_PDF
        assert file.path.parent == folder

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "kind", "told"),
    [
        ("/half", FileKind.PDF, "broke off"),
        ("/stalled", FileKind.PDF, "stood still for 1 s"),
        ("/empty", FileKind.PDF, "it is empty"),
        ("/whole", FileKind.XLSX, "damaged or of another kind"),
    ],
)
def test_what_is_not_a_whole_file_of_its_kind_is_an_error_and_leaves_nothing(
    browser: Browser, tmp_path: Path, path: str, kind: FileKind, told: str
) -> None:
    with Downloads.into(browser, tmp_path / "task" / "slot", PATIENCE) as downloads:
        with pytest.raises(DownloadFailed, match=told):
            downloads.fetch(ask_for(browser, path), kind)
        assert list((tmp_path / "task" / "slot").iterdir()) == []

        # And the next one is not mistaken for it
        assert downloads.fetch(ask_for(browser, "/whole"), FileKind.PDF).size == len(A_PDF)


@pytest.mark.parametrize("is_wanted", [True, False], ids=["nothing comes", "cancelled"])
def test_a_browser_whose_file_may_come_yet_fetches_no_other(
    make_options: Callable[..., BrowserOptions],
    server: FileServer,
    tmp_path: Path,
    is_wanted: bool,
) -> None:
    # Given a file that was given up before it began to come: leaving the page does not stop it
    def check() -> None:
        if not is_wanted:
            raise NothingClicked("The task was cancelled.")

    browser = Browser(make_options(tmp_path), lambda _: None)
    try:
        browser.navigate(f"{server.url}/page")
        assert browser.alive()
        with (
            Downloads.into(browser, tmp_path / "task" / "slot", PATIENCE) as downloads,
            pytest.raises(PortalTimeout if is_wanted else NothingClicked),
        ):
            downloads.fetch(ask_for(browser, "/late"), FileKind.PDF, check=check)
        # Then what is in hand can be ended with it, and nothing else is begun
        browser.navigate(f"{server.url}/page")
        assert not browser.alive()
    finally:
        browser.quit()


def test_whoever_looks_may_end_the_waiting(browser: Browser, tmp_path: Path) -> None:
    def look() -> None:
        raise PortalUnavailable("The portal answered 503.")

    def nobody_wants_it() -> None:
        raise NothingClicked("The task was cancelled.")

    with Downloads.into(browser, tmp_path / "task" / "slot", 60) as downloads:
        with pytest.raises(PortalUnavailable):
            downloads.fetch(ask_for(browser, "/page"), FileKind.PDF, look=look)
        with pytest.raises(NothingClicked):
            downloads.fetch(ask_for(browser, "/stalled"), FileKind.PDF, check=nobody_wants_it)


def test_two_tasks_at_once_never_see_each_others_files(
    browser: Browser, two_browsers: tuple[Browser, Browser], tmp_path: Path
) -> None:
    other = two_browsers[1]
    here, there = task_folder(tmp_path, "one", "slot-1"), task_folder(tmp_path, "two", "slot-2")

    with (
        Downloads.into(browser, here, PATIENCE) as ours,
        Downloads.into(other, there, PATIENCE) as theirs,
    ):
        for turn in (1, 2):
            assert ours.fetch(ask_for(browser, "/whole"), FileKind.PDF).path.parent == here
            assert theirs.fetch(ask_for(other, "/whole"), FileKind.PDF).path.parent == there
            assert [len(list(folder.iterdir())) for folder in (here, there)] == [turn, turn]


def test_nothing_is_downloaded_while_nobody_fetches(
    browser: Browser, server: FileServer, tmp_path: Path
) -> None:
    fetch(browser, tmp_path / "task" / "slot", "/whole")
    while server.answered.acquire(blocking=False):
        pass

    ask_for(browser, "/whole")()
    assert server.answered.acquire(timeout=20)
    # What the browser has not dealt with by now ends with the page that asked for it
    browser.navigate(f"{server.url}/page")

    # The next file that is fetched is the only one there ever was
    with Downloads.into(browser, tmp_path / "task" / "slot", PATIENCE) as downloads:
        file = downloads.fetch(ask_for(browser, "/whole"), FileKind.PDF)
        assert list((tmp_path / "task" / "slot").iterdir()) == [file.path]
    assert list(browser.options.downloads.glob("*")) == []
