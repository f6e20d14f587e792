"""What the test task does of what it is asked for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from worker_service.context import TaskContext
from worker_service.practice_task import TestTaskParams, plan_steps, test_task

CONTEXT = cast("TaskContext", SimpleNamespace(task_id="t"))


@pytest.mark.parametrize(
    ("params", "keys"),
    [
        ({"steps": 3}, ["1", "2", "3"]),
        ({"steps": 9, test_task.keys_param: ["2", "7", "2"]}, ["2", "7"]),
    ],
)
def test_all_steps_are_done_or_those_that_a_retry_names(
    params: dict[str, Any], keys: list[str]
) -> None:
    assert plan_steps(TestTaskParams.model_validate(params), CONTEXT).keys == keys
