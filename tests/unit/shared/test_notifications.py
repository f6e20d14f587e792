"""Wake-ups reach whoever listens, and a Redis that is away costs nobody anything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from launcher.inheritance import practice_environment
from launcher.redis_server import RedisServer
from shared.notifications import NewsPublisher, is_reachable, listen

DEADLINE_SECONDS = 20.0
PAUSE_SECONDS = 0.1


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of the test's own, to be stopped and started."""
    environment = practice_environment(tmp_path, tmp_path)
    server = RedisServer(tmp_path / "data", log=tmp_path / "redis.log", environment=environment)
    try:
        server.start_on_a_free_port()
        yield server
    finally:
        server.stop()


@pytest.fixture
def publisher(own_redis: RedisServer) -> Iterator[NewsPublisher]:
    """A publisher to that Redis."""
    opened = NewsPublisher(own_redis.url)
    yield opened
    opened.close()


class Listener:
    """Listens for news and keeps what it hears."""

    def __init__(self, url: str) -> None:
        self.heard: set[str] = set()
        self._url = url
        self._task = asyncio.create_task(self._listen())

    async def until(self, wanted: str, publish: Callable[[], None]) -> None:
        """Publish again and again, as wake-ups may be lost, until `wanted` is heard."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while wanted not in self.heard and not self._task.done():
            assert time.monotonic() < deadline, f"never heard {wanted}, but {self.heard}"
            publish()
            await asyncio.sleep(PAUSE_SECONDS)
        if self._task.done():
            self._task.result()

    async def end(self) -> None:
        """Wait until the listener ends by itself."""
        await asyncio.wait_for(self._task, DEADLINE_SECONDS)

    async def _listen(self) -> None:
        async for task_id in listen(self._url):
            self.heard.add(task_id)


def test_news_of_a_task_is_heard_by_everyone_who_listens(
    own_redis: RedisServer, publisher: NewsPublisher
) -> None:
    async def hear() -> None:
        one, other = Listener(own_redis.url), Listener(own_redis.url)
        await one.until("task-1", lambda: publisher.publish("task-1"))
        await other.until("task-2", lambda: publisher.publish("task-2"))
        await one.until("task-2", lambda: publisher.publish("task-2"))
        assert one.heard == {"task-1", "task-2"}

    asyncio.run(hear())


def test_what_waits_is_sent_before_a_publisher_closes(own_redis: RedisServer) -> None:
    def publish_and_close() -> None:
        publisher = NewsPublisher(own_redis.url)
        publisher.publish("last words")
        publisher.close()

    async def hear() -> None:
        await Listener(own_redis.url).until("last words", publish_and_close)

    asyncio.run(hear())


def test_news_is_heard_again_after_redis_was_away(
    own_redis: RedisServer, publisher: NewsPublisher
) -> None:
    async def hear(news: str) -> None:
        await Listener(own_redis.url).until(news, lambda: publisher.publish(news))

    # Given a publisher in use, and a Redis that went away while something was published
    asyncio.run(hear("before"))
    own_redis.stop()
    publisher.publish("while it was away")
    assert not is_reachable(own_redis.url)

    # When it is back, Then later news gets through the same publisher
    own_redis.start()
    asyncio.run(hear("later"))
    assert is_reachable(own_redis.url)


def test_a_listener_is_told_when_redis_goes_away(
    own_redis: RedisServer, publisher: NewsPublisher
) -> None:
    async def listen_until_it_ends() -> None:
        listener = Listener(own_redis.url)
        await listener.until("something", lambda: publisher.publish("something"))
        own_redis.kill()
        await listener.end()

    with pytest.raises(redis.RedisError):
        asyncio.run(listen_until_it_ends())


def test_publishing_to_a_frozen_redis_holds_nobody_up(
    own_redis: RedisServer, publisher: NewsPublisher
) -> None:
    # Given a Redis that accepts connections and never answers
    own_redis.freeze()
    try:
        # When there is much news, Then publishing it returns
        for number in range(1000):
            publisher.publish(f"task-{number}")
        assert not is_reachable(own_redis.url)
    finally:
        own_redis.thaw()
    assert is_reachable(own_redis.url)


def test_a_publisher_that_was_never_used_closes_without_a_word() -> None:
    NewsPublisher("redis://127.0.0.1:1/0").close()
