"""What on a page looks like what was not found there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from automation_service.inspection.stage import Mark

_WORD = re.compile(r"[\w-]+")
_SAID_OF_IT = re.compile(r"\b(role|label|column|with|named|the text|beginning|in|that has)\b")
"""Words with which a locator tells how it looks, and not for what."""
ALIKE = 3
"""How many things that look alike are told."""


def alike(wanted: str, texts: Sequence[str]) -> list[str]:
    """Sentences about those of `texts`, each of which tells of an element, that come closest."""
    ranked = sorted(dict.fromkeys(texts), key=lambda text: _likeness(wanted, text), reverse=True)
    return [f"{wanted} looks like {text}" for text in ranked[:ALIKE]]


def wanted_in(fault: str) -> list[str]:
    """What a message says was looked for: "... nothing to use at #approve; the profile ..."."""
    _, at, rest = fault.partition(" at ")
    return [rest.partition(";")[0].rstrip(".")] if at else []


def absent_in(marks: Sequence[Mark]) -> list[str]:
    """Those that were looked for where nothing shows, of those that always have to be there."""
    names = {mark.name: mark for mark in marks}
    in_rows = {name for name in names if f"{name.rpartition('.')[0]}.row" in names}
    return [
        mark.locator
        for name, mark in names.items()
        if not mark.shown and (name not in in_rows or name.endswith((".row", ".ready")))
    ]


def _likeness(wanted: str, text: str) -> float:
    """How like each other they are word by word; what a locator says last counts most."""
    words = _WORD.findall(text.lower())
    said = wanted.partition(" unless ")[0].lower()
    last = _WORD.findall(_SAID_OF_IT.sub(" ", said))[-3:]
    ratios = [max((_ratio(one, word) for word in words), default=0.0) for one in last]
    return sum(ratio * (1 << place) for place, ratio in enumerate(ratios))


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()
