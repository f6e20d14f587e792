"""What speaks against the demo's proof: any of it is an exit status that is not 0."""

from __future__ import annotations

from typing import Any

import pytest

from launcher.demo import doubts

RESULT = {"result": {"counts": {"approved": 3}}, "error": None}
TRUTH = {"approved": 3, "double_approved": 0, "approvals": 3, "approve_posts": 3}


def test_counts_that_agree_leave_no_doubt() -> None:
    """Each of three batches was approved once, by one request."""
    # Given a result and a truth that say the same
    # When they are compared
    # Then nothing speaks against it
    assert list(doubts(RESULT, TRUTH, batches=3)) == []


@pytest.mark.parametrize(
    ("result", "truth", "told"),
    [
        ({"error": "login_refused"}, {}, "the task failed: login_refused"),
        ({"result": {"counts": {}}}, {}, "the portal counts 3 approved batches and we count 0"),
        ({"result": {"counts": {"approved": 2}}}, {"approved": 2}, "2 of 3 batches are approved"),
        ({}, {"double_approved": 1}, "1 batches were approved more than once"),
        ({}, {"approvals": 4}, "0 batches were approved more than once"),
        ({}, {"approve_posts": 4}, "the portal received 4 requests to approve"),
    ],
)
def test_whatever_speaks_against_it_is_told(
    result: dict[str, Any], truth: dict[str, Any], told: str
) -> None:
    """One line each."""
    # Given a result or a truth that is otherwise
    # When they are compared
    # Then that is what is told
    assert list(doubts({**RESULT, **result}, {**TRUTH, **truth}, batches=3)) == [told]
