"""Each batch's own page."""

from typing import Literal, NamedTuple

from fastapi import APIRouter, Depends, Request, Response

from esc_simulator.batch import Batch, BatchStatus
from esc_simulator.faults.batch_page import InIframe
from esc_simulator.faults.fault import Step
from esc_simulator.files.certificates import TEMPLATES, state_of
from esc_simulator.other_officers import let_somebody_decide
from esc_simulator.pages import batch_page_faults
from esc_simulator.pages.batch_page_faults import BatchPageFaults
from esc_simulator.pages.interruption import interruption
from esc_simulator.pages.latency import wait_latency
from esc_simulator.pages.rendering import render
from esc_simulator.pages.signed_in import SignedIn
from esc_simulator.portal import Portal, ThePortal

router = APIRouter(dependencies=[Depends(wait_latency)])


class Message(NamedTuple):
    """What the page says above the batch."""

    kind: Literal["success", "danger"]
    text: str


@router.get("/esc/batches/{batch_id}")
def show_batch(request: Request, portal: ThePortal, session: SignedIn, batch_id: str) -> Response:
    """Show one batch with its history."""
    step = _step(portal, batch_id)
    instead = interruption(request, step, batch_id)
    if instead:
        return instead
    if portal.faults.fire(InIframe, batch_id, step):
        return render(request, "framed_batch.html", batch_id=batch_id)
    return _show(request, portal, batch_id, step)


@router.get("/esc/batches/{batch_id}/frame")
def show_batch_in_frame(
    request: Request, portal: ThePortal, session: SignedIn, batch_id: str
) -> Response:
    """Show the batch for the frame on its page."""
    return _show(request, portal, batch_id, _step(portal, batch_id))


@router.get("/esc/batches/{batch_id}/status")
def tell_status(portal: ThePortal, session: SignedIn, batch_id: str) -> dict[str, str | None]:
    """Tell the batch's status to a page that asks for it again and again."""
    batch = portal.register.find(batch_id)
    return {"status": batch.status.value if batch else None}


def render_batch(
    request: Request,
    batch: Batch,
    faults: BatchPageFaults = batch_page_faults.NONE,
    status_code: int = 200,
    message: Message | None = None,
) -> Response:
    """Answer with the batch's page."""
    portal: Portal = request.app.state.portal
    history = portal.register.history(batch.batch_id)
    is_approved = batch.status is BatchStatus.APPROVED
    certificates = portal.certificates.of_batch(batch) if is_approved else []
    return render(
        request,
        "batch.html",
        status_code,
        batch=batch,
        history=history,
        certificates=certificates,
        certificates_state=state_of(certificates),
        templates=TEMPLATES,
        faults=faults,
        message=message,
    )


def _show(request: Request, portal: Portal, batch_id: str, step: Step) -> Response:
    batch = portal.register.find(batch_id)
    if batch is None:
        return render(request, "not_found.html", 404, what=f"Batch {batch_id}")
    page = render_batch(request, batch, batch_page_faults.strike(portal, batch, step))
    # Whoever decides now decides after this visitor has looked.
    let_somebody_decide(portal, batch_id, step)
    return page


def _step(portal: Portal, batch_id: str) -> Step:
    # The difference matters to faults alone, so without them nothing is counted.
    asked_before = bool(portal.faults) and portal.register.posts(batch_id) > 0
    return "read_back" if asked_before else "look"
