"""When a failed attempt is tried again: exponential backoff with full jitter."""

from __future__ import annotations

import random
from datetime import timedelta

BASE_SECONDS = 1.0
LONGEST_SECONDS = 60.0


def backoff(attempt: int, chance: random.Random | None = None) -> timedelta:
    """How long to wait after attempt number `attempt` (from 1) failed.

    Between half and the whole of 2, 4, 8 ... seconds, at most a minute, so that many items that
    failed together do not come back together.
    """
    ceiling = min(LONGEST_SECONDS, BASE_SECONDS * 2.0**attempt)
    return timedelta(seconds=ceiling * (0.5 + (chance or random.Random()).random() / 2))
