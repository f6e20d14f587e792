"""What one process does at a time: nobody else does it meanwhile, and a death ends the turn."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from shared.record import Record
from shared.record.mutual_exclusion import Work, alone
from tests.integration.record.processes import frozen, together

TURNS = 20


def count_alone(url: str, counter: str) -> None:
    """Add to a number in a file, in a way that loses counts unless it is done alone."""
    record = Record(url)
    for _ in range(TURNS):
        with alone(record, Work.KEEPING_EVIDENCE, patience=60), open(counter, "r+") as file:
            number = int(file.read() or 0)
            file.seek(0)
            file.write(str(number + 1))
    record.close()


def hold_and_freeze(url: str) -> None:
    """Take the turn and stop, as a frozen process does."""
    record = Record(url)
    with alone(record, Work.KEEPING_EVIDENCE):
        os.kill(os.getpid(), signal.SIGSTOP)


def test_processes_take_turns(record_url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    counter = tmp_path_factory.mktemp("counter") / "number"
    counter.touch()

    together(count_alone, [(record_url, str(counter))] * 3)

    assert int(counter.read_text()) == 3 * TURNS


def test_a_turn_that_does_not_come_is_given_up_and_a_death_ends_one(record_url: str) -> None:
    record = Record(record_url)
    with (
        frozen(hold_and_freeze, (record_url,)),
        pytest.raises(TimeoutError),
        alone(record, Work.KEEPING_EVIDENCE, patience=0.2),
    ):
        raise AssertionError("the turn was somebody else's")

    with alone(record, Work.KEEPING_EVIDENCE, patience=60):
        record.close()


def test_threads_of_one_process_take_turns_too(record: Record) -> None:
    refused = threading.Event()

    def want() -> None:
        try:
            with alone(record, Work.KEEPING_EVIDENCE, patience=0.1):
                pass
        except TimeoutError:
            refused.set()

    with alone(record, Work.KEEPING_EVIDENCE):
        thread = threading.Thread(target=want)
        thread.start()
        thread.join(60)

    assert refused.is_set()


def test_different_work_goes_on_at_the_same_time(record: Record) -> None:
    with alone(record, Work.MIGRATING), alone(record, Work.KEEPING_EVIDENCE, patience=0.1):
        pass
