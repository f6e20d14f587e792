"""Certificates: asked for on an approved batch's page, listed there, and downloaded one by one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Header, Request, Response
from fastapi.responses import JSONResponse

from esc_simulator.batch import Batch, BatchStatus
from esc_simulator.connection import NoAnswer
from esc_simulator.faults.answers import ResponseLost, SuccessWithoutEffect
from esc_simulator.faults.files import MixedUpFile, SlowGeneration
from esc_simulator.files.certificates import (
    SECONDS_EACH,
    TEMPLATES,
    Certificate,
    certificate_file,
    state_of,
)
from esc_simulator.pages.file_answer import send_file
from esc_simulator.pages.interruption import interruption
from esc_simulator.pages.latency import wait_latency
from esc_simulator.pages.rendering import render
from esc_simulator.pages.signed_in import SignedIn
from esc_simulator.portal import Portal, ThePortal

router = APIRouter(dependencies=[Depends(wait_latency)])


def _note_arrival(portal: ThePortal, batch_id: str) -> None:
    portal.certificates.note_post(batch_id)


@router.post("/esc/batches/{batch_id}/certificates", dependencies=[Depends(_note_arrival)])
def issue(
    request: Request,
    portal: ThePortal,
    session: SignedIn,
    batch_id: str,
    x_csrf_token: Annotated[str, Header()] = "",
    template: Annotated[str, Form()] = "",
    remark: Annotated[str, Form()] = "",
) -> Response:
    """Issue a certificate to every trainee; those who have one are issued another."""
    instead = interruption(request, "generate", batch_id)
    if instead:
        return instead
    if not session.owns_token(x_csrf_token):
        words = "Your request could not be verified. Please reload the page."
        return JSONResponse({"message": words}, 403)
    batch = portal.register.find(batch_id)
    if batch is None or batch.status is not BatchStatus.APPROVED:
        words = f"Certificates of {batch_id} cannot be issued: the batch is not approved."
        return JSONResponse({"message": words}, 409)
    if template not in TEMPLATES:
        return JSONResponse({"message": "Please choose a template."}, 422)
    if not portal.faults.fire(SuccessWithoutEffect, batch_id):
        slow = portal.faults.fire(SlowGeneration, batch_id)
        each = SECONDS_EACH + (slow.ms / 1000 if slow else 0.0)
        portal.certificates.issue(batch, template, session.username, remark.strip(), each)
    instead = interruption(request, "stored", batch_id)
    if instead:
        return instead
    if portal.faults.fire(ResponseLost, batch_id):
        return NoAnswer()
    return JSONResponse({"message": f"Certificates of batch {batch_id} are being prepared."})


@router.get("/esc/batches/{batch_id}/certificates/table")
def show_table(request: Request, portal: ThePortal, session: SignedIn, batch_id: str) -> Response:
    """Show the list alone, for the script that asks until all are there."""
    batch = _approved(portal, batch_id)
    if batch is None:
        return render(request, "not_found.html", 404, what=f"Batch {batch_id}")
    certificates = portal.certificates.of_batch(batch)
    return render(
        request,
        "certificates_table.html",
        batch=batch,
        certificates=certificates,
        certificates_state=state_of(certificates),
    )


@router.get("/esc/batches/{batch_id}/certificates/{trainee_id}/file")
def download(
    request: Request, portal: ThePortal, session: SignedIn, batch_id: str, trainee_id: str
) -> Response:
    """Send a trainee's certificate."""
    batch = _approved(portal, batch_id)
    found = _find(portal, batch, trainee_id) if batch else None
    if batch is None or found is None or not found.is_ready:
        return render(request, "not_found.html", 404, what="The certificate")
    sent = found
    if portal.faults.fire(MixedUpFile, batch_id):
        others = portal.certificates.of_batch(batch)
        sent = next(one for one in others if one.trainee != found.trainee)
    name = f"certificate-{trainee_id}.pdf"
    return send_file(request, batch_id, name, "application/pdf", certificate_file(batch, sent))


def _approved(portal: Portal, batch_id: str) -> Batch | None:
    batch = portal.register.find(batch_id)
    return batch if batch and batch.status is BatchStatus.APPROVED else None


def _find(portal: Portal, batch: Batch, trainee_id: str) -> Certificate | None:
    for certificate in portal.certificates.of_batch(batch):
        if certificate.trainee.trainee_id == trainee_id:
            return certificate
    return None
