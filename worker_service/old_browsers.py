"""Ends the browsers in which others clicked before us, where we can reach them."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Sequence

import structlog
from sqlalchemy import Connection

from automation_service.browser_process import BrowserProcess, reap
from shared.contracts import Intent
from shared.record import Record, workers
from shared.record.persistence import persist

log = structlog.get_logger()


def end_old_browsers(record: Record, intents: Sequence[Intent]) -> None:
    """End the browsers of these intents that run on this machine and are not our own.

    What they might still send would be sent after we looked. A process that still works in one
    finds it gone, and looks again before it does anything else.
    """
    end_browsers_named(record, {intent.browser for intent in intents})


def end_browsers_named(record: Record, named: Collection[str]) -> None:
    """End those of these browsers that run on this machine and are not our own."""
    for pid, browser in persist(record, _browsers_here):
        if pid == os.getpid() or browser.name not in named:
            continue
        log.warning("browser of another slot ended", processes=reap(browser))


def _browsers_here(connection: Connection) -> list[tuple[int, BrowserProcess]]:
    rows = workers.browsers_on(connection, socket.gethostname())
    return [
        (row.pid, BrowserProcess(row.process_group, row.started, row.user_data_dir)) for row in rows
    ]
