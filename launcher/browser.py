"""Finds a Chromium or Chrome with its driver, or brings one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

from launcher import debian
from launcher.environment import ROOT
from launcher.errors import LauncherError
from launcher.lock import held, tell

CHROME_NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser", "chrome")
DRIVER_NAMES = ("chromedriver", "/usr/lib/chromium/chromedriver", "chromium.chromedriver")
# A machine without any font would photograph empty boxes.
DEBIAN_PACKAGES = ("chromium", "chromium-driver", "fonts-liberation")
SETUP_LOG = ROOT / "logs" / "setup.log"

# Selenium's own finder, in a process of its own: only automation_service imports Selenium.
SELENIUM_MANAGER = """
import json, sys
from selenium.webdriver.common.selenium_manager import SeleniumManager
print(json.dumps(SeleniumManager().binary_paths(sys.argv[1:])))
"""


@dataclass(frozen=True)
class Browser:
    """The paths of a browser and of the driver that fits it."""

    chrome: str
    driver: str

    def settings(self) -> dict[str, str]:
        """What to tell a worker."""
        return {"CHROME_BINARY": self.chrome, "CHROMEDRIVER": self.driver}


def ensure() -> Browser:
    """Find a browser, or install one where that may be done; LauncherError says what to type."""
    if browser := find():
        return browser
    with held(ROOT / "data" / "setup.browser.lock", "installing a browser"):
        if browser := find():
            return browser
        if debian.may_install():
            tell(f"installing {', '.join(DEBIAN_PACKAGES)}, once")
            try:
                debian.install(DEBIAN_PACKAGES, SETUP_LOG)
            except LauncherError as error:
                tell(str(error))
            if browser := find():
                return browser
        tell("downloading a browser with Selenium Manager, once")
        if browser := _from_selenium_manager():
            return browser
    raise LauncherError(
        "no Chromium or Chrome with a fitting chromedriver; type: "
        f"sudo apt-get install {' '.join(DEBIAN_PACKAGES)} (or set CHROME_BINARY and CHROMEDRIVER)"
    )


def find() -> Browser | None:
    """A browser and a driver of its version that are here already, None if there is no such pair.

    CHROME_BINARY and CHROMEDRIVER come before PATH. Raises LauncherError when they do not fit.
    """
    named = os.environ.get("CHROME_BINARY"), os.environ.get("CHROMEDRIVER")
    chrome = _first_that_runs([named[0]] if named[0] else CHROME_NAMES)
    driver = _first_that_runs([named[1]] if named[1] else DRIVER_NAMES)
    if chrome and driver and chrome[1] == driver[1]:
        return Browser(chrome[0], driver[0])
    if any(named):
        raise LauncherError(
            f"CHROME_BINARY={named[0] or ''} and CHROMEDRIVER={named[1] or ''}: these do not run "
            "or are not of one version"
        )
    return _from_selenium_manager("--offline")


def _first_that_runs(names: list[str] | tuple[str, ...]) -> tuple[str, str] | None:
    """Path and major version of the first program in `names` that tells its version."""
    for name in names:
        path = shutil.which(name)
        if path is None:
            continue
        asked = subprocess.run(
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        version = re.search(r"(\d+)\.\d+\.\d+", asked.stdout)
        if asked.returncode == 0 and version:
            return path, version[1]
    return None


def _from_selenium_manager(*options: str) -> Browser | None:
    """What Selenium Manager downloads, or with "--offline" what it downloaded before."""
    skip = ("--skip-driver-in-path", "--skip-browser-in-path", "--avoid-stats")
    command = [sys.executable, "-c", SELENIUM_MANAGER, "--browser", "chrome", *skip, *options]
    asked = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if asked.returncode != 0:
        return None
    found = json.loads(asked.stdout)
    if not (found["browser_path"] and found["driver_path"]):
        return None
    return Browser(found["browser_path"], found["driver_path"])
