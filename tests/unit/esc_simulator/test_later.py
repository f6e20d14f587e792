"""What the portal does by itself in a while is counted until it is done."""

import threading

from esc_simulator.later import Deed, Later

PATIENCE_SECONDS = 30.0


def test_a_deed_is_counted_for_its_batch_until_it_is_done() -> None:
    later = Later()
    may_go_on, is_done = threading.Event(), threading.Event()

    def do() -> None:
        may_go_on.wait(PATIENCE_SECONDS)
        is_done.set()

    later.plan(0, Deed.LATE_DECISION, "BATCH001", do)
    assert later.waiting(Deed.LATE_DECISION) == {"BATCH001": 1}
    assert later.waiting(Deed.MOVE) == {}

    may_go_on.set()
    assert is_done.wait(PATIENCE_SECONDS)
    later.close()
    assert later.waiting(Deed.LATE_DECISION) == {}


def test_a_portal_that_ends_forgets_what_waits() -> None:
    later = Later()
    done: list[str] = []
    later.plan(3600, Deed.MOVE, "BATCH001", lambda: done.append("BATCH001"))

    later.close()

    assert done == []
