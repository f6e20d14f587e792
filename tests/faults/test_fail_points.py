"""Fail points hold exactly who is meant, and nobody when nothing is armed."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.faults.fail_points import FailPoints, HeldUpError
from tests.faults.traps import Trap, Traps, move_clock

SECONDS = 20.0
TWO_HOURS = 7200.0


def pass_by(folder: Path, point: str, *about: str) -> None:
    """Be a process that comes to a point."""
    FailPoints(folder).reach(point, *about)


def start(folder: Path, point: str, *about: str) -> multiprocessing.Process:
    """A process of its own on its way to a point."""
    process = multiprocessing.Process(target=pass_by, args=(folder, point, *about), daemon=True)
    process.start()
    return process


def test_nobody_is_held_where_nothing_is_armed(tmp_path: Path) -> None:
    """Other points and other batches pass."""
    # Given a trap for one batch at one point
    traps = Traps(tmp_path)
    traps.arm(Trap("before_click", "B1"))
    points = FailPoints(tmp_path)

    # When others come by
    points.reach("before_click", "B2", "t")
    points.reach("after_click", "B1", "t")

    # Then nobody was held
    assert traps.hits() == []


def test_who_is_held_goes_on_when_let_go(tmp_path: Path) -> None:
    """The suite learns who stands there, and the process waits for its word."""
    # Given a process that comes to an armed point
    traps = Traps(tmp_path)
    trap = traps.arm(Trap("before_click", "B1"))
    process = start(tmp_path, "before_click", "B1", "t")

    # When it is held and let go
    hit = traps.new_hit(trap, SECONDS)
    assert hit is not None
    held = process.is_alive()
    traps.release(hit)
    process.join(SECONDS)

    # Then it stood there until then, and went on after
    assert held
    assert (hit.pid, hit.about) == (process.pid, ("B1", "t"))
    assert process.exitcode == 0


def test_only_the_nth_is_held_whichever_process_it_is(tmp_path: Path) -> None:
    """The count is kept over all processes."""
    # Given a trap for whoever comes second
    traps = Traps(tmp_path)
    trap = traps.arm(Trap("after_look", nth=2))

    # When three processes come by one after the other
    first = start(tmp_path, "after_look", "B1")
    first.join(SECONDS)
    second = start(tmp_path, "after_look", "B2")
    hit = traps.new_hit(trap, SECONDS)
    third = start(tmp_path, "after_look", "B3")
    third.join(SECONDS)
    traps.disarm()
    second.join(SECONDS)

    # Then the second was held
    assert hit is not None
    assert hit.about == ("B2",)
    assert [each.exitcode for each in (first, second, third)] == [0, 0, 0]


def test_an_error_can_be_raised_at_a_point(tmp_path: Path) -> None:
    """As if something failed there that nobody foresaw."""
    # Given a trap whose hit is already answered with an error
    traps = Traps(tmp_path)
    trap = traps.arm(Trap("after_look"))
    (tmp_path / f"{trap.id}.1.go").write_text("raise")

    # When somebody comes by
    # Then it is raised there
    with pytest.raises(HeldUpError):
        FailPoints(tmp_path).reach("after_look")


def tell_the_time(folder: Path, told: Connection) -> None:
    """Be a process that looks at the clock before a point, after it, and once it is right again."""
    shown = [time.time()]
    FailPoints(folder).reach("before_click", "B1", "t")
    shown.append(time.time())
    ends = time.monotonic() + SECONDS
    while time.time() - shown[0] > TWO_HOURS / 2 and time.monotonic() < ends:
        time.sleep(0.01)
    told.send([*shown, time.time()])


def test_who_is_held_can_be_sent_on_by_a_wrong_clock(tmp_path: Path) -> None:
    """Forth and back again, in that process alone."""
    # Given a process that is held
    traps = Traps(tmp_path)
    trap = traps.arm(Trap("before_click", "B1"))
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=tell_the_time, args=(tmp_path, theirs), daemon=True)
    process.start()
    hit = traps.new_hit(trap, SECONDS)
    assert hit is not None

    # When it is let go with its clock two hours ahead for a moment
    traps.release(hit, word=move_clock(TWO_HOURS, lasts=0.5))

    # Then that is what it sees, and the right time afterwards
    assert ours.poll(SECONDS)
    before, at_once, in_the_end = ours.recv()
    process.join(SECONDS)
    assert at_once - before >= TWO_HOURS
    assert in_the_end - before < TWO_HOURS / 2
