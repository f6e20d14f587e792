"""What may follow what: every pair of states, as the diagram draws it."""

from __future__ import annotations

from itertools import product

import pytest

from shared.errors import TransitionRefused
from shared.task_state import (
    ALLOWED_TRANSITIONS,
    FINAL_STATES,
    OPEN_STATES,
    PUBLIC_STATUS,
    ItemStatus,
    TaskState,
    transition,
)

PENDING, RUNNING, AWAITING, CANCELLING, COMPLETED, FAILED, CANCELLED = TaskState

DRAWN = {
    (PENDING, RUNNING),
    (PENDING, CANCELLED),
    (PENDING, FAILED),
    (RUNNING, AWAITING),
    (RUNNING, CANCELLING),
    (RUNNING, COMPLETED),
    (RUNNING, FAILED),
    (AWAITING, RUNNING),
    (AWAITING, CANCELLING),
    (CANCELLING, CANCELLED),
}
"""Written out once more, so that a changed table must be meant."""


@pytest.mark.parametrize(("current", "wanted"), list(product(TaskState, TaskState)))
def test_a_task_goes_only_where_the_diagram_has_an_arrow(
    current: TaskState, wanted: TaskState
) -> None:
    if (current, wanted) in DRAWN:
        assert transition(current, wanted) is wanted
    else:
        with pytest.raises(TransitionRefused) as refused:
            transition(current, wanted)
        assert current.value in refused.value.message
        assert wanted.value in refused.value.message


def test_every_state_can_be_reached_and_left_unless_it_is_final() -> None:
    reached = {PENDING}
    while (more := reached.union(*(ALLOWED_TRANSITIONS[state] for state in reached))) != reached:
        reached = more

    assert reached == set(TaskState)
    for state in OPEN_STATES:
        assert ALLOWED_TRANSITIONS[state]


def test_a_task_ends_completed_failed_or_cancelled() -> None:
    assert {COMPLETED, FAILED, CANCELLED} == FINAL_STATES
    assert {state for state in TaskState if state.is_final} == FINAL_STATES
    assert FINAL_STATES.isdisjoint(OPEN_STATES)
    assert set(TaskState) == FINAL_STATES | OPEN_STATES


def test_dashboards_see_the_four_words_they_know() -> None:
    assert {state: state.status for state in TaskState} == PUBLIC_STATUS
    assert set(PUBLIC_STATUS.values()) == {"pending", "running", "completed", "failed"}
    assert AWAITING.status == CANCELLING.status == "running"
    assert CANCELLED.status == "failed"


def test_an_item_has_an_outcome_unless_something_is_still_to_be_done_for_it() -> None:
    without = {status for status in ItemStatus if not status.is_outcome}

    assert without == {ItemStatus.NEW, ItemStatus.IN_PROGRESS, ItemStatus.REVIEWED}
