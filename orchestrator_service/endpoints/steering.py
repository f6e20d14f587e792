"""Steering a task: cancel it, decide about it, retry what did not succeed."""

from __future__ import annotations

from asgi_correlation_id import correlation_id
from fastapi import APIRouter

from orchestrator_service.dependencies import TaskId, ThisVisit
from orchestrator_service.documentation import problems
from orchestrator_service.keyed_route import KeyedRoute
from orchestrator_service.refusals import (
    BodyTooLarge,
    InvalidRequest,
    KeyRefused,
    MalformedBody,
    UnsupportedMediaType,
)
from orchestrator_service.schemas import DecisionRequest, TaskStatus
from orchestrator_service.task_view import task_status
from shared.errors import InvalidParams, StateConflict, TooManyTasks, UnknownTask

router = APIRouter(route_class=KeyedRoute, tags=["steering"])


@router.post(
    "/cancel/{task_id}",
    operation_id="cancel_task",
    summary="Stop a task before its next item",
    responses=problems(
        MalformedBody, KeyRefused, UnknownTask, StateConflict, BodyTooLarge, InvalidRequest
    ),
)
def cancel_task(task_id: TaskId, visit: ThisVisit) -> TaskStatus:
    """What is being clicked is finished and verified; items left become `skipped`.

    Answers with the task, also when it is being cancelled or cancelled already.
    """
    reading = visit.edge.tasks.cancel(task_id, visit.caller)
    return task_status(reading, visit.edge.catalogue, visit.links)


@router.post(
    "/decision/{task_id}",
    operation_id="decide_task",
    summary="Say which of the shown items to work on",
    responses=problems(
        MalformedBody,
        KeyRefused,
        UnknownTask,
        StateConflict,
        BodyTooLarge,
        UnsupportedMediaType,
        InvalidRequest,
        InvalidParams,
    ),
)
def decide_task(task_id: TaskId, wanted: DecisionRequest, visit: ThisVisit) -> TaskStatus:
    """For a task that waits for a decision (`auto_approve: false`).

    Items go by their keys, or by the number that one key alone ends with: 7 is BATCH007. Only what
    was shown is worked on, and only if the portal still shows it so; what is rejected or
    not named ends `skipped`, and nothing of it is clicked. The same body again changes nothing.
    """
    reading = visit.edge.tasks.decide(task_id, wanted.decision(), visit.caller)
    return task_status(reading, visit.edge.catalogue, visit.links)


@router.post(
    "/retry/{task_id}",
    operation_id="retry_task",
    summary="Try again what did not succeed",
    responses=problems(
        MalformedBody,
        KeyRefused,
        UnknownTask,
        StateConflict,
        BodyTooLarge,
        InvalidRequest,
        TooManyTasks,
    ),
)
def retry_task(task_id: TaskId, visit: ThisVisit) -> TaskStatus:
    """Makes a new task of the items that ended `failed` or `unverified`, and answers with it.

    A task that failed before its items could be named is tried whole. A task has one successor at
    most; its `retry_of` is this task.
    """
    reading = visit.edge.tasks.retry(task_id, visit.caller, correlation_id.get())
    return task_status(reading, visit.edge.catalogue, visit.links)
