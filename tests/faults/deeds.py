"""What the suite does to a system while a process of it stands at a fail point.

A deed strikes at once and may have to be healed later: what was killed comes back as under a
supervisor, what was frozen goes on, what was broken is mended.
"""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

import psutil
import redis

from shared.contracts import TASK_QUEUE
from tests.faults.system_under_fault import SystemUnderFault, browser_of, signal_all, wait_until
from tests.faults.traps import Hit

LEASE = 4.0
FROZEN_SECONDS = 3 * LEASE
LOST_SECONDS = 40.0
"""Longer than a silent worker is believed to live."""
SERVE_SECONDS = 60.0

Heal = Callable[[], None]


def _nothing() -> None:
    """There is nothing to mend."""


@dataclass(frozen=True)
class Deed:
    """One kind of fault. `strike` gets the system and who stands where, and says how to heal it.

    It is healed `lasts` seconds later. `may_blind`: the portal may be unreadable for so long that
    `unverified` is the honest word. `database`: it makes sense on this one only.
    """

    name: str
    strike: Callable[[SystemUnderFault, Hit], Heal]
    lasts: float = 0.0
    may_blind: bool = False
    database: str | None = None


def kill_child(_: SystemUnderFault, hit: Hit) -> Heal:
    """The pool child dies where it stands."""
    psutil.Process(hit.pid).kill()
    return _nothing


def kill_worker(here: SystemUnderFault, hit: Hit) -> Heal:
    """The whole worker dies; the kernel takes its children along."""
    worker = here.worker_of(hit.parent)
    here.take_down(worker)
    return lambda: here.bring_back(worker)


def kill_orchestrator(here: SystemUnderFault, _: Hit) -> Heal:
    """The only orchestrator dies, and its dispatcher with it."""
    orchestrator = here.system.orchestrators[0]
    here.take_down(orchestrator)
    return lambda: here.bring_back(orchestrator)


def kill_browser(_: SystemUnderFault, hit: Hit) -> Heal:
    """Chromium dies under the child's hands, its driver lives on."""
    signal_all([p for p in browser_of(hit.pid) if "driver" not in p.name()], signal.SIGKILL)
    return _nothing


def kill_driver(_: SystemUnderFault, hit: Hit) -> Heal:
    """The driver dies, its browser lives on."""
    signal_all([p for p in browser_of(hit.pid) if "driver" in p.name()], signal.SIGKILL)
    return _nothing


def freeze_browser(_: SystemUnderFault, hit: Hit) -> Heal:
    """The browser hangs for ever."""
    signal_all(browser_of(hit.pid), signal.SIGSTOP)
    return _nothing


def freeze_child(_: SystemUnderFault, hit: Hit) -> Heal:
    """The child stops for longer than its lease while its browser goes on; then it wakes up."""
    return _frozen([psutil.Process(hit.pid)])


def freeze_child_and_browser(_: SystemUnderFault, hit: Hit) -> Heal:
    """The child stops for longer than its lease, and its browser with it."""
    return _frozen([psutil.Process(hit.pid), *browser_of(hit.pid)])


def freeze_worker(_: SystemUnderFault, hit: Hit) -> Heal:
    """The whole worker stops for longer than its lease; its browsers go on."""
    parent = psutil.Process(hit.parent)
    return _frozen([parent, *parent.children()])


def freeze_worker_and_browsers(_: SystemUnderFault, hit: Hit) -> Heal:
    """The whole machine of a worker stops for longer than its lease."""
    parent = psutil.Process(hit.parent)
    return _frozen([parent, *parent.children(recursive=True)])


def lose_machine(here: SystemUnderFault, hit: Hit) -> Heal:
    """The whole machine of a worker stops for so long that it is given up; then it is back."""
    return freeze_worker_and_browsers(here, hit)


def terminate_worker(here: SystemUnderFault, hit: Hit) -> Heal:
    """The worker is asked to leave: it finishes what it has in hand; then it comes back."""
    worker = here.worker_of(hit.parent)
    here.down.add(worker.name)
    worker.terminate()

    def come_back() -> None:
        worker.wait(SERVE_SECONDS)
        here.bring_back(worker)

    return come_back


def _frozen(processes: list[psutil.Process]) -> Heal:
    signal_all(processes, signal.SIGSTOP)
    return lambda: signal_all(processes, signal.SIGCONT)


def kill_redis(here: SystemUnderFault, _: Hit) -> Heal:
    """Redis dies and comes back with what its append-only file kept."""
    here.take_down(here.system.redis)
    return lambda: here.bring_back(here.system.redis)


def freeze_redis(here: SystemUnderFault, _: Hit) -> Heal:
    """Redis answers nobody."""
    here.system.redis.freeze()
    return here.system.redis.thaw


def flush_redis(here: SystemUnderFault, _: Hit) -> Heal:
    """Redis forgets everything: doorbells, wake-ups, results."""
    with redis.Redis.from_url(here.system.redis_url) as client:
        client.flushall()
    return _nothing


def fill_redis(here: SystemUnderFault, _: Hit) -> Heal:
    """Redis is out of memory and takes no writes."""
    _configure_redis(here, maxmemory="1", policy="noeviction")
    return lambda: _configure_redis(here, maxmemory="0", policy="noeviction")


def cut_redis_clients(here: SystemUnderFault, _: Hit) -> Heal:
    """Redis closes every connection."""
    with redis.Redis.from_url(here.system.redis_url) as client:
        for kind in ("normal", "pubsub"):
            client.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
    return _nothing


def _configure_redis(here: SystemUnderFault, *, maxmemory: str, policy: str) -> None:
    with redis.Redis.from_url(here.system.redis_url) as client:
        client.config_set("maxmemory-policy", policy)
        client.config_set("maxmemory", maxmemory)


def double_doorbells(here: SystemUnderFault, _: Hit) -> Heal:
    """Every doorbell in the queue is there twice, and in the wrong order."""
    with redis.Redis.from_url(here.system.redis_url) as client:
        waiting = client.lrange(TASK_QUEUE, 0, -1)
        for message in waiting:
            client.rpush(TASK_QUEUE, message)
    return _nothing


def foreign_messages(here: SystemUnderFault, _: Hit) -> Heal:
    """Somebody else's messages, and some that are none, lie in our queue."""
    with redis.Redis.from_url(here.system.redis_url) as client:
        for message in ("", "no json", "[]", "{}", '{"body": "!", "headers": {"task": "other"}}'):
            client.lpush(TASK_QUEUE, message)
    return _nothing


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
    return _nothing


def restart_portal(here: SystemUnderFault, _: Hit) -> Heal:
    """The portal goes down; back again it has forgotten every session."""
    here.take_down(here.system.portal)
    return lambda: here.bring_back(here.system.portal)


def expire_sessions(here: SystemUnderFault, _: Hit) -> Heal:
    """The portal logs everybody out."""
    here.ask_truth("POST", "/truth/sessions/expire")
    return _nothing


def somebody_else_approves(here: SystemUnderFault, hit: Hit) -> Heal:
    """Another officer approves the same batch at the same moment."""
    key, _ = hit.about
    here.ask_truth("POST", f"/truth/batches/{key}/approve", {"by": "r.menon", "remark": ""})
    return _nothing


def somebody_else_rejects(here: SystemUnderFault, hit: Hit) -> Heal:
    """Another officer rejects the same batch at the same moment."""
    key, _ = hit.about
    here.ask_truth("POST", f"/truth/batches/{key}/reject", {"by": "r.menon", "remark": ""})
    return _nothing


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


def cancel(here: SystemUnderFault, hit: Hit) -> Heal:
    """Somebody cancels the task."""
    here.steer("cancel", hit.about[-1])
    return _nothing


def fail(here: SystemUnderFault, hit: Hit) -> Heal:
    """An error nobody foresaw is raised where the process stands."""
    here.traps.release(hit, with_error=True)
    return _nothing


def wait_for_another(here: SystemUnderFault, hit: Hit) -> Heal:
    """Whoever stands here goes on at the moment at which somebody else stands somewhere too."""
    wait_until(
        "somebody else stands at a point",
        lambda: any(other.pid != hit.pid for other in here.traps.hits()),
        SERVE_SECONDS,
    )
    return _nothing


PROCESS_DEEDS = (
    Deed("kill -9 of a pool child", kill_child),
    Deed("kill -9 of a worker", kill_worker, lasts=1),
    Deed("kill -9 of the browser", kill_browser),
    Deed("kill -9 of the driver", kill_driver),
    Deed("hanging browser", freeze_browser, may_blind=True),
    Deed("frozen child", freeze_child, lasts=FROZEN_SECONDS),
    Deed("frozen child and browser", freeze_child_and_browser, lasts=FROZEN_SECONDS),
    Deed("frozen worker", freeze_worker, lasts=FROZEN_SECONDS),
    Deed("frozen worker and browsers", freeze_worker_and_browsers, lasts=FROZEN_SECONDS),
    Deed("worker's machine lost", lose_machine, lasts=LOST_SECONDS),
    Deed("SIGTERM to a worker", terminate_worker, lasts=1),
    Deed("unforeseen error", fail),
)
"""What can happen to the process that stands at a point."""

SURROUNDINGS = (
    Deed("kill -9 of the orchestrator", kill_orchestrator, lasts=1),
    Deed("Redis killed", kill_redis, lasts=3),
    Deed("Redis down for 20 s", kill_redis, lasts=20),
    Deed("Redis frozen for 15 s", freeze_redis, lasts=15),
    Deed("Redis flushed", flush_redis),
    Deed("Redis out of memory", fill_redis, lasts=10),
    Deed("Redis connections cut", cut_redis_clients),
    Deed("doorbells doubled and reversed", double_doorbells),
    Deed("foreign messages", foreign_messages),
    Deed("record locked for 10 s", lock_sqlite, lasts=10, database="sqlite"),
    Deed("record restarted", restart_postgresql, lasts=3, database="postgresql"),
    Deed("record's connections cut", cut_postgresql, database="postgresql"),
    Deed("portal restarted", restart_portal, lasts=2, may_blind=True),
    Deed("sessions expired", expire_sessions),
    Deed("results/ not writable", fill_results, lasts=3),
    Deed("cancelled", cancel),
)
"""What can happen around it, at any point."""

RIVALS = (
    Deed("somebody else approves", somebody_else_approves),
    Deed("somebody else rejects", somebody_else_rejects),
)
"""What another officer does to the very batch."""
