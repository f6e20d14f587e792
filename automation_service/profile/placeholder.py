"""Placeholders: `{key}` and the like, which stand for what is known when the profile is used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from shared.errors import ProfileMismatch

_PLACEHOLDER = re.compile(r"\{([^\W\d][^{}]*)\}")

Place = tuple[int | str, ...]


def placeholders(text: str) -> list[str]:
    """The names of the placeholders in `text`, in their order."""
    return _PLACEHOLDER.findall(text)


def fill_path(path: str, values: dict[str, str]) -> str:
    """`path` with every placeholder filled in; no value can leave its place in the path.

    Raises ProfileMismatch for one that `values` does not know.
    """

    def filled(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise ProfileMismatch(f"Nobody found what {found[0]} in {path} stands for.")
        return quote(values[found[1]], safe="", errors="replace")

    return _PLACEHOLDER.sub(filled, path)


def fill_text(
    text: str, values: dict[str, str], quoted: Callable[[str], str] = lambda value: value
) -> str:
    """`text` with every known placeholder filled in, `quoted` for where it stands."""
    return _PLACEHOLDER.sub(
        lambda found: quoted(values[found[1]]) if found[1] in values else found[0], text
    )


def texts_in(content: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every text in nested mappings and lists, with its place."""
    if isinstance(content, str):
        yield place, content
    elif isinstance(content, dict):
        for name, value in content.items():
            yield from texts_in(value, (*place, name))
    elif isinstance(content, list):
        for number, value in enumerate(content):
            yield from texts_in(value, (*place, number))
