"""Faults strike where and as often as they were asked to, and count it."""

from typing import Any

import pytest
from pydantic import ValidationError

from esc_simulator import faults
from esc_simulator.faults import Fault, Faults


def _in_force(*asked: Fault) -> Faults:
    in_force = Faults()
    in_force.replace(list(asked))
    return in_force


def test_without_faults_nothing_strikes() -> None:
    assert Faults().fire(faults.RESPONSE_LOST, "BATCH001") is None


def test_a_fault_strikes_until_it_is_removed_and_counts() -> None:
    fault = Fault(kind=faults.RESPONSE_LOST)
    in_force = _in_force(fault)

    assert [in_force.fire(faults.RESPONSE_LOST, "BATCH001") for _ in range(3)] == [fault] * 3
    assert [shown.fired for shown in in_force.listing()] == [3]

    in_force.replace([])
    assert in_force.fire(faults.RESPONSE_LOST, "BATCH001") is None


def test_a_fault_with_times_strikes_so_often_and_stays_listed() -> None:
    fault = Fault(kind=faults.RESPONSE_LOST, times=2)
    in_force = _in_force(fault)

    struck = [in_force.fire(faults.RESPONSE_LOST, "BATCH001") for _ in range(3)]

    assert struck == [fault, fault, None]
    assert [shown.fired for shown in in_force.listing()] == [2]


def test_a_fault_for_one_batch_leaves_the_others_and_other_pages_alone() -> None:
    in_force = _in_force(Fault(kind=faults.LATENCY, ms=5, batch_id="BATCH002"))

    assert in_force.fire(faults.LATENCY, "BATCH001") is None
    assert in_force.fire(faults.LATENCY, None) is None
    assert in_force.fire(faults.LATENCY, "BATCH002") is not None


def test_one_moment_is_struck_by_one_fault_the_first_unspent() -> None:
    first = Fault(kind=faults.LATENCY, ms=5, times=1)
    second = Fault(kind=faults.LATENCY, ms=9)
    in_force = _in_force(first, second)

    assert [in_force.fire(faults.LATENCY, None) for _ in range(2)] == [first, second]
    assert [shown.fired for shown in in_force.listing()] == [1, 1]


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "flood"},
        {"kind": faults.LATENCY},
        {"kind": faults.LATENCY, "ms": -1},
        {"kind": faults.RESPONSE_LOST, "ms": 5},
        {"kind": faults.RESPONSE_LOST, "times": 0},
        {"kind": faults.RESPONSE_LOST, "batch": "BATCH001"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate(asked)
