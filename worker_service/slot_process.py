"""What one pool child owns: its own connections, its warm browser, and the executor."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from automation_service.browser import BrowserOptions, BrowserProcess
from automation_service.profile import Profile, ProfileShelf, ShelfUnreadable
from automation_service.warm_browser import WarmBrowser
from shared.config import Settings
from shared.errors import ConfigurationError, PortalClosed, ProfileMismatch
from shared.notifications import NewsPublisher
from shared.record import Record, slots, workers
from shared.record.persistence import persist
from worker_service.context import TaskContext
from worker_service.executor import Executor
from worker_service.pace import Turns
from worker_service.registry import TaskDefinition
from worker_service.repertoire import Repertoire
from worker_service.slot_rules import SlotRules
from worker_service.task_files.copies import Copies
from worker_service.time_board import Place
from worker_service.time_limits import TimeLimits

UNREADABLE_SECONDS = 5.0
"""After so long a task whose profile cannot be read now asks for it again."""


class Flag(Protocol):
    """Something that is raised once, for every process that inherited it."""

    def is_set(self) -> bool:
        """True once raised."""
        ...


class SlotProcess:
    """Made after the fork; nothing in it is shared with the parent but the flag to drain."""

    def __init__(
        self,
        settings: Settings,
        worker_id: str,
        draining: Flag,
        place: Place,
        fixed: Mapping[str, TaskDefinition[Any]],
        copies: Copies,
    ) -> None:
        """Open nothing yet but what is used at once.

        `place` is where our parent looks; `fixed` are the task types that come with us and with
        packages, `copies` has the others.
        """
        self._settings = settings
        self._worker_id = worker_id
        self._record = Record(settings.database)
        self._news = NewsPublisher(settings.redis)
        self._browser = WarmBrowser(_browser_options(settings), self._note_browser)
        self._limits = TimeLimits(self._browser.keeper, place)
        self._shelf = ProfileShelf(settings.profiles_dir)
        self._noted = ("", "")
        self._turns: Turns = {}
        self._executor = Executor(
            self._record,
            Repertoire(fixed, copies, worker_id),
            self._context_of,
            self._news.publish,
            draining.is_set,
            SlotRules(
                worker_id=worker_id,
                pid=os.getpid(),
                lease_seconds=settings.lease_seconds,
                turn_seconds=settings.turn_seconds,
                item_time_limit=settings.item_time_limit,
                max_attempts=settings.max_attempts,
            ),
        )

    def serve(self, slot_id: str, task_id: str) -> dict[str, Any]:
        """Answer a doorbell; the short summary is what Flower shows."""
        return {"task_id": task_id, "state": self._executor.serve(slot_id, task_id)}

    def close(self) -> None:
        """End the browser and let go of everything."""
        self._browser.close()
        self._news.close()
        self._record.close()

    def _context_of(self, task_id: str, slot_id: str) -> TaskContext:
        return TaskContext(
            task_id=task_id,
            slot_id=slot_id,
            settings=self._settings,
            record=self._record,
            browser=self._browser,
            profile=partial(self._profile_for, slot_id),
            limits=self._limits,
            turns=self._turns,
        )

    def _profile_for(self, slot_id: str, name: str) -> Profile:
        try:
            profile = self._shelf.profile(name)
        except ShelfUnreadable as error:
            raise PortalClosed(error.message, UNREADABLE_SECONDS) from error
        except ConfigurationError as error:
            raise ProfileMismatch(error.message) from error
        worked_by = (slot_id, profile.sha256)
        if worked_by != self._noted:
            persist(
                self._record,
                lambda connection: slots.note_profile(connection, slot_id, name, profile.sha256),
            )
            self._noted = worked_by
        return profile

    def _note_browser(self, process: BrowserProcess) -> None:
        persist(
            self._record,
            lambda connection: workers.add_browser(
                connection,
                worker_id=self._worker_id,
                host=socket.gethostname(),
                pid=os.getpid(),
                process_group=process.group,
                started=process.started,
                user_data_dir=process.user_data_dir,
            ),
        )


def _browser_options(settings: Settings) -> BrowserOptions:
    return BrowserOptions(
        headless=settings.headless,
        binary=settings.chrome_binary,
        driver=settings.chromedriver,
        timeout=settings.selenium_timeout,
        temp_dir=settings.data_dir / "browsers",
        downloads=settings.download_path,
        max_items=settings.browser_max_items,
    )
