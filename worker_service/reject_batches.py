"""The task type `reject_batches`: reject batches in a portal, with proof of each."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints
from pydantic.json_schema import WithJsonSchema

from automation_service.batch_approval_service import BatchApprovalService
from shared.contracts import Claim, ItemOutcome, LateFinding
from shared.task_state import ItemStatus
from worker_service.approve_batches import BatchIds
from worker_service.context import TaskContext
from worker_service.named_batches import plan_named
from worker_service.params import PortalParams
from worker_service.portal_site import portal_for
from worker_service.registry import Plan, task

ACTION = "reject"
LONGEST_REMARK = 400
_NOT_ONLY_SPACES = r"\S"

RequiredRemark = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_REMARK),
    WithJsonSchema(
        {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_REMARK,
            "pattern": _NOT_ONLY_SPACES,
            "x-fault": "'remark' says why, in 1 to 400 characters; no batch is rejected without.",
        }
    ),
]


class RejectBatchesParams(PortalParams):
    """Which batches to reject, and why. They are named one by one: nobody rejects all there are."""

    batch_ids: BatchIds = Field(
        title="Batch IDs",
        description="The batches to reject, as the portal names them.",
        examples=[["BATCH001", "BATCH002"]],
    )
    remark: RequiredRemark = Field(
        title="Remark", description="Why; goes into the portal's remark field."
    )


def plan_rejections(params: RejectBatchesParams, context: TaskContext) -> Plan:
    """Name the batches."""
    return plan_named(params, params.batch_ids, ACTION, context)


def look_again(claim: Claim, params: RejectBatchesParams, context: TaskContext) -> LateFinding:
    """Read a batch that ended in doubt."""
    portal = portal_for(claim, params, context)
    return BatchApprovalService(portal, context.evidence(), ACTION).look_again(claim)


@task(
    name="reject_batches",
    title="Reject Batches",
    description="Rejects batches in a portal and keeps a picture before and after each.",
    side_effect="write",
    params=RejectBatchesParams,
    plan=plan_rejections,
    words={
        ItemStatus.DONE: "rejected",
        ItemStatus.ALREADY_DONE: "already_rejected",
    },
    keys_param="batch_ids",
    look_again=look_again,
)
def reject_batches(claim: Claim, params: RejectBatchesParams, context: TaskContext) -> ItemOutcome:
    """Reject one batch by the protocol of approving."""
    portal = portal_for(claim, params, context)
    return BatchApprovalService(portal, context.evidence(), ACTION).act(claim, params.remark)
