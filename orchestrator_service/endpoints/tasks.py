"""Task types, and giving a task."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import format_datetime
from typing import Annotated, Any

from asgi_correlation_id import correlation_id
from fastapi import APIRouter, Header, Response

from orchestrator_service.dependencies import Edge, ThisVisit
from orchestrator_service.documentation import problems
from orchestrator_service.form_fields import form_fields
from orchestrator_service.keyed_route import KeyedRoute
from orchestrator_service.refusals import (
    BodyTooLarge,
    InvalidRequest,
    KeyRefused,
    MalformedBody,
    UnsupportedMediaType,
)
from orchestrator_service.schemas import Assigned, AssignRequest, TaskTypeView
from shared.contracts import DEFAULT_QUEUE
from shared.errors import IdempotencyMismatch, InvalidParams, TooManyTasks, UnknownTaskType
from shared.record.task_types import TaskType
from shared.record.workers import Refusal
from shared.utils import utc_now

router = APIRouter(route_class=KeyedRoute, tags=["tasks"])

_ASSIGN_PROBLEMS = problems(
    MalformedBody,
    KeyRefused,
    UnknownTaskType,
    BodyTooLarge,
    UnsupportedMediaType,
    InvalidRequest,
    InvalidParams,
    IdempotencyMismatch,
    TooManyTasks,
)

_DEPRECATED_SINCE = datetime(2026, 1, 1, tzinfo=timezone.utc)
_TAKEN_UNTIL = datetime(2028, 1, 1, tzinfo=timezone.utc)
_FAREWELL = {
    "Deprecation": f"@{_DEPRECATED_SINCE.timestamp():.0f}",
    "Sunset": format_datetime(_TAKEN_UNTIL, usegmt=True),
}
"""Since when deprecated names of params are deprecated (RFC 9745), and until when they are taken
at least (RFC 8594)."""

_ASSIGNED: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            "Idempotent-Replayed": {
                "description": "`true` if an earlier request with this Idempotency-Key made it",
                "schema": {"type": "string", "const": "true"},
            },
            "Deprecation": {
                "description": "A param was given by a deprecated name: since when that is",
                "schema": {"type": "string"},
            },
            "Sunset": {
                "description": "Until when the deprecated name is taken at least",
                "schema": {"type": "string"},
            },
        }
    }
}

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="The same key with the same body gives the first task again, not another.",
    ),
]


@router.get(
    "/tasks/",
    operation_id="list_task_types",
    summary="What can be done",
    responses=problems(KeyRefused, InvalidRequest),
)
def list_task_types(visit: ThisVisit) -> list[TaskTypeView]:
    """Every task type ever announced, whether a worker offers it just now or not.

    A file in TASKS_DIR that cannot be offered as it is now has an entry of its own, named as the
    file, that is never available and has the reason.
    """
    catalogue = visit.edge.catalogue
    offered = [_view(known.task_type, visit.edge) for known in catalogue.read().values()]
    return [*offered, *(_refused_view(one) for one in catalogue.refused())]


@router.post("/start_task/", include_in_schema=False)
@router.post(
    "/assign-task/",
    operation_id="assign_task",
    summary="Give a task",
    responses={**_ASSIGNED, **_ASSIGN_PROBLEMS},
)
async def assign_task(
    wanted: AssignRequest,
    response: Response,
    visit: ThisVisit,
    idempotency_key: IdempotencyKey = None,
) -> Assigned:
    """Accept a task. Once answered it is durable: it runs even if every process dies now."""
    assignment = await visit.edge.tasks.assign(
        wanted.task_type,
        wanted.params,
        caller=visit.caller,
        idempotency_key=idempotency_key,
        request_id=correlation_id.get(),
    )
    if assignment.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    if visit.edge.catalogue.uses_deprecated(wanted.task_type, wanted.params):
        response.headers.update(_FAREWELL)
    task = assignment.task
    return Assigned(
        task_id=task.id,
        message=f"Task '{task.task_type}' successfully assigned",
        timestamp=utc_now(),
        ws_url=visit.links.socket(task.id),
        status_url=visit.links.status(task.id),
        result_url=visit.links.result(task.id),
    )


def _view(offered: TaskType, edge: Edge) -> TaskTypeView:
    reason = edge.catalogue.why_not_available(offered.name)
    return TaskTypeView(
        name=offered.name,
        display_name=offered.title,
        description=offered.description,
        available=reason is None,
        reason=reason,
        side_effect=offered.side_effect,
        version=offered.version,
        queue=offered.queue,
        params_schema=offered.params_schema,
        params=form_fields(offered.params_schema),
    )


def _refused_view(file: Refusal) -> TaskTypeView:
    return TaskTypeView(
        name=file.file,
        display_name=file.file,
        description="A file with task types that cannot be offered as it is now.",
        available=False,
        reason=file.reason,
        side_effect="none",
        queue=DEFAULT_QUEUE,
        version=file.version,
        params_schema={},
        params=[],
    )
