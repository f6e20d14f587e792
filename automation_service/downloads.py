"""What a browser downloads, in a folder of its own, believed only once it was checked.

Each browser is told where to put files for as long as somebody fetches some, and refuses them
otherwise. So a file can reach only the folder of the task that asked, and two tasks that run at
once in two browsers never share one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any, Protocol

import structlog

from automation_service.file_kinds import FileKind, fault_of
from shared.errors import DownloadFailed, PortalTimeout

log = structlog.get_logger()

_LOOK_SECONDS = 0.2
_MAY_COME_YET = "a file that was given up may come yet"
"""Leaving the page does not stop the request of a link with `download`, and nothing tells its file
from the next one's."""


class DownloadBrowser(Protocol):
    """What is asked of a browser here."""

    def put_downloads(self, folder: Path | None) -> None:
        """Put files there from now on; None: refuse them."""
        ...

    def download_news(self, patience: float) -> dict[str, Any] | None:
        """The next thing that happened to a download; None if nothing did for so many seconds."""
        ...

    def cancel_download(self, guid: str) -> None:
        """Stop waiting for the rest of a file."""
        ...

    def retire(self, why: str) -> None:
        """Be replaced before the next item."""
        ...


@dataclass(frozen=True)
class Download:
    """A whole file, checked. `name` is what the portal called it; `size` is in bytes."""

    path: Path
    name: str
    size: int


def task_folder(downloads: Path, task_id: str, slot_id: str) -> Path:
    """Where one slot keeps what it downloads for one task.

    The folder belongs to that slot: once it has ended, whatever is there is a leftover.
    """
    return downloads / task_id / slot_id


class Downloads:
    """Fetches files into one folder, one at a time."""

    def __init__(self, browser: DownloadBrowser, folder: Path, patience: float) -> None:
        """`patience`: seconds until a file begins to come, and that it may stand still."""
        self._browser = browser
        self._folder = folder
        self._patience = patience

    @classmethod
    @contextmanager
    def into(cls, browser: DownloadBrowser, folder: Path, patience: float) -> Iterator[Downloads]:
        """Fetch into `folder`, which is made now and removed, with all in it, at the end."""
        folder.mkdir(parents=True, exist_ok=True)
        try:
            browser.put_downloads(folder)
            try:
                yield cls(browser, folder, patience)
            finally:
                browser.put_downloads(None)
        finally:
            remove(folder)

    def fetch(
        self,
        ask: Callable[[], None],
        kind: FileKind,
        look: Callable[[], None] = lambda: None,
        check: Callable[[], None] = lambda: None,
    ) -> Download:
        """The file that comes once `ask` was called, which is called once.

        `look` is called now and then until it begins, and raises if the portal shows that nothing
        will come; `check` until it is whole, and raises if nobody wants it any more. Raises
        PortalTimeout if no file begins to come, DownloadFailed if it stands still, breaks off,
        or is not what it should be.
        """
        while self._browser.download_news(0) is not None:
            pass
        ask()
        begun = self._begun(look, check)
        guid, name = begun["guid"], str(begun.get("suggestedFilename") or "")
        try:
            self._wait_until_whole(guid, name, check)
            return self._checked(guid, name, kind)
        except Exception:
            self._discard(guid)
            raise

    def _begun(self, look: Callable[[], None], check: Callable[[], None]) -> dict[str, Any]:
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            news = self._browser.download_news(_LOOK_SECONDS)
            if news is not None and news["method"] == "Browser.downloadWillBegin":
                return dict(news["params"])
            try:
                check()
            except Exception:
                self._browser.retire(_MAY_COME_YET)
                raise
            if news is None:
                look()
        self._browser.retire(_MAY_COME_YET)
        raise PortalTimeout(f"No file began to come within {self._patience:.0f} s.")

    def _wait_until_whole(self, guid: str, name: str, check: Callable[[], None]) -> None:
        received, moved_at = 0, time.monotonic()
        while True:
            news = self._browser.download_news(_LOOK_SECONDS)
            check()
            about = news["params"] if news is not None else {}
            if about.get("guid") == guid and "state" in about:
                if about["state"] == "completed":
                    return
                if about["state"] == "canceled":
                    raise DownloadFailed(f"The download of {name} broke off.")
                if about["receivedBytes"] > received:
                    received, moved_at = about["receivedBytes"], time.monotonic()
            if time.monotonic() - moved_at >= self._patience:
                self._browser.cancel_download(guid)
                raise DownloadFailed(
                    f"The download of {name} stood still for {self._patience:.0f} s"
                    f" after {received:.0f} bytes."
                )

    def _checked(self, guid: str, name: str, kind: FileKind) -> Download:
        path = self._folder / guid
        try:
            size = path.stat().st_size
            fault = "it is empty" if not size else fault_of(path, kind)
        except OSError as error:
            raise DownloadFailed(f"The file {name} cannot be read: {error.strerror}.") from error
        if fault is not None:
            raise DownloadFailed(f"The file {name} is not what it should be: {fault}.")
        log.info("downloaded", name=name, size=size)
        return Download(path, name, size)

    def _discard(self, guid: str) -> None:
        for left in (guid, f"{guid}.crdownload"):
            (self._folder / left).unlink(missing_ok=True)


def remove(folder: Path) -> None:
    """Remove a slot's folder, and its task's if nobody else's is in there. Never raises."""
    rmtree(folder, ignore_errors=True)
    try:
        folder.parent.rmdir()
    except OSError:
        # Another slot of the task has one, or it is gone already.
        return
