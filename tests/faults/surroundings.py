"""What the suite does to everything around the process that stands at a fail point."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress

import httpx
import redis

from shared.contracts import TASK_QUEUE
from shared.record import tasks
from tests.acceptance.doorbell_queue import DoorbellQueue
from tests.faults.deeds import Deed, Heal, MissedError, nothing
from tests.faults.small_disk import SmallDisk
from tests.faults.system_under_fault import NotInTimeError, SystemUnderFault, wait_until
from tests.faults.traps import Hit

ACCEPTED, TOO_LATE = 200, 409
TASK_TIME_LIMIT = "TASK_TIME_LIMIT"
PATIENCE = 60.0
SOON = 10.0
LONG_AGO = 2 * 3600.0
"""Seconds; longer than the broker waits for a doorbell to be answered."""


def kill_orchestrator(here: SystemUnderFault, _: Hit) -> Heal:
    """The only orchestrator dies, and its dispatcher with it."""
    orchestrator = here.system.orchestrators[0]
    here.take_down(orchestrator)
    return lambda: here.bring_back(orchestrator)


def kill_redis(here: SystemUnderFault, _: Hit) -> Heal:
    """Redis dies and comes back with what its append-only file kept."""
    here.take_down(here.system.redis)
    return lambda: here.bring_back(here.system.redis)


def freeze_redis(here: SystemUnderFault, _: Hit) -> Heal:
    """Redis answers nobody."""
    here.system.redis.freeze()
    return here.system.redis.thaw


def flush_redis(here: SystemUnderFault, _: Hit | None) -> Heal:
    """Redis forgets everything: doorbells, wake-ups, results."""
    with redis.Redis.from_url(here.system.redis_url) as client:
        client.flushall()
    return nothing


def fill_redis(here: SystemUnderFault, _: Hit) -> Heal:
    """Redis is out of memory and takes no writes."""
    _configure_redis(here, maxmemory="1", policy="noeviction")
    return lambda: _configure_redis(here, maxmemory="0", policy="noeviction")


def cut_redis_clients(here: SystemUnderFault, _: Hit) -> Heal:
    """Redis closes every connection."""
    with redis.Redis.from_url(here.system.redis_url) as client:
        for kind in ("normal", "pubsub"):
            client.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
    return nothing


def _configure_redis(here: SystemUnderFault, *, maxmemory: str, policy: str) -> None:
    with redis.Redis.from_url(here.system.redis_url) as client:
        client.config_set("maxmemory-policy", policy)
        client.config_set("maxmemory", maxmemory)


def double_doorbells(here: SystemUnderFault, _: Hit) -> Heal:
    """Every doorbell is there twice, the newest first."""

    def double(queue: DoorbellQueue) -> None:
        with suppress(NotInTimeError):
            wait_until("another is rung", lambda: len(queue.waiting()) > 1, SOON)
        queue.put(*reversed(queue.waiting()))

    return _with_nobody_at_the_door(here, double)


def delay_doorbells(here: SystemUnderFault, _: Hit) -> Heal:
    """Whoever fetched the doorbells died, longer ago than the broker waits for an answer."""

    def delay(queue: DoorbellQueue) -> None:
        for message in queue.take_all():
            queue.give_out_long_ago(message, LONG_AGO)

    return _with_nobody_at_the_door(here, delay)


def lose_doorbells(here: SystemUnderFault, _: Hit) -> Heal:
    """Every doorbell is lost before anybody heard it, and all else that Redis knows."""

    def lose(_: DoorbellQueue) -> None:
        flush_redis(here, None)

    return _with_nobody_at_the_door(here, lose)


AT_THE_DOOR = (double_doorbells, delay_doorbells, lose_doorbells)
"""What is done to doorbells while every worker is down."""


def _with_nobody_at_the_door(here: SystemUnderFault, do: Callable[[DoorbellQueue], None]) -> Heal:
    """While a ring is held: once it is in the queue, `do` something, and only then let workers in.

    The healing waits for it, so it cannot do nothing.
    """
    for worker in here.system.workers:
        here.take_down(worker)

    def go_on() -> None:
        with closing(DoorbellQueue(here.system.redis_url)) as queue:
            wait_until("a doorbell is rung", lambda: bool(queue.waiting()), PATIENCE)
            do(queue)
        for worker in here.system.workers:
            here.bring_back(worker)

    return go_on


def foreign_messages(here: SystemUnderFault, _: Hit) -> Heal:
    """Somebody else's messages, and some that are none, lie in our queue."""
    with redis.Redis.from_url(here.system.redis_url) as client:
        for message in ("", "no json", "[]", "{}", '{"body": "!", "headers": {"task": "other"}}'):
            client.lpush(TASK_QUEUE, message)
    return nothing


def lock_sqlite(here: SystemUnderFault, _: Hit) -> Heal:
    """Another program holds the record's write lock."""
    path = here.record.url.database
    assert path is not None
    other = sqlite3.connect(path, timeout=30, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def let_go() -> None:
        other.execute("ROLLBACK")
        other.close()

    return let_go


def restart_postgresql(here: SystemUnderFault, _: Hit) -> Heal:
    """The record's server goes down and comes back."""
    assert here.postgresql is not None
    here.postgresql.stop()
    return here.postgresql.start


def cut_postgresql(here: SystemUnderFault, _: Hit) -> Heal:
    """Every connection to the record is cut."""
    assert here.postgresql is not None
    here.postgresql.disconnect_everyone("record")
    return nothing


def restart_portal(here: SystemUnderFault, _: Hit) -> Heal:
    """The portal goes down; back again it has forgotten every session."""
    here.take_down(here.system.portal)
    return lambda: here.bring_back(here.system.portal)


def expire_sessions(here: SystemUnderFault, _: Hit) -> Heal:
    """The portal logs everybody out."""
    here.ask_truth("POST", "/truth/sessions/expire")
    return nothing


def somebody_else_approves(here: SystemUnderFault, hit: Hit) -> Heal:
    """Another officer approves the same batch at the same moment."""
    key, _ = hit.about
    here.ask_truth("POST", f"/truth/batches/{key}/approve", {"by": "r.menon", "remark": ""})
    return nothing


def somebody_else_rejects(here: SystemUnderFault, hit: Hit) -> Heal:
    """Another officer rejects the same batch at the same moment."""
    key, _ = hit.about
    here.ask_truth("POST", f"/truth/batches/{key}/reject", {"by": "r.menon", "remark": ""})
    return nothing


def fill_results(here: SystemUnderFault, _: Hit) -> Heal:
    """Nothing can be written below results/ any more."""
    results = here.system.results
    results.mkdir(exist_ok=True)
    aside = results.with_name("results-aside")
    results.rename(aside)
    results.touch()

    def mend() -> None:
        results.unlink()
        aside.rename(results)

    return mend


def fill_disk(here: SystemUnderFault, _: Hit) -> Heal:
    """Not a block is free where results lie."""
    disk = _disk_of(here)
    disk.fill()
    return disk.make_room


def hold_disk_still(here: SystemUnderFault, _: Hit) -> Heal:
    """Whoever writes results waits, as on a disk that answers nobody for a while."""
    disk = _disk_of(here)
    disk.hold_still()
    return disk.go_on


def _disk_of(here: SystemUnderFault) -> SmallDisk:
    if here.disk is None:
        raise MissedError("results/ is on no disk of its own")
    return here.disk


def let_time_be_up(here: SystemUnderFault, hit: Hit) -> Heal:
    """The task has taken longer than it may; a person set the limit and began the edge anew."""
    orchestrator = here.system.orchestrators[0]
    here.take_down(orchestrator)
    orchestrator.environment[TASK_TIME_LIMIT] = "1"
    here.bring_back(orchestrator)
    wait_until("the task's time is up", lambda: _has_error(here, hit.about[-1]), PATIENCE)

    def lift() -> None:
        here.take_down(orchestrator)
        del orchestrator.environment[TASK_TIME_LIMIT]
        here.bring_back(orchestrator)

    return lift


def _has_error(here: SystemUnderFault, task_id: str) -> bool:
    with here.record.read() as connection:
        task = tasks.get(connection, task_id)
    return task is not None and task.error is not None


def cancel(here: SystemUnderFault, hit: Hit) -> Heal:
    """Somebody cancels the task."""
    # Who stands inside a transaction holds the record.
    here.traps.release(hit)
    try:
        status = here.steer("cancel", hit.about[-1])
    except httpx.HTTPError as error:
        raise MissedError("the orchestrator was struck too") from error
    if status == TOO_LATE:
        raise MissedError("the task was over")
    assert status == ACCEPTED, f"cancelling was answered {status}"
    return nothing


SURROUNDINGS = (
    Deed("kill -9 of the orchestrator", kill_orchestrator, lasts=1),
    Deed("Redis killed", kill_redis, lasts=3),
    Deed("Redis down for 20 s", kill_redis, lasts=20),
    Deed("Redis frozen for 15 s", freeze_redis, lasts=15),
    Deed("Redis flushed", flush_redis),
    Deed("Redis out of memory", fill_redis, lasts=10),
    Deed("Redis connections cut", cut_redis_clients),
    Deed("doorbells doubled and reversed", double_doorbells),
    Deed("doorbells delayed", delay_doorbells),
    Deed("foreign messages", foreign_messages),
    Deed("record locked for 10 s", lock_sqlite, lasts=10, database="sqlite"),
    Deed("record restarted", restart_postgresql, lasts=3, database="postgresql"),
    Deed("record's connections cut", cut_postgresql, database="postgresql"),
    Deed("portal restarted", restart_portal, lasts=2, may_blind=True),
    Deed("sessions expired", expire_sessions),
    Deed("results/ not writable", fill_results, lasts=3),
    Deed("disk full for 5 s", fill_disk, lasts=5, disk=True),
    Deed("disk holds still for 8 s", hold_disk_still, lasts=8, disk=True),
    Deed("the task's time is up", let_time_be_up),
    Deed("cancelled", cancel),
)
"""What can happen around it, at any point."""

RIVALS = (
    Deed("somebody else approves", somebody_else_approves),
    Deed("somebody else rejects", somebody_else_rejects),
)
"""What another officer does to the very batch."""
