"""When a failed attempt is tried again."""

from __future__ import annotations

import random

from worker_service.retry_policy import LONGEST_SECONDS, backoff


def test_the_wait_doubles_and_is_never_less_than_half_of_it() -> None:
    for attempt, ceiling in ((1, 2), (2, 4), (3, 8), (4, 16)):
        waits = [backoff(attempt, random.Random(seed)).total_seconds() for seed in range(50)]
        assert all(ceiling / 2 <= wait <= ceiling for wait in waits)


def test_items_that_failed_together_do_not_come_back_together() -> None:
    waits = {backoff(3, random.Random(seed)) for seed in range(50)}

    assert len(waits) > 40


def test_the_wait_never_exceeds_a_minute() -> None:
    assert backoff(500).total_seconds() <= LONGEST_SECONDS
