"""The task type `act_on_batches`: whatever else a portal's profile names, such as holding."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic.json_schema import WithJsonSchema

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.profile import ACTION_NAME, Profile
from shared.contracts import Claim, ItemOutcome, LateFinding
from shared.errors import TaskFailed
from worker_service import approve_batches, reject_batches
from worker_service.approve_batches import BatchIds
from worker_service.context import TaskContext
from worker_service.named_batches import plan_named
from worker_service.params import PortalParams
from worker_service.portal_site import portal_for
from worker_service.registry import Plan, task

LONGEST_NAME = 64
ASKED_ELSEWHERE = {
    approve_batches.ACTION: "approve_batches",
    reject_batches.ACTION: "reject_batches",
}
"""Actions that have a task type of their own, with rules of its own."""
_FAULT = (
    "'action' is what the portal's profile calls it: small letters, digits and '_'; approve and "
    "reject are asked for by approve_batches and reject_batches."
)


def _be_further(name: str) -> str:
    if name in ASKED_ELSEWHERE:
        raise ValueError(_FAULT)
    return name


FurtherAction = Annotated[
    str,
    StringConstraints(pattern=ACTION_NAME, max_length=LONGEST_NAME),
    AfterValidator(_be_further),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": ACTION_NAME,
            "maxLength": LONGEST_NAME,
            "not": {"enum": list(ASKED_ELSEWHERE)},
            "x-fault": _FAULT,
        }
    ),
]


class ActOnBatchesParams(PortalParams):
    """What to do, and with which batches. They are named one by one."""

    action: FurtherAction = Field(
        title="Action", description="What to do, as the portal's profile calls it: hold, say."
    )
    batch_ids: BatchIds = Field(
        title="Batch IDs",
        description="The batches to do it with, as the portal names them.",
        examples=[["BATCH001", "BATCH002"]],
    )
    remark: str = Field(
        "", title="Remark", description="Goes into the portal's remark field.", max_length=400
    )


def plan_actions(params: ActOnBatchesParams, context: TaskContext) -> Plan:
    """Name the batches. Raises ProfileMismatch if the portal has no such action."""
    _see_to(context.profile(params.portal), params.action)
    return plan_named(params, params.batch_ids, params.action, context)


def _see_to(profile: Profile, action: str) -> None:
    profile.action(action)
    certificates = profile.certificates
    if certificates is not None and action in certificates.actions.values():
        # All of them are claimed as one, since a trainee gets one certificate.
        raise TaskFailed(f"{action} issues certificates: ask generate_certificates for them.")


def look_again(claim: Claim, params: ActOnBatchesParams, context: TaskContext) -> LateFinding:
    """Read a batch that ended in doubt."""
    portal = portal_for(claim, params, context)
    return BatchApprovalService(portal, context.evidence(), params.action).look_again(claim)


@task(
    name="act_on_batches",
    title="Act on Batches",
    description="Does with batches what else a portal's profile names, such as holding them.",
    side_effect="write",
    params=ActOnBatchesParams,
    plan=plan_actions,
    keys_param="batch_ids",
    look_again=look_again,
)
def act_on_batches(claim: Claim, params: ActOnBatchesParams, context: TaskContext) -> ItemOutcome:
    """Do it with one batch by the protocol of approving."""
    portal = portal_for(claim, params, context)
    # The profile is read anew for each batch.
    _see_to(portal.profile, params.action)
    service = BatchApprovalService(portal, context.evidence(), params.action)
    return service.act(claim, params.remark)
