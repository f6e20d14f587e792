"""Finds a Chromium or Chrome with its driver, or brings one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
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


def ensure(chosen: Mapping[str, str] = os.environ) -> Browser:
    """Find a browser, or install one where that may be done; LauncherError says what to type.

    `chosen` is as for `find`.
    """
    if browser := find(chosen):
        return browser
    with held(ROOT / "data" / "setup.browser.lock", "installing a browser"):
        if browser := find(chosen):
            return browser
        if debian.may_install():
            tell(f"installing {', '.join(DEBIAN_PACKAGES)}, once")
            try:
                debian.install(DEBIAN_PACKAGES, SETUP_LOG)
            except LauncherError as error:
                tell(str(error))
            if browser := find(chosen):
                return browser
        tell("downloading a browser with Selenium Manager, once")
        if browser := _from_selenium_manager():
            return browser
    raise LauncherError(
        "no Chromium or Chrome with a fitting chromedriver; type: "
        f"sudo apt-get install {' '.join(DEBIAN_PACKAGES)} (or set CHROME_BINARY and CHROMEDRIVER)"
    )


def find(chosen: Mapping[str, str] = os.environ) -> Browser | None:
    """A browser and a driver of its version that are here already, None if there is no such pair.

    CHROME_BINARY and CHROMEDRIVER in `chosen` come before PATH. Raises LauncherError when they do
    not fit.
    """
    named = chosen.get("CHROME_BINARY"), chosen.get("CHROMEDRIVER")
    pair = _pair([named[0]] if named[0] else CHROME_NAMES, [named[1]] if named[1] else DRIVER_NAMES)
    if pair:
        return pair
    if any(named):
        raise LauncherError(
            f"CHROME_BINARY={named[0] or ''} and CHROMEDRIVER={named[1] or ''}: these do not run "
            "or are not of one version"
        )
    return _from_selenium_manager("--offline")


def _pair(chrome_names: Sequence[str], driver_names: Sequence[str]) -> Browser | None:
    chrome, driver = _first_that_runs(chrome_names), _first_that_runs(driver_names)
    if chrome and driver and chrome[1] == driver[1]:
        return Browser(chrome[0], driver[0])
    return None


def _first_that_runs(names: Sequence[str]) -> tuple[str, str] | None:
    """Path and major version of the first program in `names` that tells its version."""
    for name in names:
        path = shutil.which(name)
        if path is None:
            continue
        try:
            asked = subprocess.run(
                [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True
            )
        except OSError:  # it is made for another kind of machine
            continue
        version = re.search(r"(\d+)\.\d+\.\d+", asked.stdout)
        if asked.returncode == 0 and version:
            return path, version[1]
    return None


def _from_selenium_manager(*options: str) -> Browser | None:
    """What Selenium Manager downloads, or with "--offline" what it downloaded before.

    It brings no shared libraries and no fonts, so what it brings need not run.
    """
    skip = ("--skip-driver-in-path", "--skip-browser-in-path", "--avoid-stats")
    command = [sys.executable, "-c", SELENIUM_MANAGER, "--browser", "chrome", *skip, *options]
    asked = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if asked.returncode != 0:
        return None
    found = json.loads(asked.stdout)
    return _pair([found.get("browser_path", "")], [found.get("driver_path", "")])
