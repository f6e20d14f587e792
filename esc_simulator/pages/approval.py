"""Approving a batch: the one request of the portal that has an effect on batches."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Header, Response
from fastapi.responses import JSONResponse

from esc_simulator import faults
from esc_simulator.batch import BatchStatus
from esc_simulator.connection import NoAnswer
from esc_simulator.pages.latency import wait_latency
from esc_simulator.pages.signed_in import SignedIn
from esc_simulator.portal import ThePortal

LONGEST_REMARK = 250


def _note_arrival(portal: ThePortal, batch_id: str) -> None:
    portal.register.note_approve_post(batch_id)


# The arrival is noted before anything can go wrong or take time.
router = APIRouter(dependencies=[Depends(_note_arrival), Depends(wait_latency)])


@router.post("/esc/batches/{batch_id}/approve")
def approve(
    portal: ThePortal,
    session: SignedIn,
    batch_id: str,
    x_csrf_token: Annotated[str, Header()] = "",
    remark: Annotated[str, Form()] = "",
) -> Response:
    """Approve the batch whatever its status is, unless the portal's rules refuse it."""
    if not session.owns_token(x_csrf_token):
        return _refused(403, "Your request could not be verified. Please reload the page.")
    batch = portal.register.find(batch_id)
    if batch is None:
        return _refused(404, f"Batch {batch_id} does not exist.")
    if batch.refusal:
        return _refused(409, batch.refusal)
    if len(remark) > LONGEST_REMARK:
        return _refused(422, f"Remark may have at most {LONGEST_REMARK} characters.")
    if portal.faults.fire(faults.SUCCESS_WITHOUT_EFFECT, batch_id) is None:
        portal.register.decide(batch_id, BatchStatus.APPROVED, session.username, remark.strip())
        if portal.faults.fire(faults.RESPONSE_LOST, batch_id):
            return NoAnswer()
    return JSONResponse(
        {
            "status": BatchStatus.APPROVED.value,
            "message": f"Batch {batch_id} has been approved successfully.",
        }
    )


def _refused(status_code: int, message: str) -> Response:
    return JSONResponse({"message": message}, status_code=status_code)
