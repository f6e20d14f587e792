"""One Chromium with its driver: started in a session of its own, kept warm, always reaped."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil
import structlog
import urllib3.exceptions
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    JavascriptException,
    StaleElementReferenceException,
    TimeoutException,
    UnexpectedAlertPresentException,
    WebDriverException,
)
from selenium.webdriver import Chrome
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.remote_connection import RemoteConnection

from automation_service.browser_process import BrowserProcess, reap
from automation_service.chromium import BrowserOptions, chromium_options
from automation_service.connections import Connections
from shared.errors import (
    ApplicationError,
    BrowserDied,
    PageChanged,
    PortalTimeout,
    PortalUnavailable,
)

__all__ = ["Browser", "BrowserOptions", "BrowserProcess", "reap"]

log = structlog.get_logger()

PICTURE_QUALITY = 70
COMMAND_MARGIN = 10.0
"""Seconds a driver may take for a command beyond the time the page itself is given."""
SIGN_OF_LIFE = 5.0
"""Seconds within which a browser that is well does the smallest thing."""

# The driver answered, and what it says is about the page: the browser is as good as before.
_ABOUT_THE_PAGE = (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    JavascriptException,
    StaleElementReferenceException,
    UnexpectedAlertPresentException,
)


class _AnnouncingService(Service):
    """A driver that is announced before it is told to start a browser."""

    def __init__(self, driver: str, announce: Callable[[int], None]) -> None:
        super().__init__(
            executable_path=driver or None,
            popen_kw={"start_new_session": True},
            env={**os.environ, "SE_AVOID_STATS": "true"},
        )
        self._announce = announce

    def start(self) -> None:
        super().start()
        self._announce(self.process.pid)


class Browser:
    """A running Chromium that nobody else uses."""

    def __init__(self, options: BrowserOptions, announce: Callable[[BrowserProcess], None]) -> None:
        """Start it; `announce` hears of its processes as soon as there are any.

        Raises BrowserDied if it does not start; nothing is left behind then.
        """
        self.options = options
        self.items_served = 0
        self._condemned = ""
        self._process: BrowserProcess | None = None
        options.temp_dir.mkdir(parents=True, exist_ok=True)
        self._folder = tempfile.mkdtemp(prefix="browser-", dir=options.temp_dir)

        def announce_driver(pid: int) -> None:
            self._process = BrowserProcess(pid, psutil.Process(pid).create_time(), self._folder)
            announce(self._process)

        # Selenium writes every command with its arguments to its debug log, passwords too.
        logging.getLogger("selenium").setLevel(logging.INFO)
        os.environ.setdefault("SE_AVOID_STATS", "true")
        self._service = _AnnouncingService(options.driver, announce_driver)
        began = time.monotonic()
        try:
            self.driver = Chrome(
                options=chromium_options(options, self._folder), service=self._service
            )
            self.driver.set_page_load_timeout(options.timeout)
            self.be_patient(options.timeout)
            self._connections = Connections(self.driver)
        except (WebDriverException, urllib3.exceptions.HTTPError, OSError) as error:
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

    def alive(self) -> bool:
        """True if the browser answers and may be used; costs one short command."""
        if self._condemned or self._service.process.poll() is not None:
            return False
        before = self._answer_within(SIGN_OF_LIFE)
        try:
            with self.answering("a sign of life"):
                return bool(self.driver.execute_script("return 1") == 1)
        except ApplicationError:
            return False
        finally:
            self._answer_within(before)

    @contextmanager
    def answering(self, what: str) -> Iterator[None]:
        """Turn what a driver command can raise into our own errors.

        Raises PortalUnavailable if the portal could not be reached, PortalTimeout if `what` took
        too long, PageChanged if the page did not let it happen, BrowserDied if the driver or the
        browser gave no answer. After a timeout or no answer the browser is condemned.
        """
        if self._condemned:
            raise BrowserDied(f"The browser is not used any more: {self._condemned}.")
        try:
            yield
        except TimeoutException as error:
            self.condemn(f"{what} took too long")
            raise PortalTimeout(f"The portal took too long: {what}.") from error
        except _ABOUT_THE_PAGE as error:
            raise PageChanged(f"The page did not allow {what}: {_first_line(error)}") from error
        except WebDriverException as error:
            text = _first_line(error)
            if "net::ERR_" in text:
                raise PortalUnavailable(
                    f"The portal cannot be reached: {_net_error(text)}."
                ) from error
            self.condemn(f"{what}: {text}")
            raise BrowserDied(f"The browser failed at {what}: {text}") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            self.condemn(f"{what}: {type(error).__name__}")
            raise BrowserDied(f"The browser gave no answer to {what}.") from error

    def picture(self) -> bytes:
        """What the window shows now, as JPEG."""
        with self.answering("taking a picture"):
            shot = self.driver.execute_cdp_cmd(
                "Page.captureScreenshot",
                {"format": "jpeg", "quality": PICTURE_QUALITY, "optimizeForSpeed": True},
            )
        return b64decode(shot["data"])

    def be_patient(self, seconds: float) -> None:
        """Let the page take `seconds` for a question, and the driver somewhat longer."""
        self.driver.set_script_timeout(seconds + COMMAND_MARGIN / 2)
        self._answer_within(max(seconds, self.options.timeout) + COMMAND_MARGIN)

    def drop_connections(self) -> None:
        """Make the next request leave on a connection of its own, see connections.py.

        Raises BrowserDied if the browser does not answer.
        """
        try:
            self._connections.drop()
        except BrowserDied as error:
            self.condemn(error.message)
            raise

    def quit(self) -> None:
        """End the browser, gently if it still listens, and remove its folder. Never raises."""
        self._connections.close()
        if not self._condemned:
            self._answer_within(SIGN_OF_LIFE)
            with suppress(WebDriverException, urllib3.exceptions.HTTPError, OSError):
                self.driver.quit()
        self._end()

    def _answer_within(self, seconds: float) -> float:
        """Give the driver `seconds` for a command; returns what it was given before."""
        executor = self.driver.command_executor
        assert isinstance(executor, RemoteConnection)
        before: float = executor.client_config.timeout
        executor.client_config.timeout = seconds
        return before

    def _end(self) -> None:
        if self._process is not None:
            reap(self._process)
        driver = getattr(self._service, "process", None)
        if driver is not None:
            # Our own child: without this it stays a zombie.
            driver.kill()
            driver.wait()
            if driver.stdin:
                driver.stdin.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _first_line(error: BaseException) -> str:
    text = error.msg if isinstance(error, WebDriverException) and error.msg else str(error)
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__


def _net_error(text: str) -> str:
    return next((word.strip(" .") for word in text.split() if "net::ERR_" in word), text)
