"""The edge's only sight of Celery: ringing doorbells."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout

import structlog
from celery import Celery
from kombu.exceptions import KombuError
from redis import RedisError

from shared.celery_client import PUBLISH_SECONDS
from shared.contracts import DOORBELL, doorbell_queue

log = structlog.get_logger()


class TaskQueue:
    """Rings doorbells on the broker; a ring that fails or hangs is rung again by the dispatcher."""

    def __init__(self, celery: Celery) -> None:
        """`celery` comes from `shared.celery_client.create_celery`."""
        self._celery = celery
        self._new_bell()

    def ring(self, doorbell_id: str, task_id: str, queue: str) -> bool:
        """Send "there is work on task T" to whoever serves the queue.

        False if the broker did not take it in time.
        """
        future = self._bell.submit(self._send, doorbell_id, task_id, queue)
        try:
            future.result(timeout=PUBLISH_SECONDS)
        except FutureTimeout:
            log.warning("doorbell not taken in time", task_id=task_id)
            self._new_bell()
            return False
        except (KombuError, RedisError, OSError) as error:
            log.warning("doorbell not taken", task_id=task_id, reason=str(error))
            return False
        return True

    def close(self) -> None:
        """Let go of the broker."""
        self._bell.shutdown(wait=False, cancel_futures=True)
        self._celery.close()

    def _send(self, doorbell_id: str, task_id: str, queue: str) -> None:
        self._celery.send_task(
            DOORBELL,
            args=[task_id],
            task_id=doorbell_id,
            root_id=task_id,
            queue=doorbell_queue(queue),
            retry=False,
        )

    def _new_bell(self) -> None:
        name = f"doorbell-{threading.get_ident()}"
        self._bell = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
