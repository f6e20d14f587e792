"""Pictures without secrets: password fields, and whatever else shows what we typed, are hidden.

Hidden and not blurred, so that not even the length can be told. The page is looked through right
before and right after a picture; one in which something appeared in between is thrown away.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from automation_service.devtools import DevToolsError, Tab
from shared.secrecy import SHORTEST, scrubber

_MASK = (Path(__file__).resolve().parent / "mask.js").read_text(encoding="utf-8").strip()


class Mask:
    """What one browser must not show."""

    def __init__(self, tab: Tab, patience: float) -> None:
        """`tab` is what pictures are taken of; `patience`: seconds it may take to answer."""
        self._tab = tab
        self._patience = patience
        self._secrets: list[str] = []

    def cover(self, secret: str) -> None:
        """Never show `secret` from here on, wherever the page may put it.

        One of fewer than six characters is covered only where a field holds exactly that.
        """
        if secret and secret not in self._secrets:
            self._secrets.append(secret)

    def scrubbed(self, text: str) -> str:
        """What a page says, without the secrets in it."""
        return scrubber(self._secrets)(text)

    @contextmanager
    def on(self) -> Iterator[None]:
        """Show nothing secret inside of this. Raises DevToolsError."""
        self._ask("putOn")
        try:
            yield
        except BaseException:
            with suppress(DevToolsError):
                self._ask("takeOff")
            raise

    def taken_off(self) -> bool:
        """Show everything again; True if nothing secret was there to be seen. DevToolsError."""
        return self._ask("takeOff") is True

    def _ask(self, question: str) -> object:
        secrets = {
            "typed": self._secrets,
            "long": [secret for secret in self._secrets if len(secret) >= SHORTEST],
        }
        answer: object = self._tab.evaluate(
            f"({_MASK}).{question}({json.dumps(secrets)})", self._patience
        )
        return answer
