"""The flag by which a worker tells its children to leave."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection

from worker_service.shared_flag import SharedFlag

FORK = multiprocessing.get_context("fork")
KILLED = 10
PATIENCE = 30.0


def look_for_ever(flag: SharedFlag, began: Connection) -> None:
    flag.is_set()
    began.send(True)
    while True:
        flag.is_set()


def expect_it_raised(flag: SharedFlag) -> None:
    raise SystemExit(0 if flag.is_set() else 1)


def test_children_killed_while_they_look_keep_nobody_from_looking() -> None:
    flag = SharedFlag()
    for _ in range(KILLED):
        ours, theirs = FORK.Pipe()
        child = FORK.Process(target=look_for_ever, args=(flag, theirs), daemon=True)
        child.start()
        assert ours.poll(PATIENCE)
        child.kill()
        child.join(PATIENCE)

    flag.set()
    last = FORK.Process(target=expect_it_raised, args=(flag,), daemon=True)
    last.start()
    last.join(PATIENCE)

    assert last.exitcode == 0


def test_a_flag_raised_after_the_fork_is_seen_by_the_child() -> None:
    flag = SharedFlag()
    ours, theirs = FORK.Pipe()

    def tell_when_raised() -> None:
        theirs.send(flag.is_set())
        theirs.recv()
        theirs.send(flag.is_set())

    child = FORK.Process(target=tell_when_raised, daemon=True)
    child.start()
    before = ours.recv()
    flag.set()
    ours.send(None)
    after = ours.recv()
    child.join(PATIENCE)

    assert (before, after) == (False, True)
