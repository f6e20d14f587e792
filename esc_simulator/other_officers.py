"""Other officers, who decide batches while somebody looks at them or approves them."""

from esc_simulator.batch import BatchStatus
from esc_simulator.faults.approvals import SomebodyApproves, SomebodyRejects
from esc_simulator.faults.fault import Step
from esc_simulator.portal import Portal

_REMARKS = {
    BatchStatus.APPROVED: "Verified with the district office.",
    BatchStatus.REJECTED: "Duplicate of a batch submitted earlier.",
}


def let_somebody_decide(portal: Portal, batch_id: str, step: Step) -> None:
    """Let another officer decide the batch now, if a fault wants it."""
    approves = portal.faults.fire(SomebodyApproves, batch_id, step)
    if approves:
        decide(portal, batch_id, BatchStatus.APPROVED, approves.by)
    rejects = portal.faults.fire(SomebodyRejects, batch_id, step)
    if rejects:
        decide(portal, batch_id, BatchStatus.REJECTED, rejects.by)


def decide(portal: Portal, batch_id: str, decision: BatchStatus, who: str) -> None:
    """Let this officer decide the batch so, with a remark of the usual kind."""
    portal.register.decide(batch_id, decision, who, _REMARKS[decision])
