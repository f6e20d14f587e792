"""Takes away what has been kept long enough, and what nothing in the record rests on.

Several orchestrators may do so at once: what is removed is decided in the record, by
compare-and-set, and removing a file twice does no harm.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import structlog

from orchestrator_service.manifest import name_in
from orchestrator_service.sealing import OURS, PATIENCE_SECONDS
from shared.record import Record, artifacts, retention, seals
from shared.record.mutual_exclusion import Work, alone
from shared.record.seals import Seal
from shared.utils import utc_now

log = structlog.get_logger()

PAGE = 100
LEFTOVER = timedelta(hours=1)
"""A file that nothing rests on is left alone for so long, and its task after it ended: evidence is
on disk before the record speaks of it."""


class Retention:
    """Looks through the record and the results folder when it is told to."""

    def __init__(
        self, record: Record, results_dir: Path, kept_days: float, leftover: timedelta = LEFTOVER
    ) -> None:
        """Tasks that ended `kept_days` ago lose files and events; with 0 nothing is ever old.

        What nothing rests on is swept once it, and the end of its task, is as old as `leftover`.
        """
        self._leftover = leftover
        self._record = record
        self._results_dir = results_dir
        self._kept = timedelta(days=kept_days)
        self._seen: dict[str, float] = {}

    def remove_old(self) -> int:
        """Remove files and events of tasks that are old; how many tasks that were."""
        if not self._kept:
            return 0
        moment = utc_now() - self._kept
        removed = 0
        after: retention.Position | None = None
        while True:
            with self._record.read() as connection:
                page = retention.ended_before(connection, moment, after, PAGE)
            if not page:
                return removed
            removed += sum(self._remove(task_id, moment) for _, task_id in page)
            after = page[-1]

    def sweep(self) -> int:
        """Remove what a crash left in folders of final tasks; how many files and folders.

        Folders that are not of a task of this record are somebody else's. A folder that was looked
        through and has not changed since is not looked through again, unless its task has been
        removed meanwhile: whoever removed it may have died before the files were gone.
        """
        swept = 0
        folders = self._folders()
        while page := list(islice(folders, PAGE)):
            with self._record.read() as connection:
                known = seals.of_tasks(connection, [folder.name for folder, _ in page])
            for folder, changed in page:
                seal = known.get(folder.name)
                if seal is None or (seal.removed_at is None and not changed):
                    continue
                try:
                    swept += self._sweep_folder(folder, seal)
                except FileNotFoundError:
                    continue  # another orchestrator was faster
                except OSError as error:
                    log.error("folder_not_swept", task_id=folder.name, why=error.strerror)
        return swept

    def _remove(self, task_id: str, moment: datetime) -> bool:
        with (
            alone(self._record, Work.KEEPING_EVIDENCE, PATIENCE_SECONDS),
            self._record.write() as connection,
        ):
            if not retention.forget(connection, task_id, moment):
                return False
        # The record first: a crash here leaves a folder that the sweep removes.
        self._remove_folder(self._results_dir / task_id)
        log.info("evidence_removed", task_id=task_id, kept_days=self._kept / timedelta(days=1))
        return True

    def _remove_folder(self, folder: Path) -> bool:
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            return False
        except OSError as error:
            log.error("evidence_not_removed", task_id=folder.name, why=error.strerror)
            return False
        return True

    def _folders(self) -> Iterator[tuple[Path, bool]]:
        """The folders there are, and whether each changed since it was looked through."""
        if not self._results_dir.is_dir():
            return
        present = {folder.name: folder for folder in self._results_dir.iterdir()}
        self._seen = {name: changed for name, changed in self._seen.items() if name in present}
        for name, folder in present.items():
            if folder.is_dir() and not folder.is_symlink():
                yield folder, self._seen.get(name) != folder.stat().st_mtime

    def _sweep_folder(self, folder: Path, seal: Seal) -> int:
        if seal.removed_at is not None:
            return int(self._remove_folder(folder))
        if utc_now() - seal.finished_at < self._leftover:
            return 0
        changed = folder.stat().st_mtime
        with self._record.read() as connection:
            rows = artifacts.every(connection, seal.task_id)
        known = {name_in(seal.task_id, row.evidence.path) for row in rows} | OURS
        left = [place for place in folder.iterdir() if place.name not in known]
        old = [place for place in left if self._is_leftover(place)]
        _unlink(old)
        if len(old) == len(left):
            self._seen[folder.name] = folder.stat().st_mtime if old else changed
        return len(old)

    def _is_leftover(self, place: Path) -> bool:
        is_file = place.is_file() and not place.is_symlink()
        return is_file and time.time() - place.stat().st_mtime >= self._leftover.total_seconds()


def _unlink(places: Sequence[Path]) -> None:
    for place in places:
        place.unlink(missing_ok=True)
        log.warning("leftover_removed", task_id=place.parent.name, file=place.name)
