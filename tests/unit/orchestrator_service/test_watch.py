"""How long something has been silent, as far as whoever watches can tell."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from orchestrator_service import dispatcher
from orchestrator_service.dispatcher import Watch


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A monotonic clock that stands until it is set."""
    hands = SimpleNamespace(now=1000.0)
    hands.monotonic = lambda: hands.now
    monkeypatch.setattr(dispatcher, "time", hands)
    return hands


def test_silence_is_counted_from_the_first_look_at_the_same_sign(clock: SimpleNamespace) -> None:
    watch: Watch[str] = Watch(15)
    watch.silent_for({"a": 1})
    clock.now += 10
    watch.silent_for({"a": 1})
    clock.now += 10

    assert watch.silent_for({"a": 1, "b": 1}) == {"a": 20, "b": 0}
    assert watch.silent_for({"a": 2}) == {"a": 0}


def test_time_in_which_nobody_looked_counts_as_nobodys_silence(clock: SimpleNamespace) -> None:
    watch: Watch[str] = Watch(15)
    watch.silent_for({"a": 1})
    clock.now += 40

    assert watch.silent_for({"a": 1}) == {"a": 0}


def test_without_a_longest_gap_every_second_counts(clock: SimpleNamespace) -> None:
    watch: Watch[str] = Watch()
    watch.silent_for({"a": 1})
    clock.now += 40

    assert watch.silent_for({"a": 1}) == {"a": 40}
