"""From what the portal shows to how an item ended: words and verdicts, nothing is touched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automation_service.judgement import Finding, bears, lines_of
from automation_service.profile import Action, Profile
from shared.contracts import (
    Attribution,
    Condition,
    Intent,
    ItemOutcome,
    LateFinding,
    Reading,
    Review,
    Verdict,
)
from shared.task_state import ItemStatus


class Conclusion:
    """Concludes on one action on batches of one portal, under one account."""

    def __init__(self, profile: Profile, action: Action, username: str) -> None:
        """`username` is whom the portal knows us as."""
        self._profile = profile
        self._action = action
        self._username = username

    def nothing_to_click(self, key: str, reading: Reading) -> ItemOutcome:
        """A batch that nobody of us clicked and to which it cannot be done."""
        if reading.condition is Condition.DONE:
            return ItemOutcome(
                ItemStatus.ALREADY_DONE,
                self._done_by_others(reading),
                reading,
                Attribution.SOMEBODY_ELSE,
                details=dict(reading.columns),
            )
        if reading.condition is Condition.MISSING:
            shown = f" It shows {reading.printed_key}." if reading.printed_key else ""
            return ItemOutcome(
                ItemStatus.NOT_FOUND, f"The portal has no batch {key}.{shown}", reading
            )
        return ItemOutcome(
            ItemStatus.REFUSED, _shows(reading), reading, details=dict(reading.columns)
        )

    def to_review(self, reading: Reading) -> ItemOutcome:
        """A batch to which it would be done, if somebody says so."""
        return ItemOutcome(
            ItemStatus.REVIEWED,
            f"The portal shows {reading.words!r}; it would be {self._action.done}.",
            reading,
            details=dict(reading.columns),
        )

    def not_offered(self, control: str, reading: Reading) -> ItemOutcome:
        """A batch whose status would allow it, on a page that offers no way to do it."""
        told = (
            f"{_shows(reading)} But it offers no way to {self._action.name.replace('_', ' ')} it: "
            f"nothing to use at {control}."
        )
        return ItemOutcome(ItemStatus.REFUSED, told, reading, details=dict(reading.columns))

    def changed(self, review: Review, reading: Reading) -> ItemOutcome:
        """A batch that is not any more what a person was shown."""
        then = {"status": review.words, **review.columns}
        now = {"status": reading.words, **reading.columns}
        differing = sorted(name for name in then | now if then.get(name) != now.get(name))
        return ItemOutcome(
            ItemStatus.REFUSED,
            f"Changed since review: {', '.join(differing)}.",
            reading,
            details={**reading.columns, "shown_for_review": then, "shown_now": now},
        )

    def refused(self, words: str, reading: Reading) -> ItemOutcome:
        """The portal said no to our click, and shows the batch as it was."""
        return ItemOutcome(
            ItemStatus.REFUSED,
            words,
            reading,
            verdict=Verdict.NOT_TAKEN,
            clicks=1,
            details=dict(reading.columns),
        )

    def unverified(
        self, why: str, reading: Reading, verdict: Verdict | None = None, **more: Any
    ) -> ItemOutcome:
        """It may or may not have happened: a human must look.

        Without a `verdict` the intents stay open, so that whoever comes next resolves them again.
        """
        return ItemOutcome(
            ItemStatus.UNVERIFIED,
            f"{why} Please look at the portal.",
            reading,
            Attribution.UNKNOWN,
            verdict,
            details=dict(reading.columns),
            **more,
        )

    def settled(
        self, finding: Finding, reading: Reading, intents: Sequence[Intent], clicks: int
    ) -> ItemOutcome:
        """A batch on which every one of `intents` is settled, other than as pending."""
        if finding is Finding.OURS:
            return self._ours(reading, intents, clicks)
        if finding is Finding.DONE:
            told = f"The portal shows {self._action.done} after our click."
            return self._outcome(
                ItemStatus.DONE, told, reading, clicks, Attribution.UNKNOWN, Verdict.UNKNOWN
            )
        if finding is Finding.SOMEBODY_ELSE:
            return self._outcome(
                ItemStatus.ALREADY_DONE,
                self._done_by_others(reading),
                reading,
                clicks,
                Attribution.SOMEBODY_ELSE,
                Verdict.NOT_TAKEN,
            )
        known = self._profile.batch_for(self._action).listed(reading.words) is not None
        if finding is Finding.MOVED_ON and known and self._profile.shows_marks(self._action):
            return self._outcome(
                ItemStatus.REFUSED, _shows(reading), reading, clicks, None, Verdict.NOT_TAKEN
            )
        shown = f"The batch is {finding.told(self._action)}"
        words = f": the portal shows {reading.words!r}." if reading.words else "."
        taken = tuple(intent.marker for intent in self._effective(reading, intents))
        return self.unverified(shown + words, reading, clicks=clicks, taken=taken)

    def late(self, finding: Finding, reading: Reading) -> LateFinding:
        """What a later look showed of a batch that was clicked, or may have been."""
        told = f"Read again later: the batch is {finding.told(self._action)}"
        words = f"; the portal shows {reading.words!r}." if reading.words else "."
        return LateFinding(told + words + self._others(reading), reading)

    def _ours(self, reading: Reading, intents: Sequence[Intent], clicks: int) -> ItemOutcome:
        effective = self._effective(reading, intents)
        earlier = "" if clicks else f" by the click of attempt {effective[0].attempt}"
        done = self._action.done.capitalize()
        return self._outcome(
            ItemStatus.DONE,
            f"{done} as {self._username}{earlier}.{self._others(reading)}",
            reading,
            clicks,
            Attribution.OURS,
            Verdict.NOT_TAKEN,
            taken=tuple(intent.marker for intent in effective),
        )

    def _outcome(
        self,
        status: ItemStatus,
        detail: str,
        reading: Reading,
        clicks: int,
        attribution: Attribution | None,
        verdict: Verdict,
        *,
        taken: tuple[str, ...] = (),
    ) -> ItemOutcome:
        return ItemOutcome(
            status,
            detail,
            reading,
            attribution,
            verdict,
            taken,
            clicks,
            dict(reading.columns),
        )

    def _effective(self, reading: Reading, intents: Sequence[Intent]) -> list[Intent]:
        return [intent for intent in intents if bears(reading, intent.marker, self._action)]

    def _done_by_others(self, reading: Reading) -> str:
        lines = lines_of(reading, self._action)
        if not lines:
            return f"The portal showed it as {self._action.done} already."
        who, when = lines[-1].who, lines[-1].when
        return f"{self._action.done.capitalize()} already by {who}, {when}."

    def _others(self, reading: Reading) -> str:
        """What more than one line of the history tells of this action."""
        lines = lines_of(reading, self._action)
        if len(lines) < 2:
            return ""
        return f" Its history shows that it was {self._action.done} {len(lines)} times."


def _shows(reading: Reading) -> str:
    return f"The portal shows the batch as {reading.words!r}."
