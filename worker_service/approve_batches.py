"""The task type `approve_batches`: approve batches in a portal, with proof of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic.json_schema import SkipJsonSchema, WithJsonSchema

from automation_service.batch_approval_service import BatchApprovalService
from shared.config import Settings
from shared.contracts import Claim, ItemOutcome, LateFinding
from shared.errors import TaskFailed
from shared.task_state import ItemStatus
from worker_service.context import TaskContext
from worker_service.origin import origin_of
from worker_service.params import PortalParams, without_null_defaults
from worker_service.portal_site import base_url, pending_in, portal_for
from worker_service.registry import Plan, task

ACTION = "approve"
NOTHING_NAMED = (
    "Name batch_ids, or a batch_count, or all_pending: true; an empty form approves nothing."
)

LONGEST_ID = 100
LARGEST_NUMBER = 2**53 - 1
"""The largest whole number that every JSON reader keeps as it is."""

PRINTABLE = r"^[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
BatchText = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=LONGEST_ID, pattern=PRINTABLE
    ),
    WithJsonSchema(
        {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_ID,
            "pattern": PRINTABLE,
            "x-fault": f"The id of a batch has 1 to {LONGEST_ID} characters, none of them a "
            "control character, and not only spaces.",
        }
    ),
]
BatchNumber = Annotated[
    int,
    Field(strict=True, ge=0, le=LARGEST_NUMBER),
    WithJsonSchema(
        {
            "type": "integer",
            "minimum": 0,
            "maximum": LARGEST_NUMBER,
            "x-fault": f"The number of a batch is from 0 to {LARGEST_NUMBER}; "
            "give any other id as text.",
        }
    ),
]
BatchIds = Annotated[list[BatchText | BatchNumber], Field(min_length=1, max_length=10_000)]
BatchCount = Annotated[int, Field(ge=1, le=10_000)]


def _ask_for_a_name(schema: dict[str, Any]) -> None:
    without_null_defaults(schema)
    schema["anyOf"] = [
        {"required": ["batch_ids"]},
        {"required": ["batch_count"]},
        {"required": ["all_pending"], "properties": {"all_pending": {"const": True}}},
    ]
    schema["x-fault"] = NOTHING_NAMED


class ApproveBatchesParams(PortalParams):
    """Which batches to approve, and what to remark."""

    model_config = ConfigDict(json_schema_extra=_ask_for_a_name)

    batch_ids: BatchIds | SkipJsonSchema[None] = Field(
        None,
        title="Batch IDs",
        description="The batches to approve, as the portal names them.",
        examples=[["BATCH001", "BATCH002"]],
    )
    batch_count: BatchCount | SkipJsonSchema[None] = Field(
        None,
        title="Number of batches",
        description="That many pending batches, oldest first; with batch_ids: at most that many.",
    )
    all_pending: bool = Field(
        False, title="All pending", description="Every batch that is pending now."
    )
    remark: str = Field(
        "", title="Remark", description="Goes into the portal's remark field.", max_length=400
    )
    auto_approve: bool = Field(
        True,
        title="Approve at once",
        description="false: look at each batch first, then wait for a decision.",
    )

    @model_validator(mode="after")
    def _name_something(self) -> ApproveBatchesParams:
        if self.batch_ids is None and self.batch_count is None and not self.all_pending:
            raise ValueError(NOTHING_NAMED)
        return self


def _with_limits(schema: dict[str, Any], settings: Settings) -> dict[str, Any]:
    limit = settings.max_batches_per_task
    return {
        **schema,
        "if": {"not": {"required": ["batch_ids"]}},
        "then": {"properties": {"batch_count": {"maximum": limit, "x-fault": _too_many(limit)}}},
    }


def _too_many(limit: int) -> str:
    return (
        f"'batch_count' must be {limit} or less (MAX_BATCHES_PER_TASK); "
        "name the batches in batch_ids, or give several tasks."
    )


def plan_approvals(params: ApproveBatchesParams, context: TaskContext) -> Plan:
    """Name the batches: those asked for, or the oldest pending ones in the portal."""
    profile = context.profile(params.portal)
    site = base_url(profile, context)
    origin = origin_of(site)

    def params_for(keys: Sequence[str]) -> dict[str, Any]:
        kept = params.model_dump(include={"remark", "auto_approve", "portal", "account"})
        return {**kept, "batch_ids": list(keys)}

    if params.batch_ids is not None:
        named = dict.fromkeys(profile.canonical_key(str(key)) for key in params.batch_ids)
        return Plan(origin, ACTION, list(named), params_for, at_most=params.batch_count)
    at_most = context.settings.max_batches_per_task
    if params.batch_count is not None:
        if params.batch_count > at_most:
            raise TaskFailed(_too_many(at_most))
        at_most = params.batch_count
    busy = context.open_elsewhere(origin, ACTION)
    pending = pending_in(profile, site, params, context, at_most + len(busy))
    return Plan(origin, ACTION, pending, params_for, leave_out_open=True, at_most=at_most)


def review_batch(claim: Claim, params: ApproveBatchesParams, context: TaskContext) -> ItemOutcome:
    """Look at one batch and say what approving it would do."""
    portal = portal_for(claim, params, context)
    return BatchApprovalService(portal, context.evidence(), ACTION).review(claim)


def look_again(claim: Claim, params: ApproveBatchesParams, context: TaskContext) -> LateFinding:
    """Read a batch that ended in doubt."""
    portal = portal_for(claim, params, context)
    return BatchApprovalService(portal, context.evidence(), ACTION).look_again(claim)


@task(
    name="approve_batches",
    title="Approve Batches",
    description="Approves batches in a portal and keeps a picture before and after each.",
    side_effect="write",
    params=ApproveBatchesParams,
    plan=plan_approvals,
    words={
        ItemStatus.DONE: "approved",
        ItemStatus.ALREADY_DONE: "already_approved",
        ItemStatus.REFUSED: "rejected",
        ItemStatus.REVIEWED: "to_approve",
    },
    aliases={"max_batches": "batch_count"},
    with_limits=_with_limits,
    keys_param="batch_ids",
    review_item=review_batch,
    wants_review=lambda params: not params.auto_approve,
    look_again=look_again,
)
def approve_batches(
    claim: Claim, params: ApproveBatchesParams, context: TaskContext
) -> ItemOutcome:
    """Approve one batch by the approval protocol."""
    portal = portal_for(claim, params, context)
    return BatchApprovalService(portal, context.evidence(), ACTION).act(claim, params.remark)
