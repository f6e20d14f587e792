"""Which doorbells count as lost."""

from __future__ import annotations

from orchestrator_service.doorbell_watch import DoorbellWatch

PATIENCE = 3.0


def test_a_doorbell_that_nobody_answers_is_lost_when_patience_ends() -> None:
    """A broker that forgot everything, and slots that are free."""
    # Given two doorbells that wait
    watch = DoorbellWatch()
    assert watch.lost(["a", "b"], 100.0, PATIENCE) == []

    # When nothing is answered
    before = watch.lost(["a", "b"], 102.9, PATIENCE)
    after = watch.lost(["a", "b"], 103.0, PATIENCE)

    # Then both are lost, not before patience ends
    assert before == []
    assert after == ["a", "b"]


def test_a_long_line_that_moves_loses_nobody() -> None:
    """However long the last ones wait, they are answered in turn."""
    # Given a hundred doorbells rung at once
    watch = DoorbellWatch()
    line = [f"bell-{number}" for number in range(100)]

    # When one is answered every two seconds
    lost = [watch.lost(line[done:], 100.0 + 2 * done, PATIENCE) for done in range(100)]

    # Then none is given up
    assert lost == [[]] * 100


def test_a_doorbell_that_later_ones_overtake_is_lost() -> None:
    """Steady traffic must not hide that one was lost."""
    # Given a doorbell that waits, and another that rings five seconds after it
    watch = DoorbellWatch()
    watch.lost(["early", "next"], 100.0, PATIENCE)
    watch.lost(["early", "next"], 102.0, PATIENCE)
    watch.lost(["early", "late"], 104.0, PATIENCE)
    watch.lost(["early", "late"], 105.0, PATIENCE)

    # When the later one is answered
    lost = watch.lost(["early"], 106.0, PATIENCE)

    # Then the earlier one is lost
    assert lost == ["early"]


def test_doorbells_rung_together_may_be_answered_in_any_order() -> None:
    """Two workers pick them up at their own pace."""
    # Given two doorbells that rang within a second
    watch = DoorbellWatch()
    watch.lost(["first"], 100.0, PATIENCE)
    watch.lost(["first", "second"], 101.0, PATIENCE)

    # When the second is answered before the first
    lost = watch.lost(["first"], 102.0, PATIENCE)

    # Then the first is still waited for
    assert lost == []


def test_a_doorbell_given_up_does_not_count_as_answered() -> None:
    """Or giving up the old ones would lengthen the wait of the others."""
    # Given one doorbell given up while a newer one waits
    watch = DoorbellWatch()
    watch.lost(["old"], 100.0, PATIENCE)
    watch.lost(["old", "new"], 102.0, PATIENCE)
    assert watch.lost(["old", "new"], 103.0, PATIENCE) == ["old"]

    # When nobody answers the newer one either
    lost = watch.lost(["new"], 105.0, PATIENCE)

    # Then its own patience counts, from when it was first seen
    assert lost == ["new"]
