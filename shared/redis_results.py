"""Celery's result backend on Redis, for which no work waits and which may be down.

What it keeps is a short summary for whoever looks with Celery's own tools. Stock Celery tries for a
minute and a half to say that a task has begun, and does not begin it if it cannot.
"""

from __future__ import annotations

import time
from typing import Any

import structlog
from celery.backends.redis import RedisBackend
from celery.exceptions import BackendError
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

log = structlog.get_logger()

LEFT_ALONE_SECONDS = 30.0
"""How long nothing is kept after a Redis did not answer: a frozen one costs seconds each time."""


class Results(RedisBackend):
    """Keeps what it can."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Options are those of Celery's own."""
        super().__init__(*args, **options)
        self.connparams["retry"] = Retry(NoBackoff(), 0)  # type: ignore[attr-defined]
        self._left_alone_until = 0.0

    def store_result(
        self, task_id: str, result: Any, state: str, *args: Any, **options: Any
    ) -> Any:
        """Keep a result, or say in the log that it was not kept."""
        if time.monotonic() < self._left_alone_until:
            return result
        try:
            return super().store_result(task_id, result, state, *args, **options)
        except (BackendError, RedisError, OSError) as error:
            self._left_alone_until = time.monotonic() + LEFT_ALONE_SECONDS
            log.warning("result not kept", reason=repr(error))
            return result
