"""What a search is about: the portal that is met, who interferes, which safeguards are in place."""

from __future__ import annotations

from dataclasses import dataclass

from automation_service.profile import Reclick
from tests.model.safeguards import ALL_IN_PLACE, Safeguards


@dataclass(frozen=True)
class Case:
    """One world to search.

    `others` lists what somebody else may do to the batch, each once. `reviewed`: the batch was
    shown to a person before. `cancelled`: the caller may cancel. `retried`: a task that did not
    succeed may be followed by another on the same batch. `follows_idlers`: workers are followed
    even where the record would accept nothing of what they may still do. `attempts` is
    MAX_ATTEMPTS. Times are in ticks; `click_budget`, `takes_effect` and `is_shown` are C, D and A.
    """

    name: str
    history: bool = True
    reclick: Reclick = Reclick.AFTER_SETTLE
    others: tuple[str, ...] = ()
    reviewed: bool = False
    cancelled: bool = False
    retried: bool = False
    follows_idlers: bool = False
    attempts: int = 2
    click_budget: int = 1
    takes_effect: int = 1
    is_shown: int = 1
    safeguards: Safeguards = ALL_IN_PLACE

    @property
    def settle(self) -> int:
        """S: as long as a click may take to show, unless that safeguard is removed."""
        longest = self.takes_effect + self.is_shown
        return longest if self.safeguards.settle_long_enough else longest - 1
