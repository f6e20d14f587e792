"""What the suite does to the process that stands at a fail point, and to its kin.

A deed strikes at once and may have to be healed later: what was killed comes back as under a
supervisor, what was frozen goes on, what was broken is mended.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from tests.faults.system_under_fault import (
    SystemUnderFault,
    browser_of,
    is_alive,
    signal_all,
    wait_until,
)
from tests.faults.traps import RAISE, Hit, move_clock

LEASE = 4.0
FROZEN_SECONDS = 3 * LEASE
LOST_SECONDS = 40.0
"""Longer than a silent worker is believed to live."""
SERVE_SECONDS = 60.0
CLOCK_SECONDS = 2 * 3600.0
CLOCK_LASTS = 8.0

CRASH_SECONDS = 15.0
LOST_MACHINE_SECONDS = 45.0
"""Within which other items go on after a crashed child, and after a lost machine."""

Heal = Callable[[], None]


class MissedError(Exception):
    """A deed met nothing that it could have been done to."""


def nothing() -> None:
    """There is nothing to mend."""


@dataclass(frozen=True)
class Deed:
    """One kind of fault. `strike` gets the system and who stands where, and says how to heal it.

    It is healed `lasts` seconds later. `may_blind`: the portal may be unreadable for so long that
    `unverified` is the honest word for the batch that is struck. `database`: it makes sense on
    this one only. `next_item_within`: seconds that were promised. `moves_clock`: seconds by which
    a time that was noted may be wrong. `disk`: it needs a disk of its own (small_disk.py). `strike`
    raises MissedError where there was nothing to do.
    """

    name: str
    strike: Callable[[SystemUnderFault, Hit], Heal]
    lasts: float = 0.0
    may_blind: bool = False
    database: str | None = None
    next_item_within: float | None = None
    moves_clock: float = 0.0
    disk: bool = False


def kill_child(_: SystemUnderFault, hit: Hit) -> Heal:
    """The pool child dies where it stands."""
    psutil.Process(hit.pid).kill()
    return nothing


def kill_worker(here: SystemUnderFault, hit: Hit) -> Heal:
    """The whole worker dies; the kernel takes its children along."""
    worker = here.worker_of(hit.parent)
    here.take_down(worker)
    return lambda: here.bring_back(worker)


def kill_browser(_: SystemUnderFault, hit: Hit) -> Heal:
    """Chromium dies under the child's hands, its driver lives on."""
    signal_all([p for p in browser_of(hit.pid) if "driver" not in p.name()], signal.SIGKILL)
    return nothing


def kill_driver(_: SystemUnderFault, hit: Hit) -> Heal:
    """The driver dies, its browser lives on."""
    signal_all([p for p in browser_of(hit.pid) if "driver" in p.name()], signal.SIGKILL)
    return nothing


def freeze_browser(_: SystemUnderFault, hit: Hit) -> Heal:
    """The browser hangs for ever."""
    signal_all(browser_of(hit.pid), signal.SIGSTOP)
    return nothing


def freeze_driver(_: SystemUnderFault, hit: Hit) -> Heal:
    """The driver hangs for ever, its browser goes on."""
    signal_all([p for p in browser_of(hit.pid) if "driver" in p.name()], signal.SIGSTOP)
    return nothing


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


def fail(here: SystemUnderFault, hit: Hit) -> Heal:
    """An error nobody foresaw is raised where the process stands."""
    here.traps.release(hit, word=RAISE)
    return nothing


def put_clock_forward(here: SystemUnderFault, hit: Hit) -> Heal:
    """The process goes by a wall clock that is two hours ahead, and then right again."""
    here.traps.release(hit, word=move_clock(CLOCK_SECONDS, CLOCK_LASTS))
    return nothing


def put_clock_back(here: SystemUnderFault, hit: Hit) -> Heal:
    """The process goes by a wall clock that is two hours behind, and then right again."""
    here.traps.release(hit, word=move_clock(-CLOCK_SECONDS, CLOCK_LASTS))
    return nothing


def hold_until_the_browser_is_ended(_: SystemUnderFault, hit: Hit) -> Heal:
    """The child stands still until the time for its item is over and its browser was ended."""
    browser = [each for each in browser_of(hit.pid) if "driver" in each.name()]
    wait_until("the browser is ended", lambda: not any(map(_runs, browser)), SERVE_SECONDS)
    return nothing


def _runs(process: psutil.Process) -> bool:
    return is_alive(process.pid)


def wait_for_another(here: SystemUnderFault, hit: Hit) -> Heal:
    """Whoever stands here goes on at the moment at which somebody else stands somewhere too."""
    wait_until(
        "somebody else stands at a point",
        lambda: any(other.pid != hit.pid for other in here.traps.hits()),
        SERVE_SECONDS,
    )
    return nothing


PROCESS_DEEDS = (
    Deed("kill -9 of a pool child", kill_child, next_item_within=CRASH_SECONDS),
    Deed("kill -9 of a worker", kill_worker, lasts=1),
    Deed("kill -9 of the browser", kill_browser),
    Deed("kill -9 of the driver", kill_driver),
    Deed("hanging browser", freeze_browser, may_blind=True),
    Deed("frozen driver", freeze_driver),
    Deed("frozen child", freeze_child, lasts=FROZEN_SECONDS),
    Deed("frozen child and browser", freeze_child_and_browser, lasts=FROZEN_SECONDS),
    Deed("frozen worker", freeze_worker, lasts=FROZEN_SECONDS),
    Deed("frozen worker and browsers", freeze_worker_and_browsers, lasts=FROZEN_SECONDS),
    Deed(
        "worker's machine lost",
        lose_machine,
        lasts=LOST_SECONDS,
        next_item_within=LOST_MACHINE_SECONDS,
    ),
    Deed("SIGTERM to a worker", terminate_worker, lasts=1),
    Deed("unforeseen error", fail),
    Deed("wall clock 2 h ahead", put_clock_forward, lasts=CLOCK_LASTS, moves_clock=CLOCK_SECONDS),
    Deed("wall clock 2 h behind", put_clock_back, lasts=CLOCK_LASTS, moves_clock=CLOCK_SECONDS),
)
"""What can happen to the process that stands at a point."""
