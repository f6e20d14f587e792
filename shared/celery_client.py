"""The only place that makes a Celery application; worker and edge share its settings.

Why each setting is what it is: docs/operations.md, "Celery on Redis".
"""

from __future__ import annotations

from celery import Celery

from shared.config import Settings
from shared.contracts import DOORBELL, TASK_QUEUE

PUBLISH_SECONDS = 3.0
"""How long ringing a doorbell may take before it is given up; the dispatcher rings again."""


NO_RESULTS = "disabled://"
REDIS = ("redis://", "rediss://")
TRANSPORT = "shared.redis_transport:Transport"
RESULTS = "shared.redis_results:Results"


def create_celery(settings: Settings, *, keeps_results: bool = True) -> Celery:
    """A Celery application that connects to nothing until it is used.

    Whoever only rings doorbells keeps no results: asking Redis for them would cost every ring.
    """
    backend = _results(settings.result_backend) if keeps_results else NO_RESULTS
    app = Celery("ai_agent_backend", broker=settings.broker, backend=backend)
    # Otherwise CELERY_RESULT_BACKEND in the environment would be stronger than the line above.
    app.backend_cls = backend
    if settings.broker.startswith(REDIS):
        app.conf.broker_transport = TRANSPORT
    app.conf.update(
        task_default_queue=TASK_QUEUE,
        task_routes={DOORBELL: {"queue": TASK_QUEUE}},
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,
        task_publish_retry=False,
        task_serializer="json",
        accept_content=["json"],
        result_expires=24 * 3600,
        result_extended=True,
        worker_send_task_events=True,
        task_send_sent_event=True,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_proc_alive_timeout=30,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_channel_error_retry=True,
        broker_transport_options={
            "socket_timeout": 2,
            "socket_connect_timeout": 1,
            "socket_keepalive": True,
            "health_check_interval": 10,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "visibility_timeout": 3600,
            "max_retries": 1,
        },
        result_backend_transport_options={"retry_policy": {"max_retries": 0}},
        redis_socket_timeout=2,
        redis_socket_connect_timeout=1,
        redis_retry_on_timeout=False,
    )
    return app


def _results(url: str) -> str:
    return f"{RESULTS}+{url}" if url.startswith(REDIS) else url
