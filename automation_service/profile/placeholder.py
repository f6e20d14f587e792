"""Placeholders: `{key}` and the like, which stand for what is known when the profile is used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_PLACEHOLDER = re.compile(r"\{([^\W\d][^{}]*)\}")


def placeholders(text: str) -> list[str]:
    """The names of the placeholders in `text`, in their order."""
    return _PLACEHOLDER.findall(text)


def fill_in(text: str, values: dict[str, str], quoted: Any) -> str:
    """`text` with every placeholder that `values` knows replaced by `quoted(value)`."""

    def replacement(found: re.Match[str]) -> str:
        value = values.get(found[1])
        return found[0] if value is None else str(quoted(value))

    return _PLACEHOLDER.sub(replacement, text)


def texts_in(content: Any) -> Iterator[str]:
    """Every text in nested dicts and lists."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for value in content.values():
            yield from texts_in(value)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from texts_in(value)
