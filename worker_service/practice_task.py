"""The task type `test_task`: proves the whole way from request to result without a browser."""

from __future__ import annotations

import random
import time
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from shared.contracts import Claim, ItemOutcome
from shared.errors import TaskFailed
from shared.task_state import ItemStatus
from worker_service.context import TaskContext
from worker_service.params import TaskParams, without_null_defaults
from worker_service.registry import Plan, task

MOST_STEPS = 10_000
StepNumber = Annotated[int, Field(ge=1, le=MOST_STEPS)]
StepNumbers = Annotated[list[StepNumber], Field(min_length=1, max_length=MOST_STEPS)]


class TestTaskParams(TaskParams):
    """How long to work, in how many steps, and whether to fail; further keys are echoed."""

    __test__ = False
    model_config = ConfigDict(extra="allow", json_schema_extra=without_null_defaults)

    duration: float = Field(
        1, title="Duration", description="Seconds of work in all.", ge=0, le=3600
    )
    steps: int = Field(5, title="Steps", description="Items of the task.", ge=1, le=MOST_STEPS)
    only_steps: StepNumbers | SkipJsonSchema[None] = Field(
        None,
        title="Only these steps",
        description="The numbers of the steps to do; left out: all. A retry names what failed.",
    )
    fail: bool = Field(False, title="Fail", description="Fail the task at its first step.")
    success_rate: float = Field(
        1,
        title="Success rate",
        description="Share of steps that succeed, by a dice seeded with the task's id.",
        ge=0,
        le=1,
    )


def plan_steps(params: TestTaskParams, context: TaskContext) -> Plan:
    """One item a step; they mean something within this task only."""
    numbers = params.only_steps or range(1, params.steps + 1)
    return Plan(
        portal=f"task:{context.task_id}",
        action="test_task",
        keys=[str(number) for number in dict.fromkeys(numbers)],
        params_for=lambda _: params.model_dump(exclude_unset=True),
    )


@task(
    name="test_task",
    title="Test Task",
    description="Works for a while without a browser, to try the system out.",
    side_effect="none",
    params=TestTaskParams,
    plan=plan_steps,
    keys_param="only_steps",
)
def test_task(claim: Claim, params: TestTaskParams, context: TaskContext) -> ItemOutcome:
    """Do one step."""
    if params.fail:
        raise TaskFailed("The task was asked to fail.")
    claim.wait_until(time.monotonic() + params.duration / params.steps)
    echo: dict[str, Any] = dict(params.model_extra or {})
    details = {"echo": echo} if echo else {}
    dice = random.Random(f"{context.task_id}/{claim.key}")
    if dice.random() < params.success_rate:
        return ItemOutcome(ItemStatus.DONE, f"Step {claim.key} done", details=details)
    failed = f"Step {claim.key} failed by the dice"
    return ItemOutcome(ItemStatus.FAILED, failed, details=details, error=failed)
