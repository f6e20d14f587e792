"""Whether the service can do its work, and what is wrong if it cannot."""

from __future__ import annotations

from fastapi import APIRouter, Response

from orchestrator_service.dependencies import ThisVisit
from orchestrator_service.documentation import problems
from orchestrator_service.schemas import Alive, Health

router = APIRouter(tags=["service"])


@router.get(
    "/health",
    operation_id="get_health",
    summary="How the service is",
    responses={
        503: {"model": Health, "description": "The record is out of reach"},
        **problems(),
    },
)
async def get_health(visit: ThisVisit, response: Response) -> Health:
    """ok; degraded while Redis, workers or disk space are missing; down without the record."""
    health = await visit.edge.vital_signs.now()
    if health.status == "down":
        response.status_code = 503
    return health


@router.get(
    "/health/live",
    operation_id="get_liveness",
    summary="Whether the process answers",
    responses=problems(),
)
async def get_liveness() -> Alive:
    """Answers while the process does."""
    return Alive()
