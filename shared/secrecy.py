"""Keeping known secrets out of text, in whatever way they are spelled there."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""What is shorter is left alone inside of text: everything would be full of it, and nobody could
read what really happened."""

MASK = "***"


def scrubber(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function that puts a mask over each of these secrets in a text.

    As they are, and as they look in URLs, HTML and JSON.
    """
    spellings = {
        spelling
        for secret in secrets
        if len(secret) >= SHORTEST
        for spelling in (
            secret,
            quote(secret),
            quote(secret, safe=""),
            quote_plus(secret),
            html.escape(secret),
            json.dumps(secret)[1:-1],
        )
    }
    if not spellings:
        return lambda text: text
    longest_first = sorted(spellings, key=len, reverse=True)
    found = re.compile("|".join(re.escape(spelling) for spelling in longest_first))
    return lambda text: found.sub(MASK, text)


class KnownSecrets:
    """The secrets of a process, which may become more."""

    def __init__(self) -> None:
        """Know none."""
        self.replace([])

    def replace(self, secrets: Iterable[str]) -> None:
        """Know these and no others."""
        self._secrets = frozenset(secrets)
        self._scrub = scrubber(self._secrets)

    def add(self, secret: str) -> None:
        """Know this one too."""
        if secret not in self._secrets:
            self.replace([*self._secrets, secret])

    def mask(self, text: str) -> str:
        """The text with a mask over each of them."""
        return self._scrub(text)
