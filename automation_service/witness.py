"""Keeps what a page showed when something failed on it: a picture, and where the profile does not
match the page a report."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from automation_service.batch_page import BatchPage
from automation_service.evidence import EvidenceFolder, safe_name
from automation_service.inspection import Sight, Stage, report
from automation_service.inspection.likeness import absent_in, alike, wanted_in
from automation_service.inspection.marks import (
    Named,
    batch_marks,
    certificate_marks,
    listing_marks,
    login_marks,
    report_marks,
    step_marks,
)
from automation_service.portal import Portal
from automation_service.profile import Action, Profile
from automation_service.profile.sentences import step_sentence
from shared.contracts import Evidence, EvidenceKind
from shared.errors import AgentError, LoginRefused, ProfileInDoubt, ProfileMismatch

log = structlog.get_logger()

_TITLE = "What did not match the profile"


@dataclass(frozen=True)
class Place:
    """Where something failed: what a person calls it, and what the profile names there.

    `values` stand for the placeholders in that.
    """

    title: str
    marks: Named
    values: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_login(cls, profile: Profile) -> Place:
        """Logging in."""
        inside: Named = {"session.logged_in": (profile.session.logged_in, None)}
        return cls("Logging in", {**login_marks(profile), **inside})

    @classmethod
    def of_list(cls, profile: Profile) -> Place:
        """Listing what waits."""
        return cls("The list of batches that wait", listing_marks("pending", profile.pending))

    @classmethod
    def of_batch(cls, profile: Profile, key: str) -> Place:
        """Opening and reading a batch."""
        return cls(f"The page of batch {key}", batch_marks(profile), {"key": key})

    @classmethod
    def of_reports(cls, profile: Profile) -> Place:
        """Asking for a report."""
        return cls("The form for reports", report_marks(profile.reports) if profile.reports else {})

    @classmethod
    def of_certificates(cls, profile: Profile, key: str) -> Place:
        """Fetching a batch's certificates."""
        listed = profile.certificates
        marks = certificate_marks(listed) if listed else {}
        return cls(f"The certificates of batch {key}", marks, {"key": key})

    @classmethod
    def of_error(cls, error: AgentError, profile: Profile, key: str) -> Place:
        """Where an error comes from that ended the look at a batch: its page, or the login."""
        if isinstance(error, LoginRefused | ProfileInDoubt):
            return cls.of_login(profile)
        return cls.of_batch(profile, key)

    @classmethod
    def of_step(cls, page: BatchPage, name: str, action: Action) -> Place:
        """Taking a step of the action of that name."""
        step = action.steps[page.step - 1]
        title = f"Step {page.step} of {len(action.steps)} to {name}: {step_sentence(step)}"
        return cls(title, step_marks(action, page.step), page.values)


class Witness:
    """Sees for one task what went wrong in one portal."""

    def __init__(self, portal: Portal, evidence: EvidenceFolder) -> None:
        """See nothing yet."""
        self._portal = portal
        self._evidence = evidence
        self._began = time.monotonic()

    def look(self, place: Place) -> Sight:
        """See the page that is there, while it may stay."""
        return self._portal.inspection.look(place.marks, place.values)

    def keep(
        self,
        error: AgentError,
        place: Place,
        sight: Sight,
        key: str,
        attempt: int,
        *,
        is_last: bool = False,
    ) -> list[Evidence]:
        """Keep what was seen; what cannot be kept is only logged.

        `key` is the item's. There is a report where the profile does not match, or, in the last
        attempt, seems not to.
        """
        kept = []
        with self._trying("picture", key):
            kept.append(self._evidence.take(sight, EvidenceKind.ERROR, key, attempt))
        if isinstance(error, ProfileMismatch) or (is_last and isinstance(error, ProfileInDoubt)):
            with self._trying("report", key):
                kept.append(self._report(error, place, sight, key))
        return kept

    def _report(self, error: AgentError, place: Place, sight: Sight, key: str) -> Evidence:
        profile = self._portal.profile
        wanted = wanted_in(error.message) or absent_in(sight.marks)
        stage = Stage(
            place.title,
            marks=list(sight.marks),
            seconds=time.monotonic() - self._began,
            fault=error.message,
            alike=[told for one in wanted for told in alike(one, sight.elements)],
            picture=sight.shot,
        )
        text = self._portal.scrubbed(report(profile, [stage], self._portal.base_url, _TITLE))
        return self._evidence.keep(
            lambda into: into.write_text(text, encoding="utf-8", errors="replace"),
            f"{safe_name(key)}-no-match.html",
            "text/html",
        )

    @contextmanager
    def _trying(self, what: str, key: str) -> Iterator[None]:
        try:
            yield
        except AgentError as error:
            log.warning("nothing_kept_of_failure", missing=what, key=key, why=error.message)
