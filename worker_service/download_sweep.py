"""Removes what a dead worker left of its downloads."""

from __future__ import annotations

import re
from pathlib import Path

import structlog

from automation_service.downloads import remove
from shared.record import Record, slots

log = structlog.get_logger()

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What ids of tasks and slots look like: nothing else in DOWNLOAD_PATH is ours to remove."""


def sweep_downloads(record: Record, downloads: Path) -> None:
    """Remove the folders of slots that are over. Never those of a slot this record does not know:
    somebody else may keep files there too.
    """
    # Looked at first: a slot is in the record before it has a folder.
    folders = [folder for task in _named_by_ids(downloads) for folder in _named_by_ids(task)]
    if not folders:
        return
    with record.read() as connection:
        over = slots.over(connection, [folder.name for folder in folders])
    for folder in folders:
        if folder.name in over:
            log.warning("download_left_behind", task_id=folder.parent.name)
            remove(folder)


def _named_by_ids(folder: Path) -> list[Path]:
    try:
        return [place for place in folder.iterdir() if _ID.fullmatch(place.name)]
    except OSError:
        # Not made yet, or gone meanwhile.
        return []
