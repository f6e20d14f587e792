"""Which part of a locator it is that finds nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from automation_service.profile import Locator
from automation_service.profile.locator import WAYS
from automation_service.profile.placeholder import fill_text

_NARROW = ("text", "starts", "named", "has")
_AROUND = ("frame", "within", "shadow")


def narrowings(at: Locator) -> list[Locator]:
    """What has to be found for `at` to be found, the widest first and itself last."""
    return list(_narrowings(at))


def told(counts: Sequence[tuple[Locator, int]], values: Mapping[str, str]) -> str:
    """A sentence about the first of them that finds nothing; empty if that tells no more.

    `counts` are narrowings of one locator, with how many elements each finds.
    """
    for (wider, count), (narrower, none) in pairwise(counts):
        if not count:
            return f"There is nothing at {_filled(wider, values)}."
        if not none:
            several = "1 element" if count == 1 else f"{count} elements"
            return (
                f"{_filled(wider, values)} finds {several}, {_filled(narrower, values)} finds none."
            )
    return ""


def _narrowings(at: Locator) -> Iterator[Locator]:
    for name in _AROUND:
        around: Locator | None = getattr(at, name)
        if around is not None:
            # A region is in the frame that the locator is in.
            own = around.frame or (at.frame if name != "frame" else None)
            yield from _narrowings(around.model_copy(update={"frame": own}))
    has_way = any(getattr(at, way) for way in WAYS)
    narrow = [name for name in _NARROW if getattr(at, name)]
    # Without another way a text is the way.
    kept = [] if has_way else [narrow.pop(0)]
    for count in range(len(narrow) + 1):
        left_out = dict.fromkeys(set(narrow[count:]) - set(kept))
        yield at.model_copy(update={**left_out, "unless": None})
    if at.unless is not None:
        yield at


def _filled(at: Locator, values: Mapping[str, str]) -> str:
    return fill_text(str(at), dict(values))
