"""Two ways of doing the same, measured in turn, and how many times faster the first one is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

Measure = Callable[[], float]
"""Does a turn of work and gives how much of it was done a second."""

Tell = Callable[[str], None]


class BenchmarkBrokenError(Exception):
    """What was measured did not do its work, so its speed means nothing."""


@dataclass(frozen=True)
class Comparison:
    """What the rounds came to: `pairs` are (ours, reference), each in `unit`."""

    title: str
    goal: float
    unit: str
    pairs: Sequence[tuple[float, float]]
    notes: Sequence[str] = ()

    @property
    def ratios(self) -> list[float]:
        """How many times as fast ours was as the reference, round by round."""
        return [ours / reference for ours, reference in self.pairs]

    @property
    def ratio(self) -> float:
        """The ratio of the middle round."""
        return median(self.ratios)

    @property
    def ours(self) -> float:
        """Our speed in the middle round."""
        return median(ours for ours, _ in self.pairs)

    @property
    def reference(self) -> float:
        """The reference's speed in its middle round."""
        return median(reference for _, reference in self.pairs)


def in_turn(
    rounds: int, ours: Measure, reference: Measure, unit: str, tell: Tell
) -> list[tuple[float, float]]:
    """Measure both once a round, one right after the other, so that a busy machine hits both."""
    pairs = []
    for number in range(1, rounds + 1):
        pair = ours(), reference()
        pairs.append(pair)
        ratio = pair[0] / pair[1]
        tell(f"  round {number}: {pair[0]:.4g} against {pair[1]:.4g} {unit}, {ratio:.2f} times")
    return pairs
