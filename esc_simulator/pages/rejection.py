"""Rejecting a batch: no page offers it, but a fault brings its button under the cursor."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response
from fastapi.responses import JSONResponse

from esc_simulator.batch import BatchStatus
from esc_simulator.pages.latency import wait_latency
from esc_simulator.pages.signed_in import SignedIn
from esc_simulator.portal import ThePortal

router = APIRouter(dependencies=[Depends(wait_latency)])


@router.post("/esc/batches/{batch_id}/reject")
def reject(
    portal: ThePortal,
    session: SignedIn,
    batch_id: str,
    x_csrf_token: Annotated[str, Header()] = "",
) -> Response:
    """Reject the batch, whatever its status is."""
    if not session.owns_token(x_csrf_token):
        return JSONResponse({"message": "Your request could not be verified."}, 403)
    if portal.register.find(batch_id) is None:
        return JSONResponse({"message": f"Batch {batch_id} does not exist."}, 404)
    portal.register.decide(batch_id, BatchStatus.REJECTED, session.username, "")
    message = f"Batch {batch_id} has been rejected."
    return JSONResponse({"status": BatchStatus.REJECTED.value, "message": message})
