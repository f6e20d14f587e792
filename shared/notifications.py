"""Wake-ups over Redis: "task T has news". Losing one delays and never loses: the record knows."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator

import redis
import redis.asyncio
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.contracts import NEWS_CHANNEL

log = structlog.get_logger()

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 2.0


class NewsPublisher:
    """Publishes wake-ups from a thread of its own, so that a frozen Redis never holds up work.

    News of one task that waits to be sent is sent once. Use after a fork: make a new one.
    """

    def __init__(self, url: str) -> None:
        """`url` is the Redis to publish to; nothing is opened before the first news."""
        self._client = _client(url)
        self._waiting: dict[str, None] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def publish(self, task_id: str) -> None:
        """Tell everyone who listens that the task has news. Returns at once."""
        with self._changed:
            self._waiting[task_id] = None
            if self._thread is None:
                self._thread = threading.Thread(target=self._send, name="news", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Send what waits, as far as Redis answers, and stop."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout=CONNECT_SECONDS + ANSWER_SECONDS)
        self._client.close()

    def _send(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                news, self._waiting = list(self._waiting), {}
            try:
                for task_id in news:
                    self._client.publish(NEWS_CHANNEL, task_id)
            except redis.RedisError as error:
                log.debug("news not published", reason=str(error))


def is_reachable(url: str) -> bool:
    """True if this Redis answers now."""
    try:
        with _client(url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


async def listen(url: str) -> AsyncIterator[str]:
    """Ids of tasks that have news, as they are published.

    Raises redis.RedisError when the connection is lost; news published meanwhile is not repeated.
    """
    client = redis.asyncio.Redis.from_url(
        url, socket_connect_timeout=CONNECT_SECONDS, health_check_interval=10
    )
    async with client, client.pubsub() as channel:
        await channel.subscribe(NEWS_CHANNEL)
        async for message in channel.listen():
            if message["type"] == "message":
                yield message["data"].decode()


def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
