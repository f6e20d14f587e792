"""A task's file as a person gets it: the link followed in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from automation_service.browser import Browser, BrowserOptions
from automation_service.downloads import Download, Downloads
from automation_service.file_kinds import FileKind
from launcher import browser as installed

PATIENCE = 20.0


class Person:
    """Somebody in front of a browser that keeps what they download in `folder`."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser = browser
        self._folder = folder

    @contextmanager
    def following(self, link: str, kind: FileKind) -> Iterator[Download]:
        """The file that a click on this link brings; it is gone afterwards."""
        anchor = f"Object.assign(document.createElement('a'), {{href: '{link}'}})"
        with Downloads.into(self._browser, self._folder / "task" / "slot", PATIENCE) as downloads:
            yield downloads.fetch(
                lambda: self._browser.evaluate(f"{anchor}.click()", PATIENCE), kind
            )


@contextmanager
def person_at_a_browser(folder: Path) -> Iterator[Person]:
    """Somebody with a browser of their own."""
    found = installed.ensure()
    options = BrowserOptions(
        headless=True,
        binary=found.chrome,
        driver=found.driver,
        timeout=PATIENCE,
        temp_dir=folder / "browsers",
        downloads=folder / "downloads",
        max_items=1000,
    )
    browser = Browser(options, lambda _: None)
    try:
        yield Person(browser, folder / "downloads")
    finally:
        browser.quit()


def only_link(result: dict[str, Any]) -> str:
    """The one file that a task offers."""
    (link,) = result["download_links"]
    return str(link)
