"""The blocks of docs/profile-tutorial.md, in order, and what a reader does with each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from launcher.environment import ROOT

TUTORIAL = ROOT / "docs" / "profile-tutorial.md"
_BLOCK = re.compile(r"^```(yaml|bash|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PART = re.compile(r"^(?=[a-z_]+:)", re.MULTILINE)
_ANYTHING = "…"
_DIFFERS = (
    (re.compile(r"\b[0-9]+\.[0-9]{2} s\b"), "0.00 s"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "an-id"),
    (re.compile(r"\bversion [0-9a-f]{12}\b"), "version 0"),
    (re.compile(r"http://127\.0\.0\.1:[0-9]+"), "an address"),
)
"""What is another on each machine or in each run, and what stands for it in comparing."""


@dataclass(frozen=True)
class Block:
    """Something to write into the profile (`yaml`), to type (`bash`), or to be told (`text`)."""

    kind: str
    text: str


def blocks() -> Iterator[Block]:
    """All of them, as they are written."""
    for kind, text in _BLOCK.findall(TUTORIAL.read_text(encoding="utf-8")):
        yield Block(kind, text)


def with_parts(profile: str, more: str) -> str:
    """The profile with these parts at its end, or in place of those it had by their names."""
    parts = _parts_of(profile)
    parts.update(_parts_of(more))
    return "".join(parts.values())


def is_as_told(told: str, output: str) -> bool:
    """True if the output is what the tutorial prints; a `…` there stands for anything."""
    pieces = [re.escape(piece) for piece in _plain(told).split(_ANYTHING)]
    return re.fullmatch(".*".join(pieces), _plain(output), re.DOTALL) is not None


def _parts_of(text: str) -> dict[str, str]:
    return {part.partition(":")[0]: part for part in _PART.split(text) if part}


def _plain(text: str) -> str:
    for differs, stands in _DIFFERS:
        text = differs.sub(stands, text)
    return text.strip()
