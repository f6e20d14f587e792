"""What callers may ask of the ESC tasks beside approving."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from shared.errors import TaskFailed
from worker_service.download_reports import DownloadReportsParams
from worker_service.generate_certificates import GenerateCertificatesParams
from worker_service.reject_batches import RejectBatchesParams
from worker_service.tasks import task_map


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("reject_batches", {"batch_ids": [7, "BATCH008"], "remark": "No trainer"}),
        ("act_on_batches", {"action": "hold", "batch_ids": [7]}),
        ("generate_certificates", {"batch_id": 7}),
        ("generate_certificates", {"batch_id": "BATCH007", "template": "merit"}),
        ("download_reports", {"report_type": "batches", "date_range": "2026-01-01 to 2026-01-31"}),
        ("backup_data", {}),
        ("backup_data", {"backup_type": "full"}),
    ],
)
def test_what_the_schema_takes_the_worker_takes(name: str, params: dict[str, Any]) -> None:
    definition = task_map[name]

    Draft202012Validator(definition.announcement.params_schema).validate(params)
    definition.params.model_validate(params)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("reject_batches", {"batch_ids": [7]}),
        ("reject_batches", {"batch_ids": [7], "remark": "  "}),
        ("reject_batches", {"remark": "All of them"}),
        ("act_on_batches", {"action": "Hold it", "batch_ids": [7]}),
        ("act_on_batches", {"action": "approve", "batch_ids": [7]}),
        ("act_on_batches", {"action": "reject", "batch_ids": [7]}),
        ("act_on_batches", {"batch_ids": [7]}),
        ("generate_certificates", {"batch_id": -1}),
        ("generate_certificates", {"batch_id": " "}),
        ("generate_certificates", {"batch_id": "BATCH007", "template": "golden"}),
        ("download_reports", {"report_type": "batches", "date_range": "January"}),
        ("download_reports", {"report_type": "salaries", "date_range": "2026-01-01 to 2026-01-31"}),
        ("backup_data", {"backup_type": "half"}),
    ],
)
def test_what_the_schema_refuses_the_worker_refuses(name: str, params: dict[str, Any]) -> None:
    definition = task_map[name]

    assert not Draft202012Validator(definition.announcement.params_schema).is_valid(params)
    with pytest.raises(ValidationError):
        definition.params.model_validate(params)


def test_a_batch_named_by_its_number_is_the_same_batch() -> None:
    assert GenerateCertificatesParams.model_validate({"batch_id": 7}).batch_id == "7"


def test_spaces_around_a_remark_are_no_part_of_it() -> None:
    params = RejectBatchesParams.model_validate({"batch_ids": [1], "remark": " No trainer "})

    assert params.remark == "No trainer"


@pytest.mark.parametrize("days", ["2026-02-30 to 2026-03-01", "2026-02-02 to 2026-02-01"])
def test_days_that_there_are_not_fail_the_task_and_are_named(days: str) -> None:
    params = DownloadReportsParams.model_validate({"report_type": "batches", "date_range": days})

    with pytest.raises(TaskFailed, match=days):
        params.days()
