"""Doorbells may be lost or repeated, but never hold up whoever rings or answers."""

from __future__ import annotations

from typing import Any

import pytest
from celery.backends.base import DisabledBackend

from shared.celery_client import create_celery
from shared.config import Settings
from shared.contracts import DOORBELL, TASK_QUEUE

NOWHERE = "redis://127.0.0.1:1/0"


def _settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


def test_an_application_is_made_without_reaching_anything() -> None:
    app = create_celery(_settings(redis_url=NOWHERE))

    assert app.conf.broker_url == NOWHERE
    assert app.conf.result_backend.endswith(NOWHERE)


def test_broker_and_results_may_live_apart() -> None:
    app = create_celery(_settings(celery_broker_url="amqp://q//", celery_result_backend="rpc://q"))

    assert (app.conf.broker_url, app.conf.result_backend) == ("amqp://q//", "rpc://q")


def test_whoever_only_rings_keeps_no_results_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CELERY_RESULT_BACKEND", NOWHERE)

    app = create_celery(_settings(), keeps_results=False)

    assert isinstance(app.backend, DisabledBackend)


def test_doorbells_travel_on_a_queue_of_their_own_as_json() -> None:
    conf = create_celery(_settings()).conf

    assert conf.task_routes[DOORBELL] == {"queue": TASK_QUEUE}
    assert (conf.task_serializer, conf.accept_content) == ("json", ["json"])


def test_a_doorbell_is_acknowledged_at_once_and_never_hoarded() -> None:
    conf = create_celery(_settings()).conf

    assert conf.task_acks_late is False
    assert conf.worker_prefetch_multiplier == 1
    assert conf.worker_disable_prefetch is True


def test_nothing_waits_for_a_redis_that_is_frozen_or_gone() -> None:
    conf = create_celery(_settings()).conf

    assert conf.task_publish_retry is False
    assert conf.broker_transport_options["socket_timeout"] == 2
    assert conf.broker_transport_options["socket_connect_timeout"] == 1
    assert conf.redis_socket_timeout == 2
    assert conf.result_backend_transport_options["retry_policy"]["max_retries"] == 0
