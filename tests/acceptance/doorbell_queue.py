"""The doorbells at the broker, for whoever wants to lose, double, reorder or forge them."""

from __future__ import annotations

import base64
import json
import pickle
import time
from pathlib import Path
from typing import Any

import redis

from shared.contracts import DOORBELL, TASK_QUEUE
from shared.utils import new_id
from tests.acceptance.conftest import Deployment, wait_for
from tests.acceptance.occupied_slot import OccupiedSlot

UNACKED, UNACKED_SINCE = "unacked", "unacked_index"
"""Where kombu keeps what it gave out and did not hear of again, and since when."""


class DoorbellQueue:
    """Redis's list of doorbells; the worker takes them from its right end."""

    def __init__(self, redis_url: str) -> None:
        self._redis: Any = redis.Redis.from_url(redis_url)

    def close(self) -> None:
        """Let go of Redis."""
        self._redis.close()

    def waiting(self) -> list[bytes]:
        """Doorbells that nobody fetched, the newest first."""
        return list(self._redis.lrange(TASK_QUEUE, 0, -1))

    def given_out(self) -> int:
        """How many somebody fetched without acknowledging them."""
        return int(self._redis.hlen(UNACKED))

    def forget_given_out(self) -> None:
        """Lose those that somebody fetched without acknowledging them."""
        self._redis.delete(UNACKED, UNACKED_SINCE)

    def take_all(self) -> list[bytes]:
        """Fetch them all; they are lost unless somebody puts them back."""
        taken = self.waiting()
        self._redis.ltrim(TASK_QUEUE, len(taken), -1)
        return taken

    def put(self, *messages: bytes) -> None:
        """Put messages in, the first to be taken last."""
        self._redis.rpush(TASK_QUEUE, *messages)

    def give_out_long_ago(self, message: bytes, seconds: float) -> None:
        """Leave a message as a worker does that fetched it and died `seconds` ago."""
        tag = json.loads(message)["properties"]["delivery_tag"]
        self._redis.hset(UNACKED, tag, json.dumps([json.loads(message), "", TASK_QUEUE]))
        self._redis.zadd(UNACKED_SINCE, {tag: time.time() - seconds})


class Line:
    """A system whose only slot is taken, so that the doorbells of other tasks stand in line."""

    def __init__(self, here: Deployment, queue: DoorbellQueue) -> None:
        self.here = here
        self.queue = queue
        self._slot = OccupiedSlot(here)

    def of(self, count: int) -> list[str]:
        """Give so many tasks and wait until their doorbells stand in line."""
        task_ids = [self.here.practise(steps=2) for _ in range(count)]
        wait_for(lambda: len(self.queue.waiting()) == count)
        return task_ids

    def let_go(self) -> None:
        """Free the slot. May be called twice."""
        self._slot.free()


def doorbell(*arguments: Any, **headers: Any) -> bytes:
    """A message as ours are, with these arguments; `headers` go over the usual ones."""
    own_id = new_id()
    usual = {"lang": "py", "task": DOORBELL, "id": own_id, "root_id": own_id, "retries": 0}
    body = json.dumps([arguments, {}, {}]).encode()
    return envelope(body, {**usual, **headers})


def envelope(body: bytes, headers: Any, content_type: str = "application/json") -> bytes:
    """A message as any program sends it that shares the broker."""
    properties = {
        "delivery_tag": new_id(),
        "delivery_info": {"exchange": "", "routing_key": TASK_QUEUE},
        "delivery_mode": 2,
        "priority": 0,
        "body_encoding": "base64",
    }
    message = {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8",
        "content-type": content_type,
        "headers": headers,
        "properties": properties,
    }
    return json.dumps(message).encode()


def foreign_messages(explosion: Path) -> dict[str, bytes]:
    """What may lie on a shared broker, by what it is; `explosion` is made by what is unpickled."""
    return {
        "bytes": b"\xff\xfe\x00",
        "half a message": doorbell("t")[:40],
        "a number": b"7",
        "a list": b"[1, 2]",
        "an object": b"{}",
        "other properties": b'{"properties": 5}',
        "no tag": b'{"body": "", "properties": {}}',
        "no headers": envelope(b"hello", None),
        "another task": doorbell("t", task="somebody.elses"),
        "no id": doorbell("t", id=None),
        "a body that is none": envelope(b"\xff", {"task": DOORBELL, "id": new_id()}),
        "a pickle": envelope(
            pickle.dumps(_Explosive(str(explosion))),
            {"task": DOORBELL, "id": new_id()},
            "application/x-python-serialize",
        ),
        "no arguments": doorbell(),
        "other arguments": doorbell({"a": 1}, 2, 3),
        "a doorbell nobody rang": doorbell(new_id()),
        "a doorbell with a strange id": doorbell("\x00", id="x" * 300),
    }


class _Explosive:
    """Makes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> Any:
        return (open, (self._path, "w"))
