"""Every task type this worker offers."""

from __future__ import annotations

from typing import Any

from worker_service.act_on_batches import act_on_batches
from worker_service.approve_batches import approve_batches
from worker_service.backup_data import backup_data
from worker_service.download_reports import download_reports
from worker_service.generate_certificates import generate_certificates
from worker_service.practice_task import test_task
from worker_service.registry import TaskDefinition
from worker_service.reject_batches import reject_batches

task_map: dict[str, TaskDefinition[Any]] = {
    definition.name: definition
    for definition in (
        approve_batches,
        reject_batches,
        act_on_batches,
        generate_certificates,
        download_reports,
        backup_data,
        test_task,
    )
}
