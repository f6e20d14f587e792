"""The orchestrator's way in: builds the application and serves it. Wiring only."""

from __future__ import annotations

import sys
from pathlib import Path

if __package__ in (None, ""):  # `cd orchestrator_service && python main.py`
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, NoReturn

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp

from orchestrator_service import __version__, documentation, exception_handlers, middleware
from orchestrator_service.authentication import Doorkeeper
from orchestrator_service.catalogue import Catalogue
from orchestrator_service.celery_client import TaskQueue
from orchestrator_service.dependencies import Edge
from orchestrator_service.dispatcher import Dispatcher
from orchestrator_service.endpoints import (
    artifacts,
    evidence,
    health,
    info,
    results,
    steering,
    stream,
    tasks,
)
from orchestrator_service.event_hub import EventHub
from orchestrator_service.evidence_archive import EvidenceArchive
from orchestrator_service.intake import Intake
from orchestrator_service.janitor import Janitor
from orchestrator_service.keys import Keys, load_keys
from orchestrator_service.links import Signer
from orchestrator_service.retention import Retention
from orchestrator_service.sealing import Sealer
from orchestrator_service.server import serve
from orchestrator_service.task_service import TaskService
from orchestrator_service.vital_signs import VitalSigns
from shared.celery_client import create_celery
from shared.config import Settings, load_settings
from shared.errors import ConfigurationError
from shared.logging_config import configure_logging
from shared.notifications import NewsPublisher
from shared.record import Record, migrate, why_no_record

STOP_SECONDS = 2.0


class Application(FastAPI):
    """FastAPI with ours around it: CORS and request ids wrap errors too."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        """`settings` are those of the whole service."""
        self.settings = settings
        super().__init__(**options)

    def build_middleware_stack(self) -> ASGIApp:
        """What wraps everything, the framework's own error answers included."""
        return middleware.wrap(super().build_middleware_stack(), self.settings.cors_origins)

    def openapi(self) -> dict[str, Any]:
        """The schema, with the shape of failures in it."""
        return documentation.openapi(self)


def create_app(settings: Settings) -> FastAPI:
    """The whole edge; it opens nothing before it is started."""
    app = Application(
        settings,
        title=info.TITLE,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,  # without one a body is read as JSON; the key keeps forms out
        lifespan=lifespan,
    )
    exception_handlers.install(app)
    info.serve_assets(app)
    for router in (info, health, tasks, results, steering, stream):
        app.include_router(router.router)
    app.include_router(evidence.keyed)
    app.include_router(evidence.free)
    app.include_router(artifacts.signed)
    app.include_router(artifacts.keyed)
    return app


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Bring the record up to date and start what runs beside the requests."""
    assert isinstance(app, Application)
    settings = app.settings
    record = Record(settings.database)
    await asyncio.to_thread(migrate, record)
    intake = Intake(record, settings.max_pending_tasks)
    queue = TaskQueue(create_celery(settings, keeps_results=False))
    dispatcher = Dispatcher(
        record,
        queue,
        settings.lease_seconds,
        timedelta(seconds=settings.decision_ttl),
        settings.task_time_limit,
        timedelta(seconds=settings.late_look_seconds),
        lambda: intake.is_busy,
    )
    news = NewsPublisher(settings.redis)
    keys = load_keys(settings)
    sealer = Sealer(record, settings.results_dir, keys.evidence_key)
    retention = Retention(record, settings.results_dir, settings.retention_days)
    janitor = Janitor(sealer, retention, lambda: intake.is_busy)
    edge = build_edge(settings, keys, record, dispatcher, intake, news, sealer)
    app.state.edge = edge
    dispatcher.start()
    janitor.start()
    edge.hub.start()
    yield
    await edge.hub.stop()
    stops = (dispatcher.stop, janitor.stop, news.close)
    await asyncio.gather(*(_for_a_moment(stop) for stop in stops))
    queue.close()
    record.close()


async def _for_a_moment(stop: Callable[[], None]) -> None:
    """Let something stop by itself, but not for longer than a supervisor waits for us.

    What talks to a silent Redis is left behind: dying in the middle of it loses nothing.
    """
    stopping = threading.Thread(target=stop, daemon=True)
    stopping.start()
    await asyncio.to_thread(stopping.join, STOP_SECONDS)


def build_edge(
    settings: Settings,
    keys: Keys,
    record: Record,
    dispatcher: Dispatcher,
    intake: Intake,
    news: NewsPublisher,
    sealer: Sealer,
) -> Edge:
    """The parts of the edge, each given what it needs."""
    signer = Signer(keys.secret_key, settings.link_ttl)
    catalogue = Catalogue(record, dispatcher)
    return Edge(
        settings=settings,
        record=record,
        dispatcher=dispatcher,
        hub=EventHub(record, settings.redis),
        catalogue=catalogue,
        tasks=TaskService(record, catalogue, intake, dispatcher, news),
        signer=signer,
        archive=EvidenceArchive(record, settings.results_dir, sealer),
        evidence_key=keys.evidence_key.public,
        doorkeeper=Doorkeeper(
            keys.api_key, signer, task_id_is_enough=settings.websocket_auth == "task-id"
        ),
        vital_signs=VitalSigns(record, settings.redis, dispatcher, settings.results_dir),
    )


def main() -> int:
    """Serve until told to stop; the exit status of `python -m orchestrator_service.main`."""
    try:
        settings = load_settings()
    except ConfigurationError as error:
        print(f"orchestrator: {error}", file=sys.stderr)
        return 2
    try:
        configure_logging(settings, "orchestrator")
        _open_record(settings)
        keys = load_keys(settings)
        # Again: what is logged from here on may hold the keys, and none were made before.
        configure_logging(settings, "orchestrator", secrets=keys.secrets)
    except (ConfigurationError, OSError) as error:
        print(f"orchestrator: cannot start: {error}", file=sys.stderr)
        return 1
    if keys.newly_made:
        kept = settings.data_dir / "api_key"
        print(f"orchestrator: API key (kept in {kept}): {keys.api_key}", flush=True)
    return serve(create_app(settings), settings)


def _open_record(settings: Settings) -> None:
    try:
        migrate(Record(settings.database))
    except (OSError, SQLAlchemyError) as error:
        raise ConfigurationError(why_no_record(error)) from None


def leave(status: int) -> NoReturn:
    """End at once: a thread that waits for a silent Redis would hold up an ordinary exit."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    leave(main())
