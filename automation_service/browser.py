"""One Chromium with its driver: started in a session of its own, kept warm, always reaped."""

from __future__ import annotations

import logging
import os
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import structlog
import urllib3.exceptions
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome

from automation_service.browser_process import (
    BrowserProcess,
    make_folders,
    reap,
    remove_folders,
)
from automation_service.chromium import AnnouncingService, BrowserOptions, chromium_options
from automation_service.connections import PAGE, Connections
from automation_service.devtools import DevToolsError, NoAnswer, Tab, TabGone
from automation_service.dialogs import Dialogs
from automation_service.downloads import Downloads
from automation_service.keeper import Keeper
from automation_service.keys import strokes
from automation_service.masking import Mask
from automation_service.pace import NoPace
from automation_service.traffic import RESTLESS_SECONDS, Traffic
from automation_service.troubles import Troubles
from automation_service.windows import Windows
from shared.contracts import Pacer
from shared.errors import (
    ApplicationError,
    BrowserDied,
    PageChanged,
    PortalTimeout,
    PortalUnavailable,
    SessionLost,
)

__all__ = ["Browser", "BrowserOptions", "BrowserProcess", "PageMoved", "reap"]

log = structlog.get_logger()

_GUARD = (Path(__file__).resolve().parent / "guard.js").read_text(encoding="utf-8")
_STEPPING = "window.agentGuard.beginSteps()"
BLANK = "about:blank"
LEAVING_SECONDS = 0.5
"""How long it may take to leave a page."""
PICTURE_QUALITY = 70
PICTURE_ATTEMPTS = 5
MARGIN = 10.0
"""Seconds a browser may take for something beyond the time the page itself is given."""
SIGN_OF_LIFE = 5.0
"""Seconds within which a browser that is well does the smallest thing."""

_CLICK = "click"
_NO_TIME = "The page had to be left before it could be looked at."
_ASKED_FOR_CREDENTIALS = "net::ERR_INVALID_AUTH_CREDENTIALS"
_FILES_GO = "Browser.setDownloadBehavior"

# What Chromium says of a page that is just being replaced by the next one.
_MOVING = (
    "Cannot find context",
    "Cannot find default execution context",
    "Execution context was destroyed",
    "Inspected target navigated",
    "Promise was collected",
)


class PageMoved(PageChanged):
    """The page was replaced by another while it was being used."""


class KeptAnswer(PageChanged):
    """The page may have shown what was kept of an earlier answer; loaded again it will not."""


class WindowClosed(PageMoved):
    """The window that was shown closed; the first one is shown again."""


class Browser:
    """A running Chromium that nobody else uses, showing one page.

    Selenium starts and ends it; in between it is spoken to directly, see devtools.py.
    """

    def __init__(
        self,
        options: BrowserOptions,
        announce: Callable[[BrowserProcess], None],
        keeper: Keeper | None = None,
    ) -> None:
        """Start it; `announce` hears of its processes as soon as there are any.

        `keeper` stands by it and ends it at its deadlines. Raises BrowserDied if it does not start;
        nothing is left behind then.
        """
        self.options = options
        self.items_served = 0
        self.pacer: Pacer = NoPace()
        """Whom pages wait for before they are asked for."""
        self.window_closed = False
        """True once the window we went on in has closed by itself, until a page is loaded."""
        self._condemned = ""
        self._retired = False
        self._keeper = keeper or Keeper()
        self._leave_by: float | None = None
        self._glancing = False
        self._paused: list[str] = []
        self._let_go = False
        self.has_left = True
        """True while no page is shown: none was loaded, or the last one had to be left."""
        self._process: BrowserProcess | None = None
        self._folder, temporary = make_folders(options.temp_dir)

        def announce_driver(pid: int) -> None:
            self._process = BrowserProcess(
                pid, psutil.Process(pid).create_time(), str(self._folder)
            )
            self._keeper.watch(self._process)
            announce(self._process)

        # Selenium writes every command with its arguments to its debug log.
        logging.getLogger("selenium").setLevel(logging.INFO)
        os.environ.setdefault("SE_AVOID_STATS", "true")
        self._service = AnnouncingService(options.driver, temporary, announce_driver)
        began = time.monotonic()
        try:
            chosen = chromium_options(options, str(self._folder))
            self.driver = Chrome(options=chosen, service=self._service)
            self._tab = self._open_tab(self.driver.current_window_handle)
            self._tab.call("Page.enable", MARGIN)
            # No screen, no focus: pages heard of none that goes to a field, or leaves it.
            self._tab.call("Emulation.setFocusEmulationEnabled", MARGIN, enabled=True)
            self.mask = Mask()
            self._tab.call("Page.addScriptToEvaluateOnNewDocument", MARGIN, source=_GUARD)
            target = self.driver.execute_cdp_cmd(
                "Target.createTarget", {"url": PAGE, "background": True}
            )
            self._downloads = self._open_tab(self.driver.current_window_handle)
            self._downloads.call(_FILES_GO, MARGIN, behavior="deny")
            self._connections = Connections(self._open_tab(target["targetId"]))
            self._shown = self._tab
            self._windows = Windows(self._address, _GUARD)
            self._windows.meanwhile = self._hear_dialogs
            self._traffic = Traffic(self._windows, self._tab.target, MARGIN)
        except (WebDriverException, DevToolsError, urllib3.exceptions.HTTPError, OSError) as error:
            self._end()
            raise BrowserDied(f"The browser did not start: {_first_line(error)}") from error
        except BaseException:
            self._end()
            raise
        log.info("browser_started", seconds=round(time.monotonic() - began, 2))

    @property
    def process(self) -> BrowserProcess:
        """The identity of the browser's processes."""
        if self._process is None:
            raise BrowserDied("The browser has not started.")
        return self._process

    def condemn(self, why: str) -> None:
        """Never use this browser again: it did not answer, so nobody knows what it does."""
        if not self._condemned:
            self._condemned = why
            log.warning("browser_condemned", why=why)

    def retire(self, why: str) -> None:
        """Use this browser to the end of what is in hand, and then no more."""
        self._retired = True
        log.info("browser_retired", why=why)

    def alive(self) -> bool:
        """True if the browser answers and may be used; costs a millisecond."""
        watched = self._keeper.is_watching and self._windows.is_watching
        if self._condemned or self._retired or not watched:
            return False
        try:
            with self._answering("a sign of life"):
                return bool(self._tab.evaluate("1", SIGN_OF_LIFE) == 1)
        except ApplicationError:
            return False

    def navigate(self, url: str) -> None:
        """Load `url` anew; returns when the portal has begun to answer and no older page is left.

        A page that has to be left by a certain moment is left by then, whatever the portal does.
        Raises PortalUnavailable if it cannot be reached, PortalTimeout if it does not answer (the
        browser is condemned then), and SessionLost if it asks by HTTP who we are.
        """
        self._shown, self.window_closed = self._tab, False
        if self._leave_by is not None:
            moment = self._leave_by
            if self.pacer.turn(moment - 2 * LEAVING_SECONDS) and self._answers_in_time(url, moment):
                self._close_windows()
                self._page_is_left()
                return
            self.leave_page()
        self.pacer.turn()
        try:
            with self._answering("loading a page"):
                self._load(url, self.options.timeout)
            self._close_windows()
        except BrowserDied as error:
            if isinstance(error.__cause__, NoAnswer):
                raise PortalTimeout("The portal took too long to answer.") from error
            raise

    def _answers_in_time(self, url: str, moment: float) -> bool:
        """Load `url`; False if the portal does not begin to answer shortly before `moment`."""
        with self._answering("leaving a page for another"):
            try:
                self._load(url, max(0.0, moment - LEAVING_SECONDS - time.monotonic()))
            except NoAnswer:
                return False
        return True

    def _load(self, url: str, patience: float) -> None:
        self._traffic.forget()
        answer = self._tab.navigate(url, patience)
        self.has_left = False
        if answer.get("errorText") == _ASKED_FOR_CREDENTIALS:
            if self._traffic.is_asked_by_proxy(self._tab.target, MARGIN):
                raise PortalUnavailable("A proxy on the way asks who we are; none may.")
            raise SessionLost("The portal asks for a user name and a password, by HTTP.")
        if "errorText" in answer:
            raise PortalUnavailable(f"The portal cannot be reached: {answer['errorText']}.")

    @contextmanager
    def without_scripts(self) -> Iterator[None]:
        """Load pages of which no script runs; none of them is shown any more after this."""
        method = "Emulation.setScriptExecutionDisabled"
        with self._answering("switching scripts off"):
            self._tab.call(method, MARGIN, value=True)
        try:
            yield
        finally:
            if not self._condemned:
                with self._answering("switching scripts on"):
                    self._tab.navigate(BLANK, MARGIN)
                    self._tab.call(method, MARGIN, value=False)

    def demand_fresh(self, values: dict[str, str]) -> None:
        """See that what the page shows of `values`, such as an id, is what the portal says now.

        Raises KeptAnswer if it may be what was kept of an earlier answer. Nothing is kept any more
        then, so that the page, loaded again, is as it is now.
        """
        with self._answering("telling where answers came from"):
            if self._traffic.was_kept(values, self._shown.target, MARGIN):
                raise KeptAnswer("The page may have shown what was kept of an earlier answer.")

    @property
    def troubles(self) -> Troubles:
        """What of the page's own requests its portal failed."""
        return self._traffic.troubles

    def await_stillness(
        self, *, by_sockets: bool = False, at_most: float = RESTLESS_SECONDS
    ) -> None:
        """Wait a little until the page that is shown is wired for what is done to it.

        It has no scripts on their way then, and no sockets about to open; with `by_sockets` only
        these count. See stillness.py.
        """
        with self._answering("coming to rest"):
            self._traffic.await_stillness(
                self._shown.target, MARGIN, at_most, by_sockets=by_sockets
            )

    def evaluate(self, expression: str, patience: float) -> Any:
        """The value of a JavaScript expression that answers by itself within `patience` seconds.

        Raises PageMoved if the page was replaced meanwhile, PageChanged if the expression failed.
        """
        with self._answering("looking at the page"):
            return self._shown.evaluate(expression, self._at_most(patience + MARGIN))

    def click(self, x: float, y: float) -> None:
        """Click with the mouse, once, at a point of the window in CSS pixels.

        Raises BrowserDied if nobody knows whether the click was made. A window that was opened may
        close by it: then the first one is shown.
        """
        about = {"x": x, "y": y, "button": "left", "clickCount": 1}
        with suppress(WindowClosed), self._answering("a click"):
            for move in ("mouseMoved", "mousePressed", "mouseReleased"):
                self._shown.call("Input.dispatchMouseEvent", MARGIN, type=move, **about)

    def point_at(self, x: float, y: float) -> None:
        """Move the mouse to a point of the window in CSS pixels, and leave it there."""
        with self._answering("moving the mouse"):
            self._shown.call("Input.dispatchMouseEvent", MARGIN, type="mouseMoved", x=x, y=y)

    def press(self, name: str) -> None:
        """Press a key, once, in whatever has the focus; `name` is one that keys.py knows.

        Raises BrowserDied if nobody knows whether it was pressed. A window may close as by `click`.
        """
        with suppress(WindowClosed), self._answering("a key"):
            for stroke in strokes(name):
                self._shown.call("Input.dispatchKeyEvent", MARGIN, **stroke)

    @contextmanager
    def downloads(self, patience: float) -> Iterator[Downloads]:
        """Fetch files into a folder of the browser's own, which is removed at the end."""
        with Downloads.into(self, self._folder / "saved", patience) as downloads:
            yield downloads

    def put_downloads(self, folder: Path | None) -> None:
        """Put files that pages send into this folder from now on; None: refuse them.

        Meanwhile nothing comes from a cache.
        """
        with self._answering("saying where files go"):
            if folder is None:
                self._downloads.call(_FILES_GO, MARGIN, behavior="deny")
                self._traffic.allow_caches()
                return
            self._traffic.refuse_caches(self._shown.target, MARGIN)
            # Named by the browser, so that no two files ever meet under one name.
            where = {"behavior": "allowAndName", "downloadPath": str(folder)}
            self._downloads.call(_FILES_GO, MARGIN, **where, eventsEnabled=True)

    @property
    def windows_opened(self) -> int:
        """How many windows pages have opened that are still there."""
        return len(self._windows.opened)

    def enter_window(self, known: int, patience: float) -> bool:
        """Go on in the newest window, once there are more than `known`; False if none comes."""
        with self._answering("a new window"):
            target = self._windows.await_opened(known, patience)
            if target is None:
                return False
            self._shown = Tab(self._address, target.id, self.dialogs)
            self.window_closed = False
            self._shown.call("Page.enable", MARGIN)
            return True

    def back_to_first_window(self) -> None:
        """Go on in the first window; the others are closed. Raises BrowserDied."""
        self._shown = self._tab
        self._close_windows()

    def _close_windows(self) -> None:
        with self._answering("closing windows"):
            for target in self._windows.opened:
                self._windows.close(target, MARGIN)

    def _hear_dialogs(self) -> None:
        self._shown.call("Page.getFrameTree", MARGIN)

    @property
    def dialogs(self) -> Dialogs:
        """What pages ask by alert, confirm and prompt, and how it is answered."""
        return self._tab.dialogs

    @contextmanager
    def submits_denied(self) -> Iterator[None]:
        """In pages that come inside of this, nothing is submitted but by steps of ours."""
        method = "Page.addScriptToEvaluateOnNewDocument"
        with self._answering("guarding the pages to come"):
            script = self._tab.call(method, MARGIN, source=_STEPPING)["identifier"]
        self._windows.guard = f"{_GUARD}\n{_STEPPING}"
        try:
            yield
        finally:
            self._windows.guard = _GUARD
            if not self._condemned:
                method = "Page.removeScriptToEvaluateOnNewDocument"
                with self._answering("guarding the pages to come"):
                    self._tab.call(method, MARGIN, identifier=script)

    def picture(self) -> bytes:
        """What the window shows now, as JPEG, without the secrets that `mask` covers.

        Raises PageChanged if the page keeps bringing them back.
        """
        for _ in range(PICTURE_ATTEMPTS):
            with suppress(PageMoved), self._answering("taking a picture"):
                with self.mask.on(self._shown, lambda: self._at_most(MARGIN)):
                    shot = self._shown.call(
                        "Page.captureScreenshot",
                        self._at_most(self.options.timeout),
                        format="jpeg",
                        quality=PICTURE_QUALITY,
                        optimizeForSpeed=True,
                    )
                if self.mask.taken_off(self._shown, self._at_most(MARGIN)):
                    return b64decode(shot["data"])
        raise PageChanged("No picture was taken: the page kept changing, or shows a secret.")

    @contextmanager
    def at_a_glance(self) -> Iterator[None]:
        """Look at a page that has to be left for no longer than it may stay.

        What it does not answer by then raises PageChanged, and is no fault of the browser's: inside
        of this nothing is done to the page.
        """
        self._glancing = self._leave_by is not None
        try:
            yield
        finally:
            self._glancing = False

    def _at_most(self, seconds: float) -> float:
        """How long to wait for an answer that may take so many seconds."""
        if not self._glancing or self._leave_by is None:
            return seconds
        left = self._leave_by - LEAVING_SECONDS - time.monotonic()
        if left <= 0:
            raise PageChanged(_NO_TIME)
        return min(seconds, left)

    def download_news(self, patience: float) -> dict[str, Any] | None:
        """The next thing that happened to a download; None if nothing did for so many seconds."""
        with self._answering("news of a download"):
            return self._downloads.hear(patience)

    def cancel_download(self, guid: str) -> None:
        """Stop waiting for the rest of a file."""
        with self._answering("giving up a download"):
            self._downloads.call("Browser.cancelDownload", MARGIN, guid=guid)

    def end_by(self, moment: float) -> None:
        """Have the browser ended at `moment` (time.monotonic()) unless its page is left before.

        Raises BrowserDied if nobody would do it.
        """
        self._leave_by = moment
        if not self._keeper.set(_CLICK, moment):
            self.condemn("its keeper is gone")
            raise BrowserDied("The browser has no keeper any more.")

    def leave_page(self) -> None:
        """Be where no script of the portal runs, if the page has to be left.

        Raises BrowserDied if the browser does not go; its deadline stands then. The browser says
        that it goes before it is gone, and a page that is busy may run on for long: so this
        returns only once the other page has come.
        """
        if self._leave_by is None:
            return
        self._shown = self._tab
        with self._answering("leaving the page"):
            self._tab.navigate(BLANK, MARGIN)
        self.has_left = True
        self._close_windows()
        self._page_is_left()

    def _page_is_left(self) -> None:
        with self._answering("keeping connections"):
            self._traffic.keep_connections()
        self._leave_by = None
        self._keeper.set(_CLICK, None)

    @contextmanager
    def requests_held(self) -> Iterator[None]:
        """Let no request of the page leave before the end of this, and then on new connections.

        So a request made inside never shares a connection that was used before, see
        connections.py. Nor does one that is made later, until the page is left: whatever runs asks
        the portal to close each connection after its answer.
        """
        with self._answering("closing connections"):
            self._traffic.close_connections(self._shown.target, MARGIN)
        self._paused = []
        self._shown.on_paused = self._paused.append
        self._call("Fetch.enable", "holding requests")
        try:
            self._drop_connections()
            yield
        finally:
            if self._let_go and self._paused:
                self._drop_connections()
            self._let_go = False
            self._call("Fetch.disable", "letting requests go")

    @contextmanager
    def gesture(self) -> Iterator[None]:
        """While requests are held, let those go on that the page stands still for.

        A script may send its request and do nothing until it is answered; then the page says
        neither that it was clicked nor anything else.
        """
        shown = self._shown
        shown.on_stuck = self._let_paused_go
        try:
            yield
        finally:
            shown.on_stuck = None

    def _let_paused_go(self) -> None:
        if not self._paused:
            return
        self._drop_connections()
        self._let_go = True
        while self._paused:
            self._shown.send("Fetch.continueRequest", requestId=self._paused.pop(0))

    def _call(self, method: str, what: str) -> None:
        with self._answering(what):
            self._tab.call(method, MARGIN)
        if self._shown is not self._tab:
            with suppress(WindowClosed), self._answering(what):
                self._shown.call(method, MARGIN)

    def _drop_connections(self) -> None:
        with self._answering("dropping connections"):
            try:
                self._connections.drop()
            except DevToolsError:
                self.condemn("it does not drop its connections")
                raise

    def quit(self) -> None:
        """End the browser, gently if it still listens, and remove its folder. Never raises.

        Past the driver: to one that stands still Selenium would speak for a minute and a half.
        """
        self._windows.end()
        self._connections.close()
        self._downloads.close()
        if not self._condemned:
            self._tab.end_browser(SIGN_OF_LIFE)
        self._tab.close()
        self._end()

    @contextmanager
    def _answering(self, what: str) -> Iterator[None]:
        """Turn what the tab can raise into our own errors; no answer condemns the browser."""
        if self._condemned:
            raise BrowserDied(f"The browser is not used any more: {self._condemned}.")
        try:
            yield
        except (NoAnswer, TabGone) as error:
            if isinstance(error, TabGone) and self._shown is not self._tab:
                self._shown, self.window_closed = self._tab, True
                raise WindowClosed from error
            if self._glancing and isinstance(error, NoAnswer):
                raise PageChanged(_NO_TIME) from error
            self.condemn(f"{what}: {error}")
            raise BrowserDied(f"The browser gave no answer to {what}.") from error
        except DevToolsError as error:
            if any(words in str(error) for words in _MOVING):
                raise PageMoved from error
            words = self.mask.scrubbed(str(error))
            raise PageChanged(f"The page did not allow {what}: {words}") from error

    @property
    def _address(self) -> str:
        return str(self.driver.capabilities["goog:chromeOptions"]["debuggerAddress"])

    def _open_tab(self, target: str) -> Tab:
        return Tab(self._address, target)

    def _end(self) -> None:
        if self._process is not None:
            reap(self._process)
        self._keeper.leave()
        self._keeper.set(_CLICK, None)
        driver = getattr(self._service, "process", None)
        if driver is not None:
            # Our own child: without this it stays a zombie.
            driver.kill()
            driver.wait()
            if driver.stdin:
                driver.stdin.close()
        # Where the driver never started there is nothing to reap.
        remove_folders(self._folder)


def _first_line(error: BaseException) -> str:
    text = error.msg if isinstance(error, WebDriverException) and error.msg else str(error)
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__
