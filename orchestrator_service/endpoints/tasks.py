"""Task types, and giving a task."""

from __future__ import annotations

from typing import Annotated

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
from shared.errors import IdempotencyMismatch, InvalidParams, TooManyTasks, UnknownTaskType
from shared.record.task_types import TaskType
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
    responses=problems(KeyRefused),
)
def list_task_types(visit: ThisVisit) -> list[TaskTypeView]:
    """Every task type ever announced, whether a worker offers it just now or not."""
    return [_view(known.task_type, visit.edge) for known in visit.edge.catalogue.read().values()]


@router.post("/start_task/", include_in_schema=False)
@router.post(
    "/assign-task/",
    operation_id="assign_task",
    summary="Give a task",
    responses=_ASSIGN_PROBLEMS,
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
        params_schema=offered.params_schema,
        params=form_fields(offered.params_schema),
    )
