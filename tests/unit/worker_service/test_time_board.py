"""What a pool child says of its time, and what its parent reads."""

from __future__ import annotations

import math
import multiprocessing

from worker_service.time_board import Busy, TimeBoard


def test_who_is_busy_is_overdue_from_its_moment_on_and_not_before() -> None:
    board = TimeBoard(2)
    place = board.place(1)

    with place.busy(7, 100.0):
        assert board.overdue(100.0) == []
        (busy,) = board.overdue(100.5)
    assert (busy.item_id, busy.until) == (7, 100.0)
    assert board.overdue(math.inf) == []


def test_more_time_counts_only_while_there_is_something_to_do() -> None:
    board = TimeBoard(1)
    place = board.place(0)

    with place.busy(7, 100.0):
        place.move(200.0)
        assert board.overdue(150.0) == []
        assert len(board.overdue(201.0)) == 1
    place.move(0.0)

    assert board.overdue(1000.0) == []


def test_a_child_in_the_place_of_another_has_nothing_to_do_with_its_time() -> None:
    board = TimeBoard(1)
    with board.place(0).busy(7, 100.0):
        board.place(0)
        assert board.overdue(1000.0) == []


def test_a_parent_reads_what_its_child_has_written() -> None:
    board = TimeBoard(1)
    fork = multiprocessing.get_context("fork")
    gone = fork.Event()

    def work() -> None:
        with board.place(0).busy(7, 100.0):
            gone.set()
            fork.Event().wait()

    child = fork.Process(target=work, daemon=True)
    child.start()
    assert gone.wait(30)

    assert board.overdue(101.0) == [Busy(child.pid or 0, 7, 100.0)]
    child.kill()
    child.join()
