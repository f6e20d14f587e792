"""One listener a process -> many sockets. What happened is read from the record, once a task.

A wake-up says "task T has news"; the task's feed then reads the new events once, however many
sockets follow it. A socket has only its own cursor: one that reads slowly is caught up from the
record and costs the others nothing. A look about once a second finds news whose wake-up was lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from typing import TypeVar

import structlog
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError

from shared.contracts import EventType
from shared.errors import UnknownTask
from shared.notifications import listen
from shared.record import Record, events, tasks
from shared.record.events import Event

log = structlog.get_logger()

T = TypeVar("T")

LOOK_SECONDS = 1.0
PAGE = 200
TAIL = 1000
FIRST_RETRY_SECONDS = 0.1
LONGEST_RETRY_SECONDS = 5.0
FINAL_TYPES = (EventType.COMPLETED, EventType.FAILED)


class GoingDown(Exception):
    """This process is about to stop: follow the task elsewhere, or later."""


class Feed:
    """The newest events of one task, for everyone here who follows it."""

    def __init__(self, task_id: str, head: int, read: Callable[[int], asyncio.Future[list[Event]]]):
        """`head` is the number of the newest event; `read` gives those after a number."""
        self.task_id = task_id
        self.head = head
        self.followers = 0
        self.news = asyncio.Event()
        self._tail: deque[Event] = deque(maxlen=TAIL)
        self._read = read
        self._stirred = False
        self._reading: asyncio.Task[None] | None = None

    def since(self, cursor: int) -> list[Event] | None:
        """A page of events after `cursor`; None if they are not kept here any more."""
        kept_from = self.head - len(self._tail)
        if cursor < kept_from:
            return None
        return list(islice(self._tail, cursor - kept_from, cursor - kept_from + PAGE))

    def stir(self) -> None:
        """There may be news: read it, now or as soon as the read under way is done."""
        self._stirred = True
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_news())

    def pulse(self) -> None:
        """Wake everyone who waits for news."""
        self.news.set()
        self.news = asyncio.Event()

    def stop(self) -> None:
        """Nobody follows any more."""
        if self._reading is not None:
            self._reading.cancel()

    async def _read_news(self) -> None:
        try:
            while self._stirred:
                self._stirred = False
                found = await self._read(self.head)
                if found:
                    self._tail.extend(found)
                    self.head = found[-1].id
                    self._stirred = self._stirred or len(found) == PAGE
                    self.pulse()
        except SQLAlchemyError as error:
            log.warning("news not read", task_id=self.task_id, reason=_first_line(error))
        finally:
            self._reading = None


class EventHub:
    """Follows tasks on behalf of sockets. Belongs to the event loop it is started on."""

    def __init__(self, record: Record, redis_url: str) -> None:
        """Events come from `record`, wake-ups from the Redis at `redis_url`."""
        self._record = record
        self._redis_url = redis_url
        self._feeds: dict[str, Feed] = {}
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="events")
        self._background: list[asyncio.Task[None]] = []
        self._going_down = False

    @property
    def followers(self) -> int:
        """How many sockets follow a task just now."""
        return sum(feed.followers for feed in self._feeds.values())

    def start(self) -> None:
        """Begin to listen."""
        self._background = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._look_now_and_then()),
        ]

    def send_away(self) -> None:
        """End everyone's following with GoingDown, and take nobody new."""
        self._going_down = True
        for feed in self._feeds.values():
            feed.pulse()

    async def stop(self) -> None:
        """Send everyone away and stop listening."""
        self.send_away()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def follow(self, task_id: str, after: int) -> AsyncGenerator[list[Event], None]:
        """The task's events that follow number `after`, in order, until the final one.

        Raises UnknownTask, GoingDown when this process stops, and sqlalchemy.exc.SQLAlchemyError
        when the record cannot be read.
        """
        task = await self._in_thread(partial(self._task, task_id))
        if task is None:
            raise UnknownTask(f"There is no task {task_id[:60]}.", task_id=task_id[:60])
        # Nobody can have seen what had not happened: a higher number would hide events to come.
        cursor = min(after, task.last_event)
        if task.state.is_final and cursor == task.last_event:
            return
        with self._feed(task_id, task.last_event) as feed:
            while not self._going_down:
                news = feed.news
                page = feed.since(cursor)
                if page is None:
                    page = await self._read(task_id, cursor)
                if page:
                    yield page
                    cursor = page[-1].id
                    if page[-1].type in FINAL_TYPES:
                        return
                else:
                    await news.wait()
        raise GoingDown

    @contextmanager
    def _feed(self, task_id: str, head: int) -> Iterator[Feed]:
        feed = self._feeds.get(task_id)
        if feed is None:
            feed = Feed(task_id, head, lambda after: self._read(task_id, after))
            self._feeds[task_id] = feed
            feed.stir()
        feed.followers += 1
        try:
            yield feed
        finally:
            feed.followers -= 1
            if not feed.followers:
                feed.stop()
                del self._feeds[task_id]

    async def _listen(self) -> None:
        pause = FIRST_RETRY_SECONDS
        while True:
            try:
                async for task_id in listen(self._redis_url):
                    pause = FIRST_RETRY_SECONDS
                    if feed := self._feeds.get(task_id):
                        feed.stir()
            except (RedisError, OSError) as error:
                if pause == FIRST_RETRY_SECONDS:
                    log.warning("no wake-ups, looking now and then instead", reason=str(error))
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_RETRY_SECONDS)

    async def _look_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            followed = list(self._feeds)
            if not followed:
                continue
            with suppress(SQLAlchemyError):
                newest = await self._in_thread(partial(self._last_numbers, followed))
                for task_id, number in newest.items():
                    feed = self._feeds.get(task_id)
                    if feed is not None and number > feed.head:
                        feed.stir()

    def _task(self, task_id: str) -> tasks.Task | None:
        with self._record.read() as connection:
            return tasks.get(connection, task_id)

    def _last_numbers(self, task_ids: list[str]) -> dict[str, int]:
        with self._record.read() as connection:
            return events.last_numbers(connection, task_ids)

    def _read(self, task_id: str, after: int) -> asyncio.Future[list[Event]]:
        def read() -> list[Event]:
            with self._record.read() as connection:
                return events.after(connection, task_id, after, PAGE)

        return self._in_thread(read)

    def _in_thread(self, function: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, function)


def _first_line(error: Exception) -> str:
    return str(error).split("\n")[0]
