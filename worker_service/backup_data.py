"""The task type `backup_data`: a copy of record and results, made while everything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from shared.backup.format import BACKUP_TASKS, Contents
from shared.backup.making import Source, make_backup
from shared.contracts import Claim, ItemOutcome
from shared.task_state import ItemStatus
from shared.utils import utc_now
from worker_service.context import TaskContext
from worker_service.params import TaskParams
from worker_service.registry import Plan, task

FULL = "full"


class BackupDataParams(TaskParams):
    """What to copy."""

    backup_type: Literal["full"] = Field(
        "full", title="Backup type", description="full: the whole record and all results."
    )


def plan_backup(params: BackupDataParams, context: TaskContext) -> Plan:
    """One item: everything."""
    return Plan(
        portal=f"task:{context.task_id}",
        action=BACKUP_TASKS,
        keys=[params.backup_type],
        params_for=lambda _: params.model_dump(),
    )


@task(
    name=BACKUP_TASKS,
    title="Backup Data",
    description="Copies the record and all results into one file, as they are at one moment.",
    side_effect="read",
    params=BackupDataParams,
    plan=plan_backup,
    words={ItemStatus.DONE: "backed_up"},
)
def backup_data(claim: Claim, params: BackupDataParams, context: TaskContext) -> ItemOutcome:
    """Make the backup and link it."""
    settings = context.settings
    source = Source(context.record, settings.results_dir, settings.data_dir, settings.data_dir)
    made: list[Contents] = []

    def write(into: Path) -> None:
        made.append(make_backup(source, into, claim.still_wanted))

    name = f"backup-{utc_now():%Y%m%dT%H%M%SZ}.zip"
    file = context.evidence().keep(write, name, "application/zip")
    claim.note_evidence(file)
    (contents,) = made
    counts = {
        "tasks": contents.rows["tasks"],
        "events": contents.rows["events"],
        "files": len(contents.files),
        "left_out": len(contents.left_out),
        "bytes": file.size,
    }
    told = f"{counts['tasks']} tasks, {counts['events']} events, {counts['files']} files"
    return ItemOutcome(ItemStatus.DONE, told, details={"made_at": contents.made_at, **counts})
