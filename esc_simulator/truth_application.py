"""The truth, for tests only: what really happened in the portal, and its faults."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, FastAPI, HTTPException
from pydantic import BaseModel, Field

from esc_simulator.batch import Batch, BatchStatus
from esc_simulator.faults.kinds import AnyFault
from esc_simulator.files.certificates import trainees_of
from esc_simulator.portal import Portal, ThePortal
from esc_simulator.truth import Truth

router = APIRouter()


class SomebodyElse(BaseModel):
    """Another officer who decides a batch."""

    by: Annotated[str, Field(min_length=1)]
    remark: str = ""


def _existing_batch(portal: ThePortal, batch_id: str) -> Batch:
    batch = portal.register.find(batch_id)
    if batch is None:
        raise HTTPException(404, f"There is no batch {batch_id}.")
    return batch


async def _truth(portal: ThePortal) -> Truth:
    return Truth(portal.database, portal.later)


ExistingBatch = Annotated[Batch, Depends(_existing_batch)]
TheTruth = Annotated[Truth, Depends(_truth)]


@router.get("/truth/summary")
def show_summary(truth: TheTruth) -> dict[str, int]:
    """Count batches, approvals, requests to approve, sign-ins, and what is still to come."""
    return truth.summary()


@router.get("/truth/batches")
def show_batches(truth: TheTruth) -> list[dict[str, Any]]:
    """Show every batch, in the order of the ids."""
    return truth.batches()


@router.get("/truth/batches/{batch_id}")
def show_batch(truth: TheTruth, batch: ExistingBatch) -> dict[str, Any]:
    """Show one batch."""
    (found,) = truth.batches(batch.batch_id)
    return found


@router.post("/truth/batches/{batch_id}/approve")
def approve(
    portal: ThePortal, truth: TheTruth, batch: ExistingBatch, somebody: SomebodyElse
) -> dict[str, Any]:
    """Let somebody else approve the batch, whatever its status or the portal's rules."""
    portal.register.decide(batch.batch_id, BatchStatus.APPROVED, somebody.by, somebody.remark)
    return show_batch(truth, batch)


@router.post("/truth/batches/{batch_id}/reject")
def reject(
    portal: ThePortal, truth: TheTruth, batch: ExistingBatch, somebody: SomebodyElse
) -> dict[str, Any]:
    """Let somebody else reject the batch, whatever its status."""
    portal.register.decide(batch.batch_id, BatchStatus.REJECTED, somebody.by, somebody.remark)
    return show_batch(truth, batch)


@router.get("/truth/batches/{batch_id}/certificates")
def show_certificates(portal: ThePortal, batch: ExistingBatch) -> list[dict[str, Any]]:
    """Show how often each trainee of the batch was issued a certificate."""
    issues = portal.certificates.issues(batch)
    return [
        {"id": t.trainee_id, "name": t.name, "issues": issues[t.trainee_id]}
        for t in trainees_of(batch)
    ]


@router.post("/truth/sessions/expire")
def expire_sessions(portal: ThePortal) -> dict[str, int]:
    """End every session; the next page of each browser is the sign-in form."""
    return {"expired": portal.sessions.end_all()}


@router.post("/truth/accounts/{username}/unlock", status_code=204)
def unlock_account(portal: ThePortal, username: str) -> None:
    """Lift an account's lock, as the helpdesk would."""
    portal.accounts.unlock(username)


@router.put("/truth/accounts/{username}", status_code=204)
def set_password(
    portal: ThePortal, username: str, password: Annotated[str, Body(embed=True, min_length=1)]
) -> None:
    """Create one more officer's account, or give it this password."""
    portal.accounts.set_password(username, password)


@router.get("/faults")
def show_faults(portal: ThePortal) -> list[dict[str, Any]]:
    """Show the faults in force and how often each has struck."""
    return portal.faults.listing()


@router.put("/faults")
def replace_faults(portal: ThePortal, faults: list[AnyFault]) -> list[dict[str, Any]]:
    """Put these faults in force instead of the present ones."""
    portal.faults.replace(faults)
    return portal.faults.listing()


@router.delete("/faults", status_code=204)
def remove_faults(portal: ThePortal) -> None:
    """Remove every fault."""
    portal.faults.replace([])


def create_truth_application(portal: Portal) -> FastAPI:
    """Return the web application that tests ask; it must never be reachable from elsewhere."""
    application = FastAPI(openapi_url=None)
    application.state.portal = portal
    application.include_router(router)
    return application
