"""An officer of the practice portal in front of real Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions as conditions
from selenium.webdriver.support.ui import WebDriverWait

import launcher.browser
from automation_service.chromium import FEATURES_OFF
from tests.integration.esc_simulator.practice_portal import PracticePortal, sign_in

PATIENCE_SECONDS = 60


class Officer:
    """An officer in front of a browser."""

    def __init__(self, portal: PracticePortal, browser: Chrome, url: str) -> None:
        """Nobody is signed in yet. `url` is where the browser finds the portal."""
        self.portal = portal
        self.browser = browser
        self._url = url

    def see(self, css: str) -> WebElement:
        """Wait until this is visible."""
        waiting = WebDriverWait(self.browser, PATIENCE_SECONDS)
        return waiting.until(conditions.visibility_of_element_located((By.CSS_SELECTOR, css)))

    def press(self, words: str) -> None:
        """Click the visible button with these words."""
        waiting = WebDriverWait(self.browser, PATIENCE_SECONDS)
        button = (By.XPATH, f"//button[normalize-space()='{words}']")
        waiting.until(conditions.element_to_be_clickable(button)).click()

    def open(self, path: str) -> None:
        """Go to a page of the portal."""
        self.browser.get(self._url + path)

    def sign_in(self) -> None:
        """Fill in and send the form."""
        self.open("/login")
        self.see("#username").send_keys("officer")
        self.see("#password").send_keys("practice")
        self.see("button[type=submit]").click()
        self.see(".dashboard")

    def begin_a_session(self) -> None:
        """Be signed in anew, without the form: with the cookies of who filled it in over HTTP."""
        with self.portal.visitor() as visitor:
            sign_in(visitor)
            for name, value in visitor.cookies.items():
                cookie = {"name": name, "value": value, "url": self.portal.url}
                self.browser.execute_cdp_cmd("Network.setCookie", cookie)

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait until this is so."""
        WebDriverWait(self.browser, PATIENCE_SECONDS).until(lambda _: is_so())


@contextmanager
def officer_at_work(portal: PracticePortal, profile: Path) -> Iterator[Officer]:
    """An officer who has signed in, with a browser that keeps its things in `profile`."""
    options = ChromeOptions()
    found = launcher.browser.ensure()
    options.binary_location = found.chrome
    options.add_argument("--headless=new")
    options.add_argument("--no-sandbox")
    options.add_argument("--disable-dev-shm-usage")
    options.add_argument("--window-size=1200,900")
    options.add_argument(f"--disable-features={FEATURES_OFF}")
    options.add_argument(f"--user-data-dir={profile}")
    browser = Chrome(options, ChromeService(found.driver))
    try:
        officer = Officer(portal, browser, portal.url)
        officer.sign_in()
        yield officer
    finally:
        browser.quit()
