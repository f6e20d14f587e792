"""How a task stands, what came of it, and the list of tasks."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timezone
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from orchestrator_service.dependencies import TaskId, ThisVisit
from orchestrator_service.documentation import problems
from orchestrator_service.keyed_route import KeyedRoute
from orchestrator_service.refusals import InvalidRequest, KeyRefused
from orchestrator_service.schemas import PublicStatus, TaskResult, TaskStatus
from orchestrator_service.task_view import task_result, task_status
from shared.errors import UnknownTask
from shared.record.tasks import Task
from shared.task_state import TaskState

router = APIRouter(route_class=KeyedRoute, tags=["results"])

MOST_ITEMS = 1000
MOST_TASKS = 1000
LARGEST_NUMBER = 2**31 - 1


class PageQuery(BaseModel):
    """Which page of a result."""

    model_config = ConfigDict(extra="forbid")

    items_after: int = Field(-1, ge=-1, le=LARGEST_NUMBER, description="From `next`")
    logs_after: int | None = Field(
        None, ge=0, le=LARGEST_NUMBER, description="From `next`; left out: the last lines"
    )
    limit: int = Field(MOST_ITEMS, ge=1, le=MOST_ITEMS, description="Items, and lines, a page")


class HistoryQuery(BaseModel):
    """Which tasks to list."""

    model_config = ConfigDict(extra="forbid")

    status: PublicStatus | None = None
    state: TaskState | None = None
    task_type: str | None = Field(None, max_length=100, pattern=r"^[^\x00-\x1f]*$")
    limit: int = Field(100, ge=1, le=MOST_TASKS)
    cursor: str | None = Field(None, max_length=200, description="From the Link header")

    def states(self) -> list[TaskState] | None:
        """The states asked for; None for all."""
        if self.status is None and self.state is None:
            return None
        return [
            state
            for state in TaskState
            if self.status in (None, state.status) and self.state in (None, state)
        ]


@router.get(
    "/status/{task_id}",
    operation_id="get_task_status",
    summary="How a task stands",
    responses=problems(KeyRefused, UnknownTask, InvalidRequest),
)
def get_status(task_id: TaskId, visit: ThisVisit) -> TaskStatus:
    """The task without its logs and items."""
    return task_status(visit.edge.tasks.status(task_id), visit.edge.catalogue, visit.links)


@router.get(
    "/result/{task_id}",
    operation_id="get_task_result",
    summary="What came of a task",
    responses=problems(KeyRefused, UnknownTask, InvalidRequest),
)
def get_result(
    task_id: TaskId, page: Annotated[PageQuery, Query()], visit: ThisVisit
) -> TaskResult:
    """The task whole, its items and logs in pages; while it runs, as far as it got."""
    read = visit.edge.tasks.result(task_id, page.items_after, page.logs_after, page.limit)
    return task_result(read, visit.edge.catalogue, visit.links)


@router.get(
    "/tasks/history",
    operation_id="list_tasks",
    summary="The tasks so far",
    responses={
        200: {
            "headers": {
                "Link": {
                    "description": 'The next page: `<url>; rel="next"`; absent on the last',
                    "schema": {"type": "string"},
                },
                "X-Total-Count": {
                    "description": "How many tasks there are on all pages",
                    "schema": {"type": "integer"},
                },
            }
        },
        **problems(KeyRefused, InvalidRequest),
    },
)
def list_tasks(
    wanted: Annotated[HistoryQuery, Query()],
    response: Response,
    visit: ThisVisit,
) -> list[TaskStatus]:
    """Tasks, newest first, in pages."""
    before = None if wanted.cursor is None else _position(wanted.cursor)
    page = visit.edge.tasks.history(wanted.states(), wanted.task_type, before, wanted.limit)
    response.headers["X-Total-Count"] = str(page.total)
    if page.has_more:
        query = wanted.model_dump(mode="json", exclude_none=True)
        query["cursor"] = _cursor(page.readings[-1].task)
        response.headers["Link"] = f'<{visit.links.history(urlencode(query))}>; rel="next"'
    return [task_status(reading, visit.edge.catalogue, visit.links) for reading in page.readings]


def _cursor(task: Task) -> str:
    text = f"{task.created_at.isoformat()} {task.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.urlsafe_b64decode(cursor.encode() + b"==").decode()
        moment, _, task_id = text.partition(" ")
        created_at = datetime.fromisoformat(moment).astimezone(timezone.utc)
        position = created_at, str(UUID(task_id))
    except (binascii.Error, ValueError, OverflowError):
        raise InvalidRequest(
            "The cursor is not one of ours; take it from the Link header, or leave it out.",
            errors=[{"pointer": "query/cursor", "detail": "Take it from the Link header."}],
        ) from None
    return position
