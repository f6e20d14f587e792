"""Deciding a batch: the two requests of the portal's own pages that change a batch."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Header, Request, Response
from fastapi.responses import JSONResponse

from esc_simulator.batch import Batch, BatchStatus
from esc_simulator.connection import NoAnswer
from esc_simulator.faults.answers import ResponseLost, SuccessWithoutEffect
from esc_simulator.faults.approvals import LandsLate, MovesOn, ShownLate, SilentLostRace
from esc_simulator.faults.fault import Step
from esc_simulator.later import Deed
from esc_simulator.other_officers import decide, let_somebody_decide
from esc_simulator.pages.batch import Message, render_batch
from esc_simulator.pages.interruption import interruption
from esc_simulator.pages.latency import wait_latency
from esc_simulator.pages.rendering import render
from esc_simulator.pages.signed_in import SignedIn, is_from_script
from esc_simulator.portal import Portal, ThePortal
from esc_simulator.sessions import Session

LONGEST_REMARK = 250


@dataclass(frozen=True)
class _Decision:
    """One of the two buttons: what it makes of a batch, and when it may not.

    `opposite` is what another officer does who is faster, where a fault wants one.
    """

    status: BatchStatus
    step: Step
    opposite: BatchStatus
    refusal: Callable[[Batch], str | None]
    wants_remark: bool

    @property
    def word(self) -> str:
        """What the portal says was done."""
        return self.status.value.lower()


def _why_not_rejected(batch: Batch) -> str | None:
    if batch.status in (BatchStatus.PENDING, BatchStatus.REJECTED):
        return None
    return f"Batch cannot be rejected: it is {batch.status.value}, not Pending."


_APPROVE = _Decision(
    status=BatchStatus.APPROVED,
    step="approve",
    opposite=BatchStatus.REJECTED,
    refusal=lambda batch: batch.refusal,
    wants_remark=False,
)
_REJECT = _Decision(
    status=BatchStatus.REJECTED,
    step="reject",
    opposite=BatchStatus.APPROVED,
    refusal=_why_not_rejected,
    wants_remark=True,
)


def _note_arrival(request: Request, portal: ThePortal, batch_id: str) -> None:
    portal.register.note_post(batch_id, request.url.path.rpartition("/")[2])


# The arrival is noted before anything can go wrong or take time.
router = APIRouter(dependencies=[Depends(_note_arrival), Depends(wait_latency)])


class SentForm:
    """What a page or its script sends with a decision."""

    def __init__(
        self,
        x_csrf_token: Annotated[str, Header()] = "",
        csrf_token: Annotated[str, Form()] = "",
        remark: Annotated[str, Form()] = "",
    ) -> None:
        """Read the header or the fields."""
        self.token = x_csrf_token or csrf_token
        self.remark = remark.strip()


Sent = Annotated[SentForm, Depends()]


@router.post("/esc/batches/{batch_id}/approve")
def approve(
    request: Request, portal: ThePortal, session: SignedIn, batch_id: str, sent: Sent
) -> Response:
    """Approve the batch whatever its status is, unless the portal's rules refuse it.

    Scripts are answered in JSON, a form with the batch's page.
    """
    return _decide(request, portal, session, batch_id, sent, _APPROVE)


@router.post("/esc/batches/{batch_id}/reject")
def reject(
    request: Request, portal: ThePortal, session: SignedIn, batch_id: str, sent: Sent
) -> Response:
    """Reject the batch if it is pending; one that is rejected already is rejected once more."""
    return _decide(request, portal, session, batch_id, sent, _REJECT)


def _decide(
    request: Request,
    portal: Portal,
    session: Session,
    batch_id: str,
    sent: SentForm,
    decision: _Decision,
) -> Response:
    let_somebody_decide(portal, batch_id, decision.step)
    instead = interruption(request, decision.step, batch_id)
    if instead:
        return instead
    batch = portal.register.find(batch_id)
    fault = _fault_of(session, batch_id, batch, sent, decision)
    if fault:
        return _answer(request, portal, batch_id, *fault)
    assert batch is not None
    if _is_lost(portal, batch_id, decision):
        return _decided(request, portal, batch_id, decision)
    return _take(request, portal, batch, session.username, sent.remark, decision)


def _fault_of(
    session: Session, batch_id: str, batch: Batch | None, sent: SentForm, decision: _Decision
) -> tuple[int, str] | None:
    """Why the request is refused, if it is: the answer's status, and the portal's words."""
    if not session.owns_token(sent.token):
        return 403, "Your request could not be verified. Please reload the page."
    if batch is None:
        return 404, f"Batch {batch_id} does not exist."
    refusal = decision.refusal(batch)
    if refusal:
        return 409, refusal
    if decision.wants_remark and not sent.remark:
        return 422, f"Remark is required: say why batch {batch_id} is {decision.word}."
    if len(sent.remark) > LONGEST_REMARK:
        return 422, f"Remark may have at most {LONGEST_REMARK} characters."
    return None


def _is_lost(portal: Portal, batch_id: str, decision: _Decision) -> bool:
    """Tell whether a fault takes the request's effect away, and nobody says so."""
    race = portal.faults.fire(SilentLostRace, batch_id)
    if race:
        decide(portal, batch_id, decision.opposite, race.by)
        return True
    return portal.faults.fire(SuccessWithoutEffect, batch_id) is not None


def _take(
    request: Request, portal: Portal, batch: Batch, who: str, remark: str, decision: _Decision
) -> Response:
    batch_id = batch.batch_id
    late = portal.faults.fire(LandsLate, batch_id)
    store = partial(_store, portal, batch_id, who, remark, decision.status)
    if late:
        portal.later.plan(late.ms / 1000, Deed.LATE_DECISION, batch_id, store)
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
    return _decided(request, portal, batch_id, decision)


def _store(portal: Portal, batch_id: str, who: str, remark: str, status: BatchStatus) -> None:
    shown_late = portal.faults.fire(ShownLate, batch_id)
    shown_after = shown_late.ms / 1000 if shown_late else 0.0
    portal.register.decide(batch_id, status, who, remark, shown_after)
    moves_on = portal.faults.fire(MovesOn, batch_id)
    if moves_on:
        words = "Moved on by the portal."
        moved = BatchStatus(moves_on.status)
        move = partial(portal.register.decide, batch_id, moved, "system", words)
        portal.later.plan(moves_on.ms / 1000, Deed.MOVE, batch_id, move)
    let_somebody_decide(portal, batch_id, "stored")


def _decided(request: Request, portal: Portal, batch_id: str, decision: _Decision) -> Response:
    words = f"Batch {batch_id} has been {decision.word} successfully."
    return _answer(request, portal, batch_id, 200, words, decision.status)


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
