"""Patterns of origins."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_service.middleware import origin_pattern


def test_without_a_star_there_is_no_pattern() -> None:
    assert origin_pattern(["http://localhost:3000", "*"]) is None


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(codec="ascii"), max_size=20))
def test_a_star_stands_for_host_labels_and_nothing_else(middle: str) -> None:
    pattern = origin_pattern(["https://*.lovable.app", "http://other.*"])
    assert pattern is not None
    allowed = re.fullmatch(pattern, f"https://{middle}.lovable.app") is not None
    is_labels = re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", middle) is not None
    assert allowed == is_labels
