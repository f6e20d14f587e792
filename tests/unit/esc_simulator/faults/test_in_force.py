"""Faults strike where, when and as often as they were asked to, and count it."""

from esc_simulator.faults.answers import Hang, Latency, ResponseLost, ServerError
from esc_simulator.faults.batch_page import Polling
from esc_simulator.faults.fault import Fault
from esc_simulator.faults.in_force import Faults


def _in_force(*asked: Fault) -> Faults:
    in_force = Faults()
    in_force.replace(list(asked))
    return in_force


def _counts(in_force: Faults) -> list[int]:
    return [shown["fired"] for shown in in_force.listing()]


def test_without_faults_nothing_strikes() -> None:
    assert not Faults()
    assert Faults().fire(ResponseLost, "BATCH001") is None


def test_a_fault_strikes_until_it_is_removed_and_counts() -> None:
    fault = ResponseLost()
    in_force = _in_force(fault)

    assert [in_force.fire(ResponseLost, "BATCH001") for _ in range(3)] == [fault] * 3
    assert _counts(in_force) == [3]

    in_force.replace([])
    assert in_force.fire(ResponseLost, "BATCH001") is None


def test_a_fault_with_times_strikes_so_often_and_stays_listed() -> None:
    fault = ResponseLost(times=2)
    in_force = _in_force(fault)

    struck = [in_force.fire(ResponseLost, "BATCH001") for _ in range(3)]

    assert struck == [fault, fault, None]
    assert _counts(in_force) == [2]


def test_a_fault_for_one_batch_leaves_the_others_and_other_pages_alone() -> None:
    in_force = _in_force(Latency(ms=5, batch_id="BATCH002"))

    assert in_force.fire(Latency, "BATCH001") is None
    assert in_force.fire(Latency, None) is None
    assert in_force.fire(Latency, "BATCH002") is not None


def test_a_fault_at_one_step_leaves_the_other_steps_alone() -> None:
    in_force = _in_force(ServerError(step="stored"))

    assert in_force.fire(ServerError, "BATCH001", "approve") is None
    assert in_force.fire(Hang, "BATCH001", "stored") is None
    assert in_force.fire(ServerError, "BATCH001", "stored") is not None
    assert _counts(in_force) == [1]


def test_a_fault_of_the_page_comes_with_both_loads_or_with_one() -> None:
    always = _in_force(Polling())
    once = _in_force(Polling(step="read_back"))

    assert always.fire(Polling, "BATCH001", "look") is not None
    assert always.fire(Polling, "BATCH001", "read_back") is not None
    assert once.fire(Polling, "BATCH001", "look") is None
    assert once.fire(Polling, "BATCH001", "read_back") is not None


def test_one_moment_is_struck_by_one_fault_the_first_unspent() -> None:
    first = Latency(ms=5, times=1)
    second = Latency(ms=9)
    in_force = _in_force(first, second)

    assert [in_force.fire(Latency, None) for _ in range(2)] == [first, second]
    assert _counts(in_force) == [1, 1]
