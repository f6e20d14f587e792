"""What a log line is about: bound once, carried by every line until the block ends."""

from __future__ import annotations

from contextlib import AbstractContextManager

from structlog.contextvars import bound_contextvars


def about_task(task_id: str, request_id: str | None = None) -> AbstractContextManager[None]:
    """Give every log line inside the block the task's id and that of the request that made it."""
    ids = {"task_id": task_id}
    if request_id is not None:
        ids["request_id"] = request_id
    return bound_contextvars(**ids)
