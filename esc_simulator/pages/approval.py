"""Approving a batch: the one request of the portal's own pages that has an effect on batches."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Header, Request, Response
from fastapi.responses import JSONResponse

from esc_simulator.batch import Batch, BatchStatus
from esc_simulator.connection import NoAnswer
from esc_simulator.faults.answers import ResponseLost, SuccessWithoutEffect
from esc_simulator.faults.approvals import LandsLate, MovesOn, ShownLate, SilentLostRace
from esc_simulator.later import Deed
from esc_simulator.other_officers import let_somebody_decide, reject
from esc_simulator.pages.batch import Message, render_batch
from esc_simulator.pages.interruption import interruption
from esc_simulator.pages.latency import wait_latency
from esc_simulator.pages.rendering import render
from esc_simulator.pages.signed_in import SignedIn, is_from_script
from esc_simulator.portal import Portal, ThePortal

LONGEST_REMARK = 250


def _note_arrival(portal: ThePortal, batch_id: str) -> None:
    portal.register.note_approve_post(batch_id)


# The arrival is noted before anything can go wrong or take time.
router = APIRouter(dependencies=[Depends(_note_arrival), Depends(wait_latency)])


@router.post("/esc/batches/{batch_id}/approve")
def approve(
    request: Request,
    portal: ThePortal,
    session: SignedIn,
    batch_id: str,
    x_csrf_token: Annotated[str, Header()] = "",
    csrf_token: Annotated[str, Form()] = "",
    remark: Annotated[str, Form()] = "",
) -> Response:
    """Approve the batch whatever its status is, unless the portal's rules refuse it.

    Scripts are answered in JSON, a form with the batch's page.
    """
    let_somebody_decide(portal, batch_id, "approve")
    instead = interruption(request, "approve", batch_id)
    if instead:
        return instead
    if not session.owns_token(x_csrf_token or csrf_token):
        words = "Your request could not be verified. Please reload the page."
        return _answer(request, portal, batch_id, 403, words)
    batch = portal.register.find(batch_id)
    if batch is None:
        return _answer(request, portal, batch_id, 404, f"Batch {batch_id} does not exist.")
    if batch.refusal:
        return _answer(request, portal, batch_id, 409, batch.refusal)
    if len(remark) > LONGEST_REMARK:
        words = f"Remark may have at most {LONGEST_REMARK} characters."
        return _answer(request, portal, batch_id, 422, words)
    if _is_lost(portal, batch_id):
        return _approved(request, portal, batch_id)
    return _take(request, portal, batch, session.username, remark.strip())


def _is_lost(portal: Portal, batch_id: str) -> bool:
    """Tell whether a fault takes the request's effect away, and nobody says so."""
    race = portal.faults.fire(SilentLostRace, batch_id)
    if race:
        reject(portal, batch_id, race.by)
        return True
    return portal.faults.fire(SuccessWithoutEffect, batch_id) is not None


def _take(request: Request, portal: Portal, batch: Batch, who: str, remark: str) -> Response:
    batch_id = batch.batch_id
    late = portal.faults.fire(LandsLate, batch_id)
    store = partial(_store, portal, batch_id, who, remark)
    if late:
        portal.later.plan(late.ms / 1000, Deed.LATE_APPROVAL, batch_id, store)
    else:
        store()
    instead = interruption(request, "stored", batch_id)
    if instead:
        return instead
    if portal.faults.fire(ResponseLost, batch_id):
        return NoAnswer()
    if late:
        words = f"Your request for batch {batch_id} is being processed."
        return _answer(request, portal, batch_id, 200, words, batch.status)
    return _approved(request, portal, batch_id)


def _store(portal: Portal, batch_id: str, who: str, remark: str) -> None:
    shown_late = portal.faults.fire(ShownLate, batch_id)
    shown_after = shown_late.ms / 1000 if shown_late else 0.0
    portal.register.decide(batch_id, BatchStatus.APPROVED, who, remark, shown_after)
    moves_on = portal.faults.fire(MovesOn, batch_id)
    if moves_on:
        status = BatchStatus(moves_on.status)
        words = "Moved on by the portal."
        move = partial(portal.register.decide, batch_id, status, "system", words)
        portal.later.plan(moves_on.ms / 1000, Deed.MOVE, batch_id, move)
    let_somebody_decide(portal, batch_id, "stored")


def _approved(request: Request, portal: Portal, batch_id: str) -> Response:
    words = f"Batch {batch_id} has been approved successfully."
    return _answer(request, portal, batch_id, 200, words, BatchStatus.APPROVED)


def _answer(
    request: Request,
    portal: Portal,
    batch_id: str,
    status_code: int,
    words: str,
    status: BatchStatus | None = None,
) -> Response:
    if is_from_script(request):
        told = {"message": words} | ({"status": status.value} if status else {})
        return JSONResponse(told, status_code)
    batch = portal.register.find(batch_id)
    if batch is None:
        return render(request, "not_found.html", status_code, what=f"Batch {batch_id}")
    message = Message("success" if status else "danger", words)
    return render_batch(request, batch, status_code=status_code, message=message)
