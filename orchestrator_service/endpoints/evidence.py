"""The sealed evidence of a task as a zip, and the key that checks its seal."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from orchestrator_service.dependencies import Edge, TaskId, ThisVisit
from orchestrator_service.documentation import problems
from orchestrator_service.keyed_route import KeyedRoute
from orchestrator_service.links import EVIDENCE_ARCHIVE, Purpose
from orchestrator_service.refusals import (
    EvidenceNotReady,
    EvidenceRemoved,
    InvalidRequest,
    KeyRefused,
    LinkRefused,
)
from orchestrator_service.schemas import EvidenceKey
from shared.errors import StateConflict, UnknownTask

keyed = APIRouter(route_class=KeyedRoute, tags=["results"])
free = APIRouter(tags=["results"])

_ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The task's folder: manifest.json, its signature, and every file",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_REFUSALS = (UnknownTask, StateConflict, EvidenceRemoved, EvidenceNotReady)


@keyed.get(
    f"/result/{{task_id}}/{EVIDENCE_ARCHIVE}",
    operation_id="get_evidence",
    summary="The sealed evidence of a task, as a zip",
    response_class=StreamingResponse,
    responses={**_ZIP, **problems(KeyRefused, *_REFUSALS, InvalidRequest)},
)
def get_evidence(task_id: TaskId, visit: ThisVisit) -> StreamingResponse:
    """Everything that proves what came of a final task; `docs/operations.md` says how to check."""
    return _archive(visit.edge, task_id)


@free.get(
    f"/static/{{signature:signature}}/{{task_id}}/{EVIDENCE_ARCHIVE}",
    operation_id="get_evidence_by_link",
    summary="The sealed evidence of a task, by its signed link",
    response_class=StreamingResponse,
    responses={**_ZIP, **problems(LinkRefused, *_REFUSALS)},
)
def get_evidence_by_link(signature: str, task_id: TaskId, visit: ThisVisit) -> StreamingResponse:
    """What `evidence_url` of a result leads to; needs no header."""
    if not visit.edge.signer.check(signature, Purpose.FILES, task_id):
        raise LinkRefused
    return _archive(visit.edge, task_id)


@free.get(
    "/evidence/key",
    operation_id="get_evidence_key",
    summary="The public key that checks seals",
    responses=problems(),
)
async def get_evidence_key(visit: ThisVisit) -> EvidenceKey:
    """Needs no key: it is public. Keep it where nobody who can change evidence can change it."""
    key = visit.edge.evidence_key
    return EvidenceKey(key_id=key.id, public_key=key.base64, pem=key.pem)


def _archive(edge: Edge, task_id: str) -> StreamingResponse:
    return StreamingResponse(
        edge.archive.of_task(task_id),
        media_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="evidence-{task_id}.zip"',
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
