"""Decisions: which of the items that were shown are to be worked on, as people name them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.errors import InvalidParams

Fault = dict[str, str]

_NUMBER_AT_ITS_END = re.compile(r"[0-9]+$")
_SHOWN_LENGTH = 60


@dataclass(frozen=True)
class Decision:
    """Which of the shown items to work on; `approve` None: all that are not rejected.

    An item goes by its key, or by the number that its key alone ends with: 7 is BATCH007.
    """

    approve: list[str] | None
    reject: list[str]

    def stored(self) -> dict[str, Any]:
        """As the record keeps it; the order in which items were named does not matter."""
        approve = "all" if self.approve is None else sorted(set(self.approve))
        return {"approve": approve, "reject": sorted(set(self.reject))}

    def about(self, keys: Sequence[str]) -> Decision:
        """The same with the keys that are meant. What means none of `keys` stays as it is."""
        meant = _Meaning(keys)
        approve = None if self.approve is None else [meant.of(name) for name in self.approve]
        return Decision(approve, [meant.of(name) for name in self.reject])

    def chosen_from(self, shown: Sequence[str]) -> list[str]:
        """The keys to work on. Raises InvalidParams for every name that decides nothing clearly."""
        approve, reject, known = self.approve or [], set(self.reject), set(shown)
        faults = [
            _fault(field, place, key, "was not shown; name what GET /result shows for a decision")
            for field, keys in (("approve", approve), ("reject", self.reject))
            for place, key in enumerate(keys)
            if key not in known
        ]
        faults += [
            _fault("approve", place, key, "is rejected too; name it once")
            for place, key in enumerate(approve)
            if key in known and key in reject
        ]
        if faults:
            more = f" ({len(faults) - 1} more in errors.)" if len(faults) > 1 else ""
            raise InvalidParams(faults[0]["detail"] + more, errors=list(faults))
        return approve if self.approve is not None else [key for key in shown if key not in reject]


class _Meaning:
    """What names mean. A number that several keys end with means none of them."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = set(keys)
        self._numbered: dict[int, list[str]] = {}
        for key in keys:
            number = _NUMBER_AT_ITS_END.search(key)
            if number is not None:
                self._numbered.setdefault(int(number[0]), []).append(key)

    def of(self, name: str) -> str:
        if name in self._keys or _NUMBER_AT_ITS_END.fullmatch(name) is None:
            return name
        meant = self._numbered.get(int(name), [])
        return meant[0] if len(meant) == 1 else name


def _fault(field: str, place: int, key: str, why: str) -> Fault:
    return {
        "pointer": f"#/{field}/{place}",
        "detail": f"{field}[{place}]: '{key[:_SHOWN_LENGTH]}' {why}.",
    }
