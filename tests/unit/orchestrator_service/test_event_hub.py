"""A feed: the newest events of a task, read once for everyone."""

from __future__ import annotations

import asyncio

import pytest

from orchestrator_service.event_hub import PAGE, TAIL, Feed
from shared.contracts import EventType
from shared.record.events import Event
from shared.utils import utc_now


class Told:
    """Events of one task that could be read, and how often they were."""

    def __init__(self) -> None:
        self.numbers = 0
        self.readings = 0

    def read(self, after: int) -> asyncio.Future[list[Event]]:
        self.readings += 1
        last = min(self.numbers, after + PAGE)
        future: asyncio.Future[list[Event]] = asyncio.get_running_loop().create_future()
        future.set_result(
            [Event(n, "t", EventType.LOG, utc_now(), {}) for n in range(after + 1, last + 1)]
        )
        return future


async def settle(feed: Feed, head: int) -> None:
    while feed.head < head:
        news = feed.news
        await asyncio.wait_for(news.wait(), 10)


def test_news_is_read_on_and_on_until_there_is_none() -> None:
    async def scenario() -> None:
        told = Told()
        feed = Feed("t", 0, told.read)
        told.numbers = 3 * PAGE + 7
        feed.stir()
        await settle(feed, told.numbers)
        page = feed.since(told.numbers - 7)
        assert page is not None
        assert [event.id for event in page] == list(range(3 * PAGE + 1, 3 * PAGE + 8))

    asyncio.run(scenario())


def test_many_wake_ups_at_once_are_one_or_two_readings() -> None:
    async def scenario() -> None:
        told = Told()
        feed = Feed("t", 0, told.read)
        told.numbers = 5
        for _ in range(100):
            feed.stir()
        await settle(feed, 5)
        assert told.readings <= 2

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [(2 * TAIL, []), (2 * TAIL - 3, [-2, -1, 0]), (TAIL, list(range(-TAIL + 1, -TAIL + 1 + PAGE)))],
)
def test_a_page_follows_the_cursor(cursor: int, expected: list[int]) -> None:
    async def scenario() -> None:
        told = Told()
        feed = Feed("t", 0, told.read)
        told.numbers = 2 * TAIL
        feed.stir()
        await settle(feed, told.numbers)
        page = feed.since(cursor)
        assert page is not None
        assert [event.id - told.numbers for event in page] == expected
        assert feed.since(TAIL - 1) is None

    asyncio.run(scenario())
