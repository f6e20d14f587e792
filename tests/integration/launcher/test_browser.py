"""Finding a browser with a driver that fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher import browser
from launcher.errors import LauncherError


def test_a_browser_and_its_driver_are_found() -> None:
    """`./run test` has seen to it that there is one."""
    # Given this machine
    # When a browser is looked for
    found = browser.find()

    # Then it is there with its driver
    assert found is not None
    assert Path(found.chrome).exists()
    assert Path(found.driver).exists()


def test_a_named_browser_comes_before_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's owner knows best."""
    # Given a browser named by its path, and none on PATH
    found = browser.find()
    assert found is not None
    monkeypatch.setenv("CHROME_BINARY", found.chrome)
    monkeypatch.setenv("CHROMEDRIVER", found.driver)

    # When a browser is looked for
    # Then it is that one
    assert browser.find() == found


def test_a_driver_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than starting something else than what was asked for."""
    # Given a driver that tells no version
    monkeypatch.setenv("CHROMEDRIVER", "/bin/true")

    # When a browser is looked for
    # Then one line names both settings
    with pytest.raises(LauncherError, match="CHROMEDRIVER=/bin/true: these do not run"):
        browser.find()


def test_a_browser_may_be_chosen_otherwise_than_by_the_environment() -> None:
    """`./run up` reads `.env` too."""
    # Given a driver that tells no version
    # When it is chosen
    # Then it is refused as one from the environment is
    with pytest.raises(LauncherError, match="CHROMEDRIVER=/bin/true: these do not run"):
        browser.ensure({"CHROME_BINARY": "", "CHROMEDRIVER": "/bin/true"})


def test_a_downloaded_browser_that_does_not_run_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Selenium Manager brings a browser without the libraries it needs."""
    # Given no browser on PATH, and a downloaded one that does not run
    pair = {"browser_path": "/bin/false", "driver_path": "/bin/false"}
    monkeypatch.setattr(browser, "SELENIUM_MANAGER", f"import json; print(json.dumps({pair}))")
    monkeypatch.setattr(browser, "CHROME_NAMES", ())

    # When a browser is looked for
    # Then there is none
    assert browser.find({}) is None
