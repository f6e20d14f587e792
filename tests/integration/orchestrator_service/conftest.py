"""Edges that serve over real sockets, with a record to write into as a worker would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.integration.orchestrator_service.running_edge import RunningEdge
from tests.integration.orchestrator_service.task_author import (
    APPROVE_BATCHES,
    TEST_TASK,
    TaskAuthor,
)


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """Logs as lines on standard output; structlog's own default draws every local variable."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(),
        ]
    )
    yield
    structlog.reset_defaults()


@pytest.fixture
def start_edge(
    tmp_path: Path, redis_url: str, database_url: str
) -> Iterator[Callable[..., RunningEdge]]:
    """Start edges: `start_edge(websocket_auth="task-id", ...)`; they share one record."""
    with ExitStack() as started:

        def start(**settings: Any) -> RunningEdge:
            settings = {"redis_url": redis_url, "database_url": database_url, **settings}
            edge = RunningEdge(tmp_path, **settings)
            edge.start()
            started.callback(edge.stop)
            return edge

        yield start


@pytest.fixture
def edge(start_edge: Callable[..., RunningEdge]) -> RunningEdge:
    """An edge with the settings a stranger starts with."""
    return start_edge()


@pytest.fixture
def author(edge: RunningEdge) -> Iterator[TaskAuthor]:
    """Whoever writes what a worker would; task types are known, and no worker is alive."""
    writer = TaskAuthor(edge.record, edge.settings.results_dir, edge.settings.redis)
    writer.announce(TEST_TASK, APPROVE_BATCHES)
    yield writer
    writer.close()
