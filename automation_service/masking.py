"""Pictures without secrets: password fields, and whatever else shows what we typed, are hidden.

Hidden and not blurred, so that not even the length can be told. The page is looked through right
before and right after a picture; one in which something appeared in between is thrown away.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from automation_service.devtools import DevToolsError, Tab
from shared.errors import AgentError
from shared.secrecy import SHORTEST, scrubber

_MASK = (Path(__file__).resolve().parent / "mask.js").read_text(encoding="utf-8").strip()


class Mask:
    """What one browser must not show."""

    def __init__(self) -> None:
        """Nothing that we typed is known yet."""
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
    def on(self, tab: Tab, patience: Callable[[], float]) -> Iterator[None]:
        """Let `tab` show nothing secret inside of this.

        `patience` tells how many seconds it may take to answer now. Raises DevToolsError, and what
        `patience` raises.
        """
        self._ask("putOn", tab, patience())
        try:
            yield
        except BaseException:
            with suppress(DevToolsError, AgentError):
                self._ask("takeOff", tab, patience())
            raise

    def taken_off(self, tab: Tab, patience: float) -> bool:
        """Show everything again; True if nothing secret was there to be seen. DevToolsError."""
        return self._ask("takeOff", tab, patience) is True

    def _ask(self, question: str, tab: Tab, patience: float) -> object:
        secrets = {
            "typed": self._secrets,
            "long": [secret for secret in self._secrets if len(secret) >= SHORTEST],
        }
        answer: object = tab.evaluate(f"({_MASK}).{question}({json.dumps(secrets)})", patience)
        return answer
